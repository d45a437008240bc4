import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRoom, readForm, type Room } from "../../src/web/report/form-body.js";

const TYPE = "multipart/form-data; boundary=abc";
const part = (name: string, value: string, file = ""): string =>
  `--abc\r\nContent-Disposition: form-data; name="${name}"${file && `; filename="${file}"`}\r\n\r\n${value}\r\n`;
const WHOLE = Buffer.from(
  `${part("text", "it fails")}${part("which", "example.hu")}${part("pictures", "x".repeat(300), "a.png")}--abc--\r\n`,
);

/** A request as far as it is read here. */
const asking = (body: readonly Buffer[], type = TYPE): IncomingMessage =>
  Object.assign(Readable.from(body), {
    headers: { "content-type": type },
    complete: true,
  }) as unknown as IncomingMessage;

const read = (body: readonly Buffer[], room: Room = createRoom(1_000_000), files = 4) =>
  readForm(asking(body), { room, files });

test("a form is read the same in however many pieces it comes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(WHOLE.length), { maxLength: 12 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), WHOLE.length];
      const pieces = at.slice(1).map((end, n) => WHOLE.subarray(at[n], end));
      const reading = await read(pieces);
      expect(reading).toMatchObject({ ok: true });
      if (!reading.ok) return;
      expect([...reading.posted.fields]).toEqual([
        ["text", "it fails"],
        ["which", "example.hu"],
      ]);
      expect(reading.posted.files).toMatchObject([{ name: "a.png", bytes: { length: 300 } }]);
    }),
    { numRuns: 300 },
  );
});

test("whatever comes ends in an answer, and gives back all the room it took", async () => {
  let taken = 0;
  const room: Room = {
    take: (bytes) => ((taken += bytes), true),
    give: (bytes) => (taken -= bytes),
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.uint8Array({ maxLength: 6 }), fc.nat(8)), {
        minLength: 1,
        maxLength: 6,
      }),
      async (changes) => {
        let body = WHOLE;
        for (const [at, bytes, gone] of changes)
          body = Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + gone)]);
        const reading = await read([body], room);
        if (reading.ok) reading.posted.release();
        expect(["", "malformed", "gone"]).toContain(reading.ok ? "" : reading.why);
        expect(taken).toBe(0);
      },
    ),
    { numRuns: 4_000 },
  );
}, 60_000);

test.each<[name: string, length: number, room: number, files: number, expected: object[]]>([
  ["beyond 8 MB is named as too large", 8 * 1024 * 1024 + 1, 1e9, 4, [{ refused: "large" }]],
  ["for which there is no room now is to come later", 5_000, 4_000, 4, [{ refused: "later" }]],
  ["more than wanted is one too many", 5_000, 1e9, 0, [{ refused: "many" }]],
])("a file %s, and the fields stay", async (_name, length, most, files, expected) => {
  const body = Buffer.from(
    `${part("text", "x")}${part("p", "y".repeat(length), "a.png")}--abc--\r\n`,
  );
  const reading = await read([body], createRoom(most), files);
  expect(reading.ok && reading.posted.files).toMatchObject(expected);
  expect(reading.ok && reading.posted.fields.get("text")).toBe("x");
});

test("of a field that comes twice the first counts, and one without an end is cut", async () => {
  const body = `${part("text", "one")}${part("text", "two")}${part("which", "z".repeat(70_000))}--abc--\r\n`;
  const reading = await read([Buffer.from(body)]);
  expect(reading.ok && reading.posted.fields.get("text")).toBe("one");
  expect(reading.ok && [...reading.posted.cut]).toEqual(["which"]);
});
