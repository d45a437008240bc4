import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { createReencoder } from "../../src/images/reencode.js";
import { createLog } from "../../src/log.js";

const log = createLog("silent");
const reencoder = createReencoder({ log });
afterAll(() => reencoder.stop());

const canvas = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 10, g: 120, b: 200 } } });

/** A PNG that says it is that large, and whose rows are all the same and pack to almost nothing. */
function bomb(width: number, height: number, rows: number): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.alloc((width + 1) * rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The checksum of PNG (ISO 3309). */
function crc32(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

test.each(["png", "jpeg", "webp"] as const)("a picture in %s becomes WebP", async (format) => {
  const made = await reencoder.reencode(await canvas(640, 480).toFormat(format).toBuffer());
  expect(made).toMatchObject({ ok: true, picture: { width: 640, height: 480 } });
  const webp = made.ok ? made.picture.webp : Buffer.alloc(0);
  expect((await sharp(webp).metadata()).format).toBe("webp");
});

test("a picture loses its place, its device and its colour profile, and stands as it was held", async () => {
  const photo = await canvas(600, 300)
    .withExif({
      IFD0: { Make: "Telephone", Orientation: "6" },
      IFD3: { GPSLatitude: "47/1 29/1 0/1", GPSLatitudeRef: "N" },
    })
    .withMetadata({ orientation: 6 })
    .withIccProfile("p3")
    .jpeg()
    .toBuffer();
  expect((await sharp(photo).metadata()).exif).toBeDefined();
  const made = await reencoder.reencode(photo);
  expect(made).toMatchObject({ ok: true, picture: { width: 300, height: 600 } });
  const { exif, icc, xmp, iptc, orientation } = await sharp(
    made.ok ? made.picture.webp : Buffer.alloc(0),
  ).metadata();
  expect({ exif, icc, xmp, iptc, orientation }).toEqual({
    exif: undefined,
    icc: undefined,
    xmp: undefined,
    iptc: undefined,
    orientation: undefined,
  });
});

test("a large picture is made at most 2000 pixels long", async () => {
  const made = await reencoder.reencode(await canvas(6000, 1500).png().toBuffer());
  expect(made).toMatchObject({ ok: true, picture: { width: 2000, height: 500 } });
});

test("of a picture that is also a page or a script, only the picture is left", async () => {
  const script = "<script>alert(1)</script><?php system('id'); ?>";
  const plain = await canvas(40, 40).png().toBuffer();
  for (const polyglot of [
    Buffer.concat([plain, Buffer.from(script)]),
    await canvas(40, 40)
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${script}</x:xmpmeta>`)
      .jpeg()
      .toBuffer(),
  ]) {
    const made = await reencoder.reencode(polyglot);
    expect(made.ok).toBe(true);
    expect((made.ok ? made.picture.webp : Buffer.alloc(0)).toString("latin1")).not.toContain(
      "script",
    );
  }
});

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>`;
const signed = (...bytes: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(bytes), Buffer.alloc(500)]);

test.each<[name: string, make: () => Promise<Buffer> | Buffer]>([
  ["an SVG", () => Buffer.from(SVG)],
  ["a GIF", () => canvas(9, 9).gif().toBuffer()],
  ["a TIFF", () => canvas(9, 9).tiff().toBuffer()],
  ["an AVIF, as HEIC is made", () => canvas(16, 16).avif().toBuffer()],
  ["a PDF", () => Buffer.from("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")],
  ["nothing", () => Buffer.alloc(0)],
  [
    "an SVG that says it is a PNG",
    () => Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.from(SVG)]),
  ],
  ["the beginning of a JPEG and nothing more", () => signed(0xff, 0xd8, 0xff, 0xe0)],
  ["a WebP without a picture", () => Buffer.from("RIFF\x10\0\0\0WEBPVP8 \0\0\0\0", "latin1")],
  [
    "a PNG that was cut off",
    async () => {
      const noise = sharp({
        create: {
          width: 300,
          height: 300,
          channels: 3,
          background: "#000",
          noise: { type: "gaussian", mean: 128, sigma: 60 },
        },
      });
      const whole = await noise.png().toBuffer();
      return whole.subarray(0, whole.length / 2);
    },
  ],
  ["a PNG of 65,000 × 65,000 pixels", () => bomb(65_000, 65_000, 50)],
  ["a PNG of 7000 × 7000 pixels, whole", () => bomb(7000, 7000, 7000)],
])("%s is refused, and the next picture is not", async (_name, make) => {
  expect(await reencoder.reencode(await make())).toEqual({ ok: false, why: "unreadable" });
  expect(await reencoder.reencode(await canvas(8, 8).png().toBuffer())).toMatchObject({ ok: true });
});

test("a picture that takes too long is given up", async () => {
  const impatient = createReencoder({ log, timeoutMs: 5 });
  onTestFinished(() => impatient.stop());
  const made = await impatient.reencode(await canvas(3000, 3000).png().toBuffer());
  expect(made).toEqual({ ok: false, why: "unreadable" });
});

test("a picture that waits when all ends is to be sent again", async () => {
  const ending = createReencoder({ log });
  const picture = await canvas(3000, 3000).png().toBuffer();
  const made = [ending.reencode(picture), ending.reencode(picture)];
  await ending.stop();
  expect(await Promise.all(made)).toEqual([
    { ok: false, why: "later" },
    { ok: false, why: "later" },
  ]);
});
