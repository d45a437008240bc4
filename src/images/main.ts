import sharp from "sharp";

/**
 * A process that reads one picture from standard input and writes it anew: 4 bytes width, 4 bytes
 * height (big-endian), then WebP. It ends with `UNREADABLE` for what is no picture we take. What a
 * decoder of foreign bytes might do stays in here.
 */
const UNREADABLE = 2;
const TOO_MUCH_MEMORY = 3;
const TOO_LATE = 4;

const PIXELS_MAX = 40_000_000;
const LONGEST = 2000;
const MEMORY_MAX = 400 * 1024 * 1024;
/** Whoever started us kills us sooner; this is for the case that they are gone. */
const LIFE_MS = 12_000;

// Nothing but these three formats is ever looked at, whatever a file says of itself.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadPng", "VipsForeignLoadJpeg", "VipsForeignLoadWebp"],
});
sharp.cache(false);
sharp.concurrency(1);

// Decoding runs beside this thread, which therefore sees memory grow.
setInterval(() => {
  if (process.memoryUsage.rss() > MEMORY_MAX) process.exit(TOO_MUCH_MEMORY);
}, 20).unref();
setTimeout(() => process.exit(TOO_LATE), LIFE_MS).unref();

const parts: Buffer[] = [];
process.stdin.on("data", (part: Buffer) => parts.push(part));
process.stdin.once("end", () => {
  rewrite(Buffer.concat(parts)).then(
    (bytes) => process.stdout.write(bytes),
    () => process.exit(UNREADABLE),
  );
});

/** Turned as the camera was held, at most 2000 pixels long, without any metadata. */
async function rewrite(picture: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(picture, {
    limitInputPixels: PIXELS_MAX,
    failOn: "error",
    sequentialRead: true,
    animated: false,
  })
    .autoOrient()
    .resize({ width: LONGEST, height: LONGEST, fit: "inside", withoutEnlargement: true })
    .webp({ quality: 85 })
    .toBuffer({ resolveWithObject: true });
  const size = Buffer.alloc(8);
  size.writeUInt32BE(info.width, 0);
  size.writeUInt32BE(info.height, 4);
  return Buffer.concat([size, data]);
}
