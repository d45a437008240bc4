import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import type { Message } from "../../src/notify/channel.js";
import { retryAfter } from "../../src/notify/outgoing.js";
import { webhook } from "../../src/notify/webhook.js";
import { message } from "../support/message.js";

const KEY = Buffer.from("0123456789abcdef0123456789abcdef");
const SECRET = `whsec_${KEY.toString("base64")}`;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function sink() {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`, calls };
}

const sendWith = (url: string, secret: string, one: Message) =>
  webhook.prepare({ url, secret }, { mail: null }).send(one, new AbortController().signal);

test("a webhook is a signed POST that says all of the incident", async () => {
  const { url, calls } = await sink();
  expect(await sendWith(url, SECRET, message())).toEqual({ sent: true, detail: "http-204" });
  const [call] = calls;
  expect(call).toMatchObject({ method: "POST", path: "/hook?x=1" });
  expect(call?.headers).toMatchObject({
    "content-type": "application/json",
    "webhook-id": "inc123abc456-upd123abc456",
    "user-agent": "Tudunk",
  });
  const { incident, site, url: page, text, headline, language } = message();
  expect(JSON.parse(call?.body ?? "")).toEqual({
    type: "incident.opened",
    timestamp: "2026-11-21T09:58:10.000Z",
    data: { incident, site, url: page, text, headline, language },
  });
});

test.each([
  ["a whsec_ secret", SECRET, new Webhook(SECRET)],
  [
    "a plain text",
    "a plain text of thirty letters",
    new Webhook("a plain text of thirty letters", { format: "raw" }),
  ],
  [
    "a text with accents",
    "árvíztűrő tükörfúrógép é",
    new Webhook(new Uint8Array(Buffer.from("árvíztűrő tükörfúrógép é")), { format: "raw" }),
  ],
])(
  "the signature of %s verifies with the library of receivers",
  async (_name, secret, verifier) => {
    const { url, calls } = await sink();
    await sendWith(url, secret, message());
    const [call] = calls;
    expect(verifier.verify(call?.body ?? "", call?.headers ?? {})).toMatchObject({
      type: "incident.opened",
    });
    expect(() => verifier.verify(`${call?.body} `, call?.headers ?? {})).toThrow(
      "No matching signature",
    );
  },
);

test("a retry carries the same id and body, and a stamp of its own", async () => {
  const { url, calls } = await sink();
  await sendWith(url, SECRET, message());
  await sendWith(url, SECRET, message());
  const [first, second] = calls;
  expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect(second?.body).toBe(first?.body);
  expect(Math.abs(Number(second?.headers["webhook-timestamp"]) * 1000 - Date.now())).toBeLessThan(
    5_000,
  );
});

test("a body that would be too long keeps the newest and says that it was cut", async () => {
  const { url, calls } = await sink();
  const updates = Array.from({ length: 400 }, (_, n) => ({
    id: `upd${String(n).padStart(9, "0")}`,
    at: new Date(Date.UTC(2026, 10, 21) + n * 1000).toISOString(),
    state: "investigating" as const,
    public: true,
    by: "engine",
    text: { en: "é".repeat(100), hu: "ő".repeat(100) },
  }));
  const evidence = Array.from({ length: 5_000 }, (_, n) => ({
    monitor: `monitor-${n}`,
    location: "here",
    since: "2026-11-21T10:00:00.000Z",
    until: null,
    reason: "timed-out-connect",
  }));
  expect(await sendWith(url, SECRET, message({}, { updates, evidence }))).toMatchObject({
    sent: true,
  });
  const body = calls[0]?.body ?? "";
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20_000);
  const { data }: { data: { truncated: boolean; incident: { updates: { id: string }[] } } } =
    JSON.parse(body);
  expect(data.truncated).toBe(true);
  expect(data.incident.updates.map(({ id }) => id)).toContain("upd000000399");
  expect(data.incident.updates.length).toBeLessThan(100);
});

test("even endless words fit into a body", async () => {
  const { url, calls } = await sink();
  const long = "ő".repeat(50_000);
  const one = message(
    { text: long, headline: long },
    {
      title: { en: long, hu: long },
      components: Array.from({ length: 2_000 }, (_, n) => ({
        id: `component-${n}`,
        status: "major_outage" as const,
      })),
    },
  );
  expect(await sendWith(url, SECRET, one)).toMatchObject({ sent: true });
  expect(Buffer.byteLength(calls[0]?.body ?? "")).toBeLessThanOrEqual(20_000);
});

test.each([
  ["a secret that is too short", { url: "https://x.example/", secret: "short" }],
  ["a whsec_ secret that is too short", { url: "https://x.example/", secret: "whsec_c2hvcnQ=" }],
  [
    "a whsec_ secret that is no base64",
    { url: "https://x.example/", secret: "whsec_not base64 at all, but long" },
  ],
  ["no secret", { url: "https://x.example/" }],
  ["an address of another kind", { url: "ftp://x.example/", secret: SECRET }],
  ["an address that is none", { url: "x.example", secret: SECRET }],
  ["a key nobody knows", { url: "https://x.example/", secret: SECRET, method: "GET" }],
])("webhook cannot be prepared with %s", (_name, settings) => {
  expect(() => webhook.prepare(settings, { mail: null })).toThrow(Error);
});

test("what cannot be prepared does not repeat the secret", () => {
  expect(() =>
    webhook.prepare({ url: "https://x.example/", secret: "hunter2" }, { mail: null }),
  ).toThrow(/^(?![\s\S]*hunter2)/);
});

const now = new Date("2026-11-21T10:00:00Z");
test.each<[string | undefined, number | null]>([
  [undefined, null],
  ["", null],
  ["0", 0],
  ["30", 30_000],
  [" 30 ", 30_000],
  ["86400", 3_600_000],
  ["-5", null],
  ["1.5", null],
  ["Sat, 21 Nov 2026 10:02:00 GMT", 120_000],
  ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
  ["Sat, 21 Nov 2099 09:00:00 GMT", 3_600_000],
  ["soon", null],
])("Retry-After %j means %j ms", (value, ms) => {
  expect(retryAfter(value, now)).toBe(ms);
});
