import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Reading } from "../../src/store/ticket-reading.js";
import {
  findBrowser,
  findViolations,
  LOOKS,
  openContext,
  type Found,
  type Look,
} from "../support/browser.js";
import { aComponent, aModel, anIncident, idOf, minutesAgo } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { anAnswer, anExtraction, idIn, serveReports } from "../support/report-site.js";

let found: Found = { missing: "not looked for yet" };
beforeAll(async () => {
  found = await findBrowser();
}, 60_000);
afterAll(async () => {
  if ("browser" in found) await found.browser.close();
});

const PHONE: Look = { width: 390, scheme: "light" };
const model = aModel({
  components: [aComponent("mail2", { status: "major_outage" }), aComponent("web3")],
  incidents: [
    anIncident("web", {
      title: { en: "Websites on web3 are slow", hu: "Lassú weboldalak: web3" },
      components: [{ id: "web3", status: "degraded_performance" }],
      nextUpdateAt: minutesAgo(1),
    }),
    anIncident("mail"),
  ],
});

async function openPage(
  skip: (why: string) => never,
  look: Look,
  options: { readonly bypassCSP?: boolean; readonly javaScriptEnabled?: boolean } = {},
): Promise<Page> {
  if ("missing" in found) return skip(found.missing);
  const context = await openContext(found.browser, look, options);
  onTestFinished(() => context.close());
  return context.newPage();
}

async function serve() {
  const { db } = await freshDb();
  return serveReports({ db, model });
}

/** Sends a report with a picture; the path of its page. */
async function sendOne(site: Awaited<ReturnType<typeof serve>>, language: string): Promise<string> {
  const form = new FormData();
  form.append("choice", "mail.send");
  form.append("text", "It says: connection lost.\n\nOn every device.");
  form.append("which", "anna@example.hu");
  form.append("since", "today");
  form.append("email", "anna@example.hu");
  const picture = await sharp({
    create: { width: 600, height: 300, channels: 3, background: "#8899aa" },
  })
    .png()
    .toBuffer();
  form.append("pictures", new Blob([new Uint8Array(picture)]), "shot.png");
  const sent = await site.post(`/report?lang=${language}`, form);
  return (sent.headers.location ?? "").split("?")[0] ?? "";
}

async function read(
  site: Awaited<ReturnType<typeof serve>>,
  path: string,
  reading: Partial<Reading> = {},
): Promise<void> {
  const id = idIn(path);
  const text = (await site.report(id))?.text ?? "";
  await site.read(id, {
    extraction: anExtraction(text, { which: "anna@example.hu", since: "connection lost" }),
    answer: anAnswer(),
    ...reading,
  });
}

describe.each(LOOKS)("at $width pixels in the $scheme", (look) => {
  test.for(["en", "hu"])(
    `reporting is open to everybody: %s, ${look.width} ${look.scheme}`,
    { timeout: 60_000 },
    async (language, { skip }) => {
      const page = await openPage(skip, look, { bypassCSP: true });
      const site = await serve();
      const path = await sendOne(site, language);
      const check = async (state: string): Promise<void> => {
        expect([state, ...(await findViolations(page))]).toEqual([state]);
        const sideways =
          "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect([state, await page.evaluate<number>(sideways)]).toEqual([state, 0]);
      };
      const see = async (state: string, at: string): Promise<void> => {
        await page.goto(site.url + at);
        await check(state);
      };
      const form = `/report?lang=${language}`;
      await see("form", form);
      await page.fill("#which", "mail2");
      await page.locator(".fits").waitFor();
      await check("typed");
      await page.fill("#email", "anna");
      await page.click(".send button");
      await page.locator("#choice-mistake").waitFor();
      await check("wrong");
      await page.goto(site.url + form);
      await page.context().setOffline(true);
      await page.click(".send button");
      await page.locator("#offline").waitFor({ state: "visible" });
      await check("offline");
      await page.context().setOffline(false);
      await see("waiting", `${path}?lang=${language}&pictures=1-unreadable`);
      await read(site, path);
      await see("read", `${path}?lang=${language}&said=saved`);
      await page.click("#understood summary");
      await check("correcting");
      await page.click("button[value=works]");
      await page.locator("button[value=takeBack]").waitFor();
      await check("closed");
      await see("confirming", `${site.links.confirmPath(idIn(path))}?lang=${language}`);
    },
  );
});

test("a report goes its whole way without any script", async ({ skip }) => {
  const page = await openPage(skip, PHONE, { javaScriptEnabled: false });
  const site = await serve();
  await page.goto(`${site.url}/?lang=en`);
  await page.click("footer a[href^='/report']");
  expect(await page.locator("#known").innerText()).toContain("Sending mail from mail2 fails");
  await page.fill("#email", "anna");
  await page.fill("#which", "example.hu");
  await page.click(".send button");
  expect(await page.locator(":focus").getAttribute("id")).toBe("choice-web.down");
  expect(await page.inputValue("#which")).toBe("example.hu");
  await page.locator("label", { hasText: "I cannot send e-mail" }).click();
  await page.fill("#email", "anna@example.hu");
  await page.click(".send button");
  await page.waitForURL(/\/report\/[a-z0-9]{12}\//);
  expect(await page.locator("h1").innerText()).toContain("We have your message.");
  await site.read(idIn(new URL(page.url()).pathname));
  await page.reload();
  await page.fill("#text", "It began after lunch.");
  await page.click("button[value=add]");
  expect(await page.locator("#messages").innerText()).toContain("It began after lunch.");
  await page.click("button[value=works]");
  expect(await page.locator("h1").innerText()).toContain("This is done.");
  await page.click("button[value=broken]");
  expect(await page.locator("h1").innerText()).toContain("We are looking into it.");
});

test("a page that waits shows the answer by itself as soon as there is one", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  const site = await serve();
  const path = await sendOne(site, "en");
  await page.goto(`${site.url}${path}?lang=en`);
  await read(site, path);
  await expect
    .poll(() => page.locator("main").innerText(), { timeout: 10_000 })
    .toContain("Thank you for telling us.");
});

test("a draft survives the tab, is offered with a way out, and is gone once it was sent", async ({
  skip,
}) => {
  const page = await openPage(skip, PHONE);
  const site = await serve();
  const form = `${site.url}/report?lang=en`;
  await page.goto(form);
  await page.locator("label", { hasText: "I cannot upload files by FTP" }).click();
  await page.fill("#text", "It stops at 40 %.");
  await page.waitForTimeout(500);
  await page.goto("about:blank");
  await page.goto(form);
  expect(await page.inputValue("#text")).toBe("It stops at 40 %.");
  expect(await page.isChecked("#choice-ftp")).toBe(true);
  expect(await page.isVisible("#draft")).toBe(true);
  await page.click("#draft button");
  await expect.poll(() => page.inputValue("#text")).toBe("");
  await page.fill("#text", "It stops at 41 %.");
  await page.click(".send button");
  await page.waitForURL(/sent=1/);
  await page.goto(form);
  expect(await page.inputValue("#text")).toBe("");
  expect(await page.isVisible("#draft")).toBe(false);
});

test("on a lost line nothing is lost, and the same form goes by hand when it is back", async ({
  skip,
}) => {
  const page = await openPage(skip, PHONE);
  const site = await serve();
  await page.goto(`${site.url}/report?lang=en`);
  await page.fill("#text", "It fails.");
  await page.setInputFiles("#pictures", {
    name: "shot.png",
    mimeType: "image/png",
    buffer: await sharp({ create: { width: 9, height: 9, channels: 3, background: "#123" } })
      .png()
      .toBuffer(),
  });
  await page.context().setOffline(true);
  await page.click(".send button");
  const offline = page.locator("#offline");
  await offline.waitFor({ state: "visible" });
  expect(await offline.evaluate((box) => box === box.ownerDocument.activeElement)).toBe(true);
  await page.context().setOffline(false);
  await offline.getByRole("button").click();
  await page.waitForURL(/sent=1/);
  expect(await site.db("attachments").pluck("width")).toEqual([9]);
});

test("what is known follows what is typed, and is said to whoever listens", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  const site = await serve();
  await page.goto(`${site.url}/report?lang=en`);
  const titles = (): Promise<string[]> => page.locator("#known li > a").allInnerTexts();
  expect(await titles()).toEqual(["Websites on web3 are slow", "Sending mail from mail2 fails"]);
  await page.locator("label", { hasText: "I cannot send e-mail" }).click();
  await page.locator(".fits").waitFor();
  expect(await titles()).toEqual(["Sending mail from mail2 fails", "Websites on web3 are slow"]);
  expect(await page.locator(".fits").innerText()).toContain("This may be yours");
  expect(await page.getAttribute("#known", "aria-live")).toBe("polite");
  expect(await page.getAttribute("#known li a", "href")).toBe(`/incidents/${idOf("mail")}?lang=en`);
});

test("a picture that is too large is named before it is sent", async ({ skip }) => {
  const page = await openPage(skip, PHONE);
  const site = await serve();
  await page.goto(`${site.url}/report?lang=en`);
  const large = { name: "b.png", mimeType: "image/png", buffer: Buffer.alloc(8 * 1024 * 1024 + 1) };
  await page.setInputFiles("#pictures", [{ ...large, buffer: Buffer.alloc(9) }, large]);
  expect(await page.innerText("#pictures-told")).toBe("Picture 2 is larger than 8 MB.");
});

test("the form is filled in and sent by keyboard alone", async ({ skip }) => {
  const page = await openPage(skip, { width: 1280, scheme: "light" });
  const site = await serve();
  await page.goto(`${site.url}/report?lang=en`);
  await page.focus("#which");
  await page.keyboard.type("example.hu");
  await page.keyboard.press("Tab");
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("ArrowDown");
  expect(await page.isChecked("#choice-mail\\.send")).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.type("since I updated");
  await page.focus("#email");
  await page.keyboard.press("Enter");
  await page.waitForURL(/sent=1/);
  expect((await site.report(idIn(new URL(page.url()).pathname)))?.text).toBe(
    "I cannot send e-mail.\nsince I updated\nIt is about: example.hu",
  );
});

test("reporting breaks no policy of its own, and its own pages tell no other site of them", async ({
  skip,
}) => {
  const page = await openPage(skip, PHONE);
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  const site = await serve();
  await page.goto(`${site.url}/report?lang=en`, { waitUntil: "networkidle" });
  await page.fill("#which", "mail2");
  await page.locator(".fits").waitFor();
  const path = await sendOne(site, "en");
  await read(site, path);
  await page.goto(site.url + path, { waitUntil: "networkidle" });
  const shot = page.locator(".shots img");
  expect(await shot.evaluate((img) => "naturalWidth" in img && img.naturalWidth)).toBe(600);
  expect(said).toEqual([]);
  const asked = page.waitForRequest((request) => request.url().endsWith("/?lang=en"));
  await page.click("header .site");
  expect((await (await asked).allHeaders())["referer"]).toBeUndefined();
});

test("the script is small enough for a bad line", () => {
  expect(readFileSync("views/assets/report.js").length).toBeLessThanOrEqual(5_000);
});
