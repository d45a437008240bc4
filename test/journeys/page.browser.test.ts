import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Page } from "playwright-core";
import type { PageModel } from "../../src/core/page.js";
import type { Spell } from "../../src/core/uptime.js";
import { createTexts } from "../../src/texts.js";
import { createCopies } from "../../src/web/page/copies.js";
import { createFront } from "../../src/web/page/front.js";
import {
  findBrowser,
  findViolations,
  LOOKS,
  openContext,
  type Found,
  type Look,
} from "../support/browser.js";
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

const texts = createTexts();
let found: Found = { missing: "not looked for yet" };
beforeAll(async () => {
  found = await findBrowser();
}, 60_000);
afterAll(async () => {
  if ("browser" in found) await found.browser.close();
});

async function serve(model: PageModel): Promise<string> {
  const copies = createCopies({ texts: () => texts, site: () => SITE });
  await copies.publish(model, NOW);
  const front = createFront(copies);
  const server = createServer((req, res) => void (front(req, res) || res.writeHead(404).end()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

/** A tab, closed with the test; skips the test with a word where no browser can run. */
async function openPage(
  skip: (why: string) => never,
  look: Look,
  options: { readonly bypassCSP?: boolean } = {},
): Promise<Page> {
  if ("missing" in found) return skip(found.missing);
  const context = await openContext(found.browser, look, options);
  onTestFinished(() => context.close());
  return context.newPage();
}

const dayOf = (status: Spell["status"], day: number, minutes: number): Spell => ({
  status,
  since: minutesAgo(day * 1440),
  until: minutesAgo(day * 1440 - minutes),
});
const eventful = [
  dayOf("major_outage", 12, 95),
  dayOf("partial_outage", 30, 30),
  dayOf("degraded_performance", 22, 200),
  dayOf("under_maintenance", 40, 120),
  dayOf("unknown", 60, 300),
];
const outage = aModel({
  components: [
    aComponent("mail", { isGroup: true, watched: false, name: { en: "E-mail", hu: "Levelezés" } }),
    aComponent("mail1", { group: "mail", spells: eventful }),
    aComponent("mail2", { group: "mail", status: "major_outage" }),
    aComponent("web3", { status: "partial_outage" }),
    aComponent("web4", { status: "degraded_performance" }),
    aComponent("web5", { status: "under_maintenance" }),
    aComponent("web6", { unknownSince: minutesAgo(7) }),
  ],
  incidents: [
    anIncident("open", { nextUpdateAt: minutesAgo(1) }),
    anIncident("gone", {
      state: "resolved",
      openedAt: minutesAgo(3000),
      resolvedAt: minutesAgo(2900),
    }),
  ],
});

const worked = aModel({
  components: [aComponent("web3", { status: "under_maintenance" }), aComponent("mail2")],
  maintenances: [
    aMaintenance("now"),
    aMaintenance("soon", {
      title: { en: "New switch in the second rack", hu: "Új kapcsoló a második szekrényben" },
      state: "scheduled",
      startsAt: minutesAgo(-2_000),
      endsAt: minutesAgo(-2_060),
      startedAt: null,
      components: ["web3", "mail2"],
    }),
  ],
});

const PHONE: Look = { width: 390, scheme: "light" };
const states: readonly (readonly [name: string, model: PageModel])[] = [
  ["fine", aModel()],
  ["outage", outage],
  ["blind", aModel({ workerWordAt: minutesAgo(9) })],
  ["empty", aModel({ components: [] })],
  ["work", worked],
];

test("axe is awake: it finds text that cannot be read", async ({ skip }) => {
  const page = await openPage(skip, PHONE, { bypassCSP: true });
  await page.setContent(`<!doctype html><html lang="en"><title>x</title>
    <main><h1 style="color:#ddd;background:#fff">Hardly there</h1></main></html>`);
  expect((await findViolations(page)).join()).toContain("color-contrast");
});

describe.each(LOOKS)("at $width pixels in the $scheme", (look) => {
  test.for(states)(
    `the page is open to everybody: %s, ${look.width} ${look.scheme}`,
    async ([, model], { skip }) => {
      const page = await openPage(skip, look, { bypassCSP: true });
      const url = await serve(model);
      for (const path of [
        "/?lang=en",
        "/?lang=hu",
        "/history?lang=en",
        `/incidents/${idOf("open")}?lang=hu`,
        `/maintenance/${idOf("now")}?lang=hu`,
      ]) {
        const answer = await page.goto(url + path);
        if (answer?.status() === 404) continue;
        expect([path, ...(await findViolations(page))]).toEqual([path]);
        const sideways =
          "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect([path, await page.evaluate<number>(sideways)]).toEqual([path, 0]);
      }
    },
  );
});

test("a phone holds the page in every language, and the names of all of them", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  const url = await serve({ ...outage, site: { ...SITE, languages: texts.languages } });
  for (const language of texts.languages) {
    await page.goto(`${url}/?lang=${language}`);
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect([language, wide]).toEqual([language, PHONE.width]);
    expect(await page.locator("header nav a").count()).toBe(texts.languages.length);
  }
});

test("the page breaks no policy of its own and costs three requests", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(await serve(outage), { waitUntil: "networkidle" });
  expect(said).toEqual([]);
  expect(asked.length).toBeLessThanOrEqual(3);
});

test("each day of a component is reached by keyboard alone", async ({ skip }) => {
  const page = await openPage(skip, { width: 1280, scheme: "light" });
  await page.goto(`${await serve(outage)}/?lang=en`);
  const days = page.locator("#c-mail1 details ol");
  expect(await days.isVisible()).toBe(false);
  await page.locator("#c-mail1 summary").focus();
  await page.keyboard.press("Enter");
  expect(await days.isVisible()).toBe(true);
  expect(await days.innerText()).toContain("Down for 1 hour 35 minutes");
});

test("on a phone the days begin with today and scroll back", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  await page.goto(`${await serve(outage)}/?lang=en`);
  const bars = page.locator("#c-mail1 summary");
  const sizes = await bars.evaluate(({ scrollWidth, clientWidth, scrollLeft }) => ({
    hidden: scrollWidth - clientWidth,
    scrollLeft,
  }));
  expect(sizes.hidden).toBeGreaterThan(50);
  expect(sizes.scrollLeft).toBe(0);
  await bars.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => bars.evaluate(({ scrollLeft }) => scrollLeft)).toBeLessThan(0);
});

test("every state has a shape and a word of its own, not only a colour", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  await page.goto(`${await serve(outage)}/?lang=en`);
  const signs = await page
    .locator(".components .s")
    .evaluateAll((all) =>
      all.map((sign) => `${sign.querySelector("use")?.getAttribute("href")} ${sign.textContent}`),
    );
  expect(new Set(signs)).toEqual(
    new Set([
      "#ok Works",
      "#down Down",
      "#part Partly down",
      "#slow Slow or unreliable",
      "#work Planned work",
      "#dark Not seen since 11:11",
    ]),
  );
});

test("without its style the page still reads in order, with symbols of their size", async ({
  skip,
}) => {
  const page = await openPage(skip, PHONE);
  await page.route("**/*.css", (route) => route.abort());
  await page.goto(`${await serve(outage)}/?lang=en`);
  const text = await page.locator("main").innerText();
  expect(text).toMatch(/^\s*We know that sending mail from mail2 fails\./);
  expect(await page.locator("#c-mail2 .s svg").boundingBox()).toMatchObject({
    width: 16,
    height: 16,
  });
});
