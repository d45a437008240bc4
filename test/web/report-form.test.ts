import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { LANGUAGES } from "../../src/core/languages.js";
import { aComponent, aModel, anIncident, idOf, minutesAgo, SITE } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { aReading, idIn, serveReports, wordsOf } from "../support/report-site.js";

const FORM = "abcdefabcdef012345";
const PNG = await sharp({ create: { width: 9, height: 9, channels: 3, background: "#369" } })
  .png()
  .toBuffer();

const formOf = (values: Readonly<Record<string, string>>, ...pictures: readonly Buffer[]) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.append(name, value);
  for (const picture of pictures)
    form.append("pictures", new Blob([new Uint8Array(picture)]), "shot.png");
  return form;
};

const everyLanguage = aModel({ site: { ...SITE, languages: [...LANGUAGES] } });
const twoKnown = aModel({
  components: [
    aComponent("mail2", { name: { en: "mail2.example.hu" } }),
    aComponent("web3", { name: { en: "web3.example.hu" } }),
  ],
  incidents: [
    anIncident("mail"),
    anIncident("web", {
      title: { en: "Websites on web3 are slow", hu: "Lassú weboldalak: web3" },
      components: [{ id: "web3", status: "degraded_performance" }],
    }),
    anIncident("over", { state: "resolved", resolvedAt: minutesAgo(3), title: { en: "Gone" } }),
  ],
});

describe("the form", () => {
  test("speaks every language of the site, before any page was made too", async () => {
    const site = await serveReports({ model: everyLanguage });
    for (const language of LANGUAGES) {
      const { status, text, headers } = await site.get(`/report?lang=${language}`);
      expect([status, headers["content-language"]]).toEqual([200, language]);
      expect(text).toContain(`<html lang="${language}">`);
      expect(text).toContain(`action="/report?lang=${language}"`);
    }
    const early = await serveReports({ model: null });
    expect((await early.get("/report", { "accept-language": "en" })).text).toContain(
      "What does not work?",
    );
  });

  test("carries the policy of the pages and lets in its own script alone", async () => {
    const site = await serveReports();
    const { text, headers } = await site.get("/report");
    const policy = headers["content-security-policy"];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers["set-cookie"]).toBeUndefined();
    expect(text).not.toMatch(/<script(?! src="\/assets\/report\.)|<style|\sstyle=|\son[a-z]+=/);
    const script = /src="(\/assets\/report\.[^"]+\.js)"/.exec(text)?.[1] ?? "";
    const sent = await site.get(script);
    expect(sent.headers["cache-control"]).toContain("immutable");
    expect(sent.body.length).toBeLessThanOrEqual(5_000);
  });

  test("names what each field is for, and has a label for each", async () => {
    const { text } = await (await serveReports()).get("/report?lang=en");
    expect(text).toMatch(/name="email"[^>]*autocomplete="email"[^>]*inputmode="email"/);
    expect(text).toMatch(/name="name"[^>]*autocomplete="name"/);
    expect(text).toMatch(/name="pictures"[^>]*accept="image\/png,image\/jpeg,image\/webp"/);
    for (const [, id = ""] of text.matchAll(/<(?:input|textarea)[^>]* id="(\w+)"/g))
      expect(text).toContain(`<label for="${id}">`);
  });

  test("is reached from the public page in its language", async () => {
    const site = await serveReports();
    const { text } = await site.get("/?lang=hu");
    expect(text).toContain(`href="/report?lang=hu"`);
  });
});

describe("what is sent", () => {
  test("becomes plain lines in the customer's language, what happens first", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const sent = await site.post(
      "/report?lang=hu",
      formOf({
        form: FORM,
        choice: "mail.send",
        text: "Piros felkiáltójel van rajta.\r\nMinden gépen.",
        which: " anna@example.hu ",
        since: "today",
        sinceText: "fél kilenc óta",
        email: "anna@example.hu",
        name: "Kovács Anna",
        hear: "every",
      }),
    );
    expect(sent.status).toBe(303);
    const id = idIn(sent.headers.location);
    expect(sent.headers.location).toBe(`${site.links.reportPath(id)}?sent=1&lang=hu`);
    expect(await site.report(id)).toMatchObject({
      channel: "web",
      source: "web",
      text: [
        "Nem tudok e-mailt küldeni.",
        "Piros felkiáltójel van rajta.",
        "Minden gépen.",
        "Érintett: anna@example.hu",
        "Ma reggel óta.",
        "fél kilenc óta",
      ].join("\n"),
      from: "anna@example.hu",
      fromName: "Kovács Anna",
      contact: "anna@example.hu",
      contactProof: null,
      language: "hu",
      hear: "every",
      attachments: [],
      accountId: null,
    });
  });

  test.each<[name: string, values: Record<string, string>, text: string]>([
    ["a choice alone", { choice: "tls" }, "A warning says that the connection is not secure."],
    ["words alone", { text: "nothing works" }, "nothing works"],
    [
      "that they do not know",
      { choice: "other", since: "unknown" },
      "Something else, or I do not know.",
    ],
  ])("may be %s", async (_name, values, text) => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const sent = await site.post("/report?lang=en", formOf(values));
    expect(await site.report(idIn(sent.headers.location))).toMatchObject({
      text,
      contact: null,
      hear: "first-and-fixed",
    });
  });

  test("as a plain form without pictures is taken as well", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const sent = await site.post("/report?lang=en", { text: "nothing works" });
    expect((await site.report(idIn(sent.headers.location)))?.text).toBe("nothing works");
  });

  test("twice, at once or again, is one report; with other words it is another", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const send = (text: string) => site.post("/report?lang=en", formOf({ form: FORM, text }, PNG));
    const [one, two] = await Promise.all([send("it fails"), send("it fails")]);
    const three = await send("it fails");
    const other = await send("it fails, and so does the rest");
    const ids = [one, two, three, other].map(({ headers }) => idIn(headers.location));
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(new Set(ids).size).toBe(2);
    expect(await db("reports").pluck("id")).toHaveLength(2);
    expect(await db("attachments").where({ report_id: ids[0] })).toHaveLength(1);
  });

  test("is answered on the page it leads to, where it was read at once", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db, patient: true });
    const sending = site.post("/report?lang=en", formOf({ text: "it fails" }));
    const id = await expect
      .poll(async () => (await db("reports").pluck("id"))[0])
      .toBeDefined()
      .then(async () => String((await db("reports").pluck("id"))[0]));
    await site.read(id, aReading());
    site.intake.heard(id);
    const sent = await sending;
    const page = await site.get(sent.headers.location ?? "");
    expect(wordsOf(page.text)).toContain("A person looks at it.");
  });
});

describe("what is wrong", () => {
  test("is said at its field, the first has the focus, and all that was typed stays as text", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const hostile = `"><script>alert(1)</script>`;
    const sent = await site.post(
      "/report?lang=en",
      formOf(
        { form: FORM, which: hostile, email: `anna${hostile}`, name: hostile, since: "days" },
        PNG,
      ),
    );
    expect(sent.status).toBe(400);
    expect(sent.text).not.toContain("<script>alert");
    expect(sent.text).toContain(`<input type="hidden" name="form" value="${FORM}">`);
    expect(sent.text.split("&lt;script&gt;")).toHaveLength(4);
    expect(sent.text).toMatch(/name="since" value="days" checked/);
    expect(sent.text).toMatch(
      /id="email"[^>]*aria-describedby="email-hint email-mistake" aria-invalid="true"/,
    );
    expect(sent.text).toMatch(/id="choice-web\.down"[^>]* autofocus/);
    expect(sent.text.match(/autofocus/g)).toHaveLength(1);
    expect(sent.text).toContain("<title>Error: Tell us what does not work");
    const words = wordsOf(sent.text);
    expect(words).toContain("Please choose what happens, or describe it in your own words.");
    expect(words).toContain("This does not look like an e-mail address.");
    expect(words).toContain("Please choose the pictures again");
    expect(await db("reports").pluck("id")).toEqual([]);
  });

  test.each([
    ["which", 301],
    ["text", 10_001],
    ["sinceText", 201],
    ["name", 201],
    ["email", 255],
  ])("is that %s is too long", async (field, length) => {
    const site = await serveReports();
    const sent = await site.post(
      "/report?lang=en",
      formOf({ choice: "ftp", [field]: "x".repeat(length) }),
    );
    expect(sent.status).toBe(400);
    expect(wordsOf(sent.text)).toContain("This is longer than we can take");
  });

  test.each<[name: string, headers: Record<string, string>, status: number]>([
    ["another site's form", { "sec-fetch-site": "cross-site" }, 403],
    ["a neighbour's form", { "sec-fetch-site": "same-site" }, 403],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["an origin that hides", { origin: "null" }, 403],
    ["our own form", { "sec-fetch-site": "same-origin", origin: "https://status.example.hu" }, 303],
    ["our own form from an older browser", { origin: "https://status.example.hu" }, 303],
    ["whoever says nothing", {}, 303],
  ])("of %s is decided by where it comes from", async (_name, headers, status) => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const sent = await site.post("/report?lang=en", formOf({ text: "x" }), headers);
    expect(sent.status).toBe(status);
    expect(await db("reports").pluck("id")).toHaveLength(status === 303 ? 1 : 0);
  });

  test("with one address is too much only after dozens, which keep what was typed", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const send = (n: number, ip: string) =>
      site.post("/report?lang=en", { text: `attempt ${n}`, form: FORM }, { "x-forwarded-for": ip });
    // Already sent: the same again costs no waiting.
    for (let n = 0; n < 40; n += 1)
      await site.post(
        "/report?lang=en",
        { text: "x", form: FORM },
        { "x-forwarded-for": "192.0.2.7" },
      );
    const refused = await send(41, "192.0.2.7");
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("600");
    expect(refused.text).toContain(">attempt 41</textarea>");
    expect(wordsOf(refused.text)).toContain("Too many messages have come from your connection.");
    expect((await send(1, "192.0.2.8")).status).toBe(303);
  }, 60_000);
});

describe("without the database", () => {
  test("a report waits on disk once, its page says so, and its picture is to be added later", async () => {
    const site = await serveReports();
    const send = () => site.post("/report?lang=en", formOf({ form: FORM, text: "it fails" }, PNG));
    const sent = await send();
    expect(sent.status).toBe(303);
    expect(sent.headers.location).toContain("pictures=1-later");
    expect((await send()).headers.location).toBe(sent.headers.location);
    expect(readdirSync(site.folder)).toHaveLength(1);
    const page = await site.get(sent.headers.location ?? "");
    expect(page.status).toBe(200);
    const words = wordsOf(page.text);
    expect(words).toContain("We have your message.");
    expect(words).toMatch(/Your reference: [A-Z0-9]{3}-[A-Z0-9]{3}/);
    expect(words).toContain("Picture 1 could not be kept just now.");
    expect(page.text).toContain(`<meta http-equiv="refresh" content="5">`);
  }, 30_000);

  test("and without a disk the form keeps what was typed and asks to send it again", async () => {
    const { chmodSync, rmSync, writeFileSync } = await import("node:fs");
    const site = await serveReports();
    rmSync(site.folder, { recursive: true });
    writeFileSync(site.folder, "no folder");
    chmodSync(site.folder, 0o600);
    const sent = await site.post("/report?lang=en", { text: "it fails" });
    expect([sent.status, sent.headers["retry-after"]]).toEqual([503, "60"]);
    expect(sent.text).toContain(">it fails</textarea>");
    expect(wordsOf(sent.text)).toContain("We cannot take your message at this moment.");
  }, 30_000);
});

describe("a hostile form", () => {
  const BOUNDARY = "----x";
  const multipart = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  const part = (name: string, value: string, file = ""): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file && `; filename="${file}"`}\r\n\r\n${value}\r\n`;
  const end = `--${BOUNDARY}--\r\n`;
  const many = (count: number, make: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => make(n)).join("") + end;

  test.each<
    [name: string, body: () => string, headers: Record<string, string>, statuses: number[]]
  >([
    ["of 10,000 fields", () => many(10_000, (n) => part(`f${n}`, "x")), multipart, [400]],
    [
      "of 100,000 files",
      () => many(100_000, (n) => part("pictures", "x", `${n}.png`)),
      multipart,
      [400],
    ],
    ["with an endless field", () => part("text", "y".repeat(20_000_000)) + end, multipart, [400]],
    [
      "without a boundary",
      () => part("text", "x") + end,
      { "content-type": "multipart/form-data" },
      [400],
    ],
    ["with a boundary that never comes", () => "x".repeat(100_000), multipart, [400]],
    ["whose part has no end", () => part("text", "x"), multipart, [400]],
    ["of no known kind", () => `{"text":"x"}`, { "content-type": "application/json" }, [400]],
    ["of nothing", () => "", {}, [400]],
    [
      "with names of every object",
      () =>
        many(1, () => part("__proto__", "x") + part("constructor", "y") + part("toString", "z")),
      multipart,
      [400],
    ],
    ["of 40 MB", () => part("pictures", "z".repeat(40_000_000), "a.png") + end, multipart, [413]],
    [
      "with headers without end",
      () => `--${BOUNDARY}\r\n${"X-Y: z\r\n".repeat(50_000)}`,
      multipart,
      [400],
    ],
  ])(
    "%s ends in a clear word, and the next one is taken",
    async (_name, body, headers, statuses) => {
      const { db } = await freshDb();
      const site = await serveReports({ db });
      const before = process.memoryUsage().rss;
      const sent = await site.post("/report?lang=en", Buffer.from(body()), headers);
      expect(statuses).toContain(sent.status);
      expect(sent.text).toContain("<h1>");
      expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
      expect(Object.hasOwn(Object.prototype, "text")).toBe(false);
      expect((await site.post("/report?lang=en", { text: "it fails" })).status).toBe(303);
      expect(await db("reports").pluck("id")).toHaveLength(1);
    },
    30_000,
  );

  test("of chunks without end is cut off at the size we take", async () => {
    const site = await serveReports();
    const socket = connect(site.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `POST /report?lang=en HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: ${multipart["content-type"]}\r\n\r\n`,
    );
    const piece = "z".repeat(1_000_000);
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    let answer = "";
    socket.on("data", (bytes: Buffer) => (answer += bytes.toString()));
    socket.on("error", () => undefined);
    socket.write(
      chunk(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\n`,
      ),
    );
    for (let n = 0; n < 60 && answer === "" && !socket.destroyed; n += 1) {
      socket.write(chunk(piece));
      await pause(5);
    }
    await expect.poll(() => answer).toContain("413 Payload Too Large");
    socket.destroy();
  });

  test("that is broken off in the middle leaves nothing behind", async () => {
    const { db } = await freshDb();
    const site = await serveReports({ db });
    const socket = connect(site.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `POST /report HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\nContent-Type: ${multipart["content-type"]}\r\n\r\n` +
        part("text", "it fails") +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\n${"z".repeat(500_000)}`,
    );
    await pause(100);
    socket.destroy();
    await pause(100);
    expect(readdirSync(site.folder)).toEqual([]);
    expect(await db("reports").pluck("id")).toEqual([]);
    expect((await site.get("/report")).status).toBe(200);
  });
});

describe("what is known while somebody types", () => {
  const listed = (text: string): string[] =>
    [...text.matchAll(/href="\/incidents\/([a-z0-9]{12})/g)].map(([, id]) => id ?? "");

  test("is the same for whatever is typed; only the order and the emphasis follow the page's own words", async () => {
    const site = await serveReports({ model: twoKnown });
    const ask = async (which: string, what: string) =>
      (
        await site.get(
          `/report/known?${new URLSearchParams({ lang: "en", which, what }).toString()}`,
        )
      ).text;
    const all = new Set([idOf("mail"), idOf("web")]);
    const asked: [which: string, what: string][] = [
      ["", ""],
      ["customer.example", ""],
      ["anna@other.example", "mail.send"],
      ["web3.example.hu", "web.slow"],
      ["x".repeat(5_000), "__proto__"],
      ["<script>", "constructor"],
    ];
    for (const [which, what] of asked) expect(new Set(listed(await ask(which, what)))).toEqual(all);
    expect(await ask("customer.example", "")).toBe(await ask("nobody-knows.example", ""));
    expect(listed(await ask("", "mail.send"))[0]).toBe(idOf("mail"));
    expect(listed(await ask("web3.example.hu", ""))[0]).toBe(idOf("web"));
    expect((await ask("web3", "")).match(/This may be yours/g)).toHaveLength(1);
    expect(await ask("", "")).not.toContain("This may be yours");
  });

  test("is a small piece of page that is kept for seconds", async () => {
    const site = await serveReports({ model: twoKnown });
    const { text, headers } = await site.get("/report/known?lang=en&which=x&what=mail.send");
    expect(text).not.toMatch(/<html|<script/);
    expect(headers["cache-control"]).toBe("private, max-age=5");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
  });

  test("stands on the form itself for whoever has no script", async () => {
    const site = await serveReports({ model: twoKnown });
    const { text } = await site.get("/report?lang=en");
    expect(new Set(listed(text))).toEqual(new Set([idOf("mail"), idOf("web")]));
    const none = await serveReports();
    expect((await none.get("/report?lang=en")).text).not.toContain("We know about");
  });
});
