import { once } from "node:events";
import { createServer, request, type IncomingHttpHeaders } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import type { PageModel } from "../../src/core/page.js";
import type { Spell } from "../../src/core/uptime.js";
import { createDb } from "../../src/store/db.js";
import { createTexts } from "../../src/texts.js";
import { createCopies, type Copies } from "../../src/web/page/copies.js";
import { createFront } from "../../src/web/page/front.js";
import { pageRoutes, sendErrorPage } from "../../src/web/page/routes.js";
import {
  aComponent,
  aMaintenance,
  aModel,
  anIncident,
  idOf,
  minutesAgo,
  NOW,
  SITE,
} from "../support/page-model.js";

const texts = createTexts({
  onMissing(key, language) {
    throw new Error(`no text for ${key} in ${language}`);
  },
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
type Get = (
  path: string,
  headers?: Readonly<Record<string, string>>,
  method?: string,
) => Promise<Answer>;

/** The page as it is served: the front, and Express behind it with a database that is away. */
async function serve(model: PageModel | null): Promise<{ get: Get; copies: Copies }> {
  const copies = createCopies({ texts: () => texts, site: () => SITE });
  if (model) await copies.publish(model, NOW);
  const db = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  const app = express().use(pageRoutes({ db: () => db, copies, now: () => NOW }));
  app.use((req, res) => sendErrorPage(copies, req, res, "not-found"));
  const front = createFront(copies);
  const server = createServer((req, res) => void (front(req, res) || app(req, res)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await db.destroy();
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const get: Get = async (path, headers = {}, method = "GET") => {
    const asking = request({ port, path, headers, method, agent: false }).end();
    const [answer] = await once(asking, "response");
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) };
  };
  return { get, copies };
}

const html = ({ headers, body }: Answer): string => {
  const coding = headers["content-encoding"];
  const plain =
    coding === "br" ? brotliDecompressSync(body) : coding === "gzip" ? gunzipSync(body) : body;
  return plain.toString();
};
/** What a reader sees, without the markup. */
const words = (answer: Answer): string =>
  html(answer)
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");

const broken = aModel({
  components: [
    aComponent("mail2", { status: "major_outage" }),
    aComponent("dns", { name: { en: "Name servers", hu: "Névkiszolgálók" } }),
  ],
  incidents: [anIncident("open"), anIncident("merged", { mergedInto: idOf("open") })],
});

test.each<[name: string, path: string, headers: Record<string, string>, language: string]>([
  ["the first language by default", "/", {}, "hu"],
  ["what the browser prefers", "/", { "accept-language": "de, en-GB;q=0.8, hu;q=0.7" }, "en"],
  ["?lang= before the browser", "/?lang=en", { "accept-language": "hu" }, "en"],
  ["the first language for one it does not speak", "/?lang=xx", { "accept-language": "en" }, "hu"],
  ["never a language of quality 0", "/", { "accept-language": "en;q=0" }, "hu"],
])("front: a reader gets %s", async (_name, path, headers, language) => {
  const { get } = await serve(broken);
  const answer = await get(path, headers);
  expect(answer.headers["content-language"]).toBe(language);
  expect(html(answer)).toContain(`<html lang="${language}">`);
});

test.each<[accept: string, encoding: string | undefined]>([
  ["gzip, deflate, br", "br"],
  ["gzip", "gzip"],
  ["br;q=0.2, gzip;q=0.8", "gzip"],
  ["br;q=0, gzip;q=0", undefined],
  ["*", "br"],
  ["", undefined],
])("front: to %j it answers in %s", async (accept, encoding) => {
  const { get } = await serve(broken);
  const answer = await get("/?lang=en", { "accept-encoding": accept });
  expect(answer.headers["content-encoding"]).toBe(encoding);
  expect(answer.headers.vary).toBe("Accept-Encoding, Accept-Language");
  expect(answer.body.length).toBe(Number(answer.headers["content-length"]));
  expect(words(answer)).toContain("We know that sending mail from mail2 fails.");
});

test("front: each variant has a strong tag of its own, and 304 for whoever has it", async () => {
  const { get } = await serve(broken);
  const plain = await get("/?lang=en");
  const small = await get("/?lang=en", { "accept-encoding": "br" });
  const other = await get("/?lang=hu");
  const tags = [plain, small, other].map(({ headers }) => headers.etag ?? "");
  expect(new Set(tags).size).toBe(3);
  for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/);
  const again = await get("/?lang=en", { "if-none-match": `"old", ${tags[0]}` });
  expect(again.status).toBe(304);
  expect(again.body).toHaveLength(0);
  expect(again.headers).toMatchObject({ etag: tags[0], vary: plain.headers.vary });
  expect((await get("/?lang=en", { "if-none-match": `${tags[1]}` })).status).toBe(200);
});

test.each([
  "/",
  `/incidents/${idOf("open")}`,
  "/history",
  "/api/v2/summary.json",
  "/api/v2/status.json",
])("front: HEAD %s answers like GET, without the body", async (path) => {
  const { get } = await serve(broken);
  const [whole, head] = [await get(path), await get(path, {}, "HEAD")];
  const { date: _ours, ...headers } = whole.headers;
  expect(head).toMatchObject({ status: 200, headers });
  expect(head.body).toHaveLength(0);
});

test("front: pages allow no script, no foreign style and no frame", async () => {
  const { get } = await serve(broken);
  for (const path of ["/", `/incidents/${idOf("open")}`, "/history", "/nowhere"]) {
    const answer = await get(path);
    const policy = answer.headers["content-security-policy"];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "strict-origin-when-cross-origin",
    });
    expect(html(answer)).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/);
  }
});

test("front: style and icon are named by what is in them, and kept for ever", async () => {
  const { get } = await serve(broken);
  const page = html(await get("/"));
  const paths = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
    ([, path]) => path ?? "",
  );
  expect(paths).toHaveLength(2);
  for (const path of paths) {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toContain("immutable");
  }
  expect((await get("/assets/page.000000000000.css")).status).toBe(404);
});

/** Fifty components, each in trouble a few times. */
function fifty(troubles: (index: number) => number): PageModel {
  const states = ["major_outage", "partial_outage", "degraded_performance", "unknown"] as const;
  const components = Array.from({ length: 50 }, (_, index) => {
    const spells: Spell[] = states.slice(0, troubles(index)).map((status, nth) => {
      const since = minutesAgo(1440 * (3 + ((index * 7 + nth * 23) % 85)));
      return { status, since, until: new Date(since.getTime() + 60_000 * (7 + index)) };
    });
    return aComponent(`web${index}`, { name: { en: `web${index}.example.hu` }, spells });
  });
  return aModel({ components });
}

test.each<[name: string, model: PageModel, encoding: string]>([
  ["after quiet months, even unpacked", fifty(() => 0), "identity"],
  ["after a hundred troubles", fifty((index) => index % 5), "br"],
  ["after two hundred troubles", fifty(() => 4), "gzip"],
])(
  "front: fifty components weigh at most 30 KB in three requests %s",
  async (_name, model, encoding) => {
    const { get } = await serve(model);
    const assets = [...html(await get("/?lang=en")).matchAll(/="(\/assets\/[^"]+)"/g)];
    const paths = ["/?lang=en", ...assets.map(([, path]) => path ?? "")];
    expect(paths).toHaveLength(3);
    const answers = await Promise.all(
      paths.map((path) => get(path, { "accept-encoding": encoding })),
    );
    const bytes = answers.reduce((sum, { body }) => sum + body.length, 0);
    expect(bytes).toBeLessThanOrEqual(30_000);
  },
);

test("front: each day of a component has its text, with the incident to read", async () => {
  const spells: Spell[] = [
    { status: "major_outage", since: minutesAgo(3 * 1440), until: minutesAgo(3 * 1440 - 125) },
    { status: "unknown", since: minutesAgo(9 * 1440), until: minutesAgo(9 * 1440 - 90) },
  ];
  const gone = anIncident("gone", {
    state: "resolved",
    openedAt: minutesAgo(3 * 1440),
    resolvedAt: minutesAgo(3 * 1440 - 125),
    components: [{ id: "web3", status: "operational" }],
  });
  const model = aModel({ components: [aComponent("web3", { spells })], incidents: [gone] });
  const { get } = await serve(model);
  const page = html(await get("/?lang=en"));
  const list = /<ol>(.*?)<\/ol>/s.exec(page)?.[1] ?? "";
  expect(
    list
      .split("<li>")
      .slice(1)
      .map((line) => line.replaceAll(/<[^>]+>/g, "")),
  ).toEqual([
    "19 – 21 Nov Works",
    "18 Nov Down for 2 hours 5 minutes",
    "13 – 17 Nov Works",
    "12 Nov Not seen for 1 hour 30 minutes",
    "24 Aug – 11 Nov Works",
  ]);
  expect(list).toContain(
    `<a href="/incidents/${idOf("gone")}?lang=en">Down for 2 hours 5 minutes</a>`,
  );
});

test.each<[name: string, model: Partial<PageModel>, en: string[], hu: string[]]>([
  ["everything works", {}, ["Everything works."], ["Minden működik."]],
  [
    "nothing is watched yet",
    { components: [] },
    ["Nothing is watched here yet.", "tudunk.example.yaml"],
    ["Itt még nem figyelünk semmit.", "tudunk.example.yaml"],
  ],
  [
    "one incident is open",
    broken,
    [
      "We know that sending mail from mail2 fails.",
      "We have been fixing it since 11:10.",
      "Next word by 11:30.",
      "Everything else works.",
      "20 minutes ago",
    ],
    [
      "11:10 óta dolgozunk a javításon.",
      "legkésőbb 11:30-ig",
      "Minden más működik.",
      "20 perccel ezelőtt",
    ],
  ],
  [
    "a promise was missed",
    { ...broken, incidents: [anIncident("open", { nextUpdateAt: minutesAgo(1) })] },
    ["We promised word by 11:17 and are late."],
    ["11:17-ig ígértünk új tájékoztatást, és késünk vele."],
  ],
  [
    "we cannot see",
    { workerWordAt: minutesAgo(20) },
    [
      "We cannot see at the moment whether everything works.",
      "since 10:58",
      "Not seen since 10:58",
    ],
    ["Most nem látjuk, hogy minden működik-e.", "10:58 óta nem látjuk"],
  ],
  [
    "the database is away",
    { ...broken, asOf: minutesAgo(2) },
    ["This is what we knew at 11:16."],
    ["A közölt állapot ekkori: 11:16."],
  ],
])("the page says it when %s", async (_name, model, en, hu) => {
  const { get } = await serve(aModel(model));
  const [english, hungarian] = [words(await get("/?lang=en")), words(await get("/?lang=hu"))];
  for (const sentence of en) expect(english).toContain(sentence);
  for (const sentence of hu) expect(hungarian).toContain(sentence);
});

test("the tab says the state by title and icon", async () => {
  const { get } = await serve(broken);
  const page = html(await get("/?lang=en"));
  expect(page).toContain("<title>Down – Gyümölcstárhely</title>");
  expect(page).toMatch(/rel="icon"[^>]+href="\/assets\/down\.[\w-]+\.svg"/);
});

test("the tab does not call fine what is still being watched", async () => {
  const watched = anIncident("open", {
    state: "monitoring",
    monitoringAt: minutesAgo(2),
    components: [],
  });
  const { get } = await serve(aModel({ incidents: [watched] }));
  const page = html(await get("/?lang=en"));
  expect(page).toContain("<title>Fixed, being watched – Gyümölcstárhely</title>");
  expect(page).toContain("It should work again. We are watching it.");
});

test("names and words of others are shown as text, never as markup", async () => {
  const hostile = `<img src=x onerror="alert(1)">'"&`;
  const { get } = await serve(
    aModel({
      site: { ...SITE, name: hostile, support: { email: `a"b<c@example.hu`, phone: `"><b>1` } },
      components: [aComponent("web3", { name: { en: hostile }, description: { en: hostile } })],
      incidents: [anIncident("open", { title: { en: hostile } })],
    }),
  );
  for (const path of [
    "/?lang=en",
    `/incidents/${idOf("open")}?lang=en`,
    "/history?lang=en",
    "/nowhere",
  ]) {
    const page = html(await get(path));
    expect(page).not.toMatch(/<img|<b>1/);
    expect(page).toContain("&lt;img src=x onerror=&#34;alert(1)&#34;&gt;");
  }
});

test("an incident has its page, a merged one leads to the other, and a strange one to a designed 404", async () => {
  const { get } = await serve(broken);
  const own = await get(`/incidents/${idOf("open")}?lang=en`);
  expect(words(own)).toMatch(/Cause found.*A disk of mail2 is full.*Looking for the cause/);
  expect(html(own)).toContain(`<time datetime="2026-11-21T10:58:00+01:00">10:58</time>`);
  const moved = await get(`/incidents/${idOf("merged")}?lang=en`);
  expect([moved.status, moved.headers.location]).toEqual([
    302,
    `/incidents/${idOf("open")}?lang=en`,
  ]);
  for (const path of ["/incidents/x", "/nowhere?lang=en"]) {
    const lost = await get(path, { "accept-language": "en" });
    expect(lost.status).toBe(404);
    expect(words(lost)).toContain("There is no such page");
  }
});

test("without the database old incidents say to wait, and the page itself stays", async () => {
  const { get } = await serve(broken);
  const old = await get("/incidents/zzzzzzzzzzzz?lang=en");
  expect([old.status, old.headers["retry-after"]]).toEqual([503, "10"]);
  expect((await get("/?lang=en")).status).toBe(200);
});

test("before the first page readers are asked to wait, and nothing is called operational", async () => {
  const { get } = await serve(null);
  expect((await get("/")).status).toBe(503);
  expect((await get("/api/v2/status.json")).status).toBe(503);
});

test("v2 routes are JSON for everybody, with a weak tag and a short cache, also after two slashes", async () => {
  const { get } = await serve(broken);
  for (const name of ["summary", "status"]) {
    const answer = await get(`//api/v2/${name}.json`);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "access-control-allow-origin": "*",
      "cache-control": expect.stringContaining("max-age=10"),
      etag: expect.stringMatching(/^W\/"/),
    });
    expect(JSON.parse(html(answer))).toMatchObject({ status: { indicator: "critical" } });
    const tag = answer.headers.etag ?? "";
    expect((await get(`/api/v2/${name}.json`, { "if-none-match": tag })).status).toBe(304);
  }
});

test("a thousand readers at once cost one rendering of an incident", async () => {
  const { copies } = await serve(broken);
  const incident = broken.incidents[0] ?? anIncident("open");
  const made = await Promise.all(
    Array.from({ length: 1000 }, () => copies.incident(incident, "en")),
  );
  expect(new Set(made).size).toBe(1);
});

test("a page that reads the same keeps its tag when it is published again", async () => {
  const { copies } = await serve(broken);
  const before = copies.home("en");
  await copies.publish({ ...broken }, NOW);
  expect(copies.home("en")).toBe(before);
  await copies.publish(broken, new Date(NOW.getTime() + 60_000));
  expect(copies.home("en")?.br.etag).not.toBe(before?.br.etag);
});

test("the page names how much more is affected than its first sentence says", async () => {
  const components = [
    aComponent("mail2", { status: "major_outage" }),
    aComponent("web3", { status: "partial_outage" }),
    aComponent("web4", { unknownSince: minutesAgo(7) }),
    aComponent("web5"),
  ];
  const { get } = await serve(aModel({ components, incidents: [anIncident("open")] }));
  const page = words(await get("/?lang=en"));
  expect(page).toContain("One more service is affected, see below.");
  expect(page).toContain("We have not been able to see this since 11:11: web4.");
  expect(page).not.toContain("Everything else works.");
});

test("planned work stands on the page with its time, and what goes on leads the sentence", async () => {
  const worked = aComponent("web3", { status: "under_maintenance" });
  const { get } = await serve(
    aModel({
      components: [worked, aComponent("mail2")],
      maintenances: [
        aMaintenance("now"),
        aMaintenance("soon", {
          title: { en: "New switch" },
          state: "scheduled",
          startsAt: minutesAgo(-2_000),
          endsAt: minutesAgo(-2_060),
          startedAt: null,
        }),
        aMaintenance("past", {
          title: { en: "Old work" },
          state: "completed",
          endedAt: minutesAgo(60),
        }),
      ],
    }),
  );
  const page = (await get("/?lang=en")).body.toString();
  expect(page).toContain("Planned work is under way: web3.");
  expect(page).toContain("It should be over by 11:58.");
  expect(page).toContain("10:58–11:58");
  expect(page.indexOf("Kernel update on web3")).toBeLessThan(page.indexOf("New switch"));
  expect(page).toContain("22 November, 20:38–21:38");
  expect(page).not.toContain("Old work");
  const own = (await get(`/maintenance/${idOf("past")}?lang=en`)).body.toString();
  expect(own).toContain("Old work");
  expect(own).toContain("The work has begun.");
  expect((await get("/maintenance/zzzzzzzzzzzz")).status).toBe(503);
  const summary = JSON.parse((await get("/api/v2/summary.json")).body.toString());
  expect(summary.status).toEqual({
    indicator: "maintenance",
    description: "Service Under Maintenance",
  });
  expect(summary.scheduled_maintenances).toMatchObject([
    {
      id: idOf("now"),
      status: "in_progress",
      impact: "maintenance",
      scheduled_for: "2026-11-21T10:58:00.000+01:00",
      scheduled_until: "2026-11-21T11:58:00.000+01:00",
      components: [{ name: "web3" }],
    },
    { id: idOf("soon"), status: "scheduled" },
  ]);
});

test("work whose time has come is shown so, also where nobody could store it", async () => {
  const { get } = await serve(
    aModel({ maintenances: [aMaintenance("now", { state: "scheduled", startedAt: null })] }),
  );
  expect((await get("/?lang=en")).body.toString()).toContain("Under way");
});
