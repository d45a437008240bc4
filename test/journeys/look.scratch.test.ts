import { mkdirSync } from "node:fs";
import sharp from "sharp";
import { test } from "vitest";
import { findBrowser, LOOKS, openContext } from "../support/browser.js";
import { aComponent, aModel, anIncident, idOf, minutesAgo, NOW } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { aReading, anAnswer, anExtraction, idIn, serveReports } from "../support/report-site.js";

test("look", { timeout: 180_000 }, async () => {
  mkdirSync("/tmp/h9", { recursive: true });
  const found = await findBrowser();
  if ("missing" in found) throw new Error(found.missing);
  const { db } = await freshDb();
  const model = aModel({
    components: [aComponent("mail2", { status: "major_outage" }), aComponent("web3")],
    incidents: [anIncident("open"), anIncident("two", { title: { en: "Websites on web3 are slow", hu: "A web3 oldalai lassúak" }, components: [{ id: "web3", status: "degraded_performance" }], nextUpdateAt: minutesAgo(2) })],
  });
  const site = await serveReports({ db, model });
  await db.raw(`insert into incidents (id, cause_kind, cause_id, state, severity, title, public, opened_at, created_at, updated_at, next_update_at)
   values ('${idOf("open")}', 'host', 'mail2', 'identified', 'critical', ?::jsonb, true, ?, ?, ?, ?)`, [JSON.stringify(anIncident("open").title), minutesAgo(20), minutesAgo(20), minutesAgo(8), new Date(NOW.getTime() + 12 * 60000)]);
  for (const u of anIncident("open").updates)
    await db.raw(`insert into incident_updates (id, incident_id, at, state, public, by, text, affected) values (?, ?, ?, ?, true, 'engine', ?::jsonb, '[]')`, [u.id, idOf("open"), u.at, u.state, JSON.stringify(u.text)]);
  const picture = await sharp({ create: { width: 1600, height: 900, channels: 3, background: "#8899aa" } }).png().toBuffer();
  for (const lang of ["en", "hu"]) {
    const form = new FormData();
    form.set("form", `abcdefabcdef${lang}`);
    form.set("choice", "mail.send");
    form.set("text", lang === "hu" ? "A Thunderbird azt írja: a kapcsolat megszakadt.\n\nÚjraindítottam, nem segített." : "Thunderbird says: connection lost.\n\nI restarted it, no help.");
    form.set("which", "anna@example.hu");
    form.set("since", "today");
    form.set("email", "anna@example.hu");
    form.append("pictures", new Blob([picture], { type: "image/png" }), "a.png");
    form.append("pictures", new Blob(["x"], { type: "image/png" }), "b.png");
    const sent = await site.post(`/report?lang=${lang}`, form);
    const where = sent.headers.location ?? "";
    const id = idIn(where);
    const shots = async (name: string, path: string, looks = LOOKS, act?: (page: import("playwright-core").Page) => Promise<void>) => {
      for (const look of looks) {
        const context = await openContext(found.browser, look);
        const page = await context.newPage();
        await page.goto(site.url + path);
        await act?.(page);
        await page.screenshot({ path: `/tmp/h9/${name}-${lang}-${look.width}-${look.scheme}.png`, fullPage: true });
        await context.close();
      }
    };
    await shots("form", `/report?lang=${lang}`);
    await shots("typed", `/report?lang=${lang}`, LOOKS.slice(0, 1), async (page) => {
      await page.check("#choice-mail\\.send");
      await page.fill("#which", "mail2");
      await page.waitForTimeout(900);
    });
    await shots("wrong", `/report?lang=${lang}`, LOOKS.slice(0, 2), async (page) => {
      await page.fill("#email", "anna");
      await page.click(".send button");
      await page.waitForLoadState("load");
      await page.waitForTimeout(600);
    });
    await shots("offline", `/report?lang=${lang}`, LOOKS.slice(0, 1), async (page) => {
      await page.check("#choice-mail\\.send");
      await page.context().setOffline(true);
      await page.click(".send button");
      await page.waitForTimeout(600);
    });
    await shots("waiting", where, LOOKS.slice(0, 1));
    const report = await site.report(id);
    const text = report?.text ?? "";
    await site.read(id, aReading({ language: lang,
      extraction: anExtraction(text, { which: "anna@example.hu", since: lang === "hu" ? "Ma reggel óta" : "Since this morning" }),
      answer: anAnswer({ language: lang, text: "We already know about this: sending mail from mail2 fails. It began at 10:58; we have found the cause and are repairing it.\n\nYou need do nothing: we shall write when it is fixed." }),
      link: { id: idOf("open"), what: "incident", p: 0.98, reasons: [] } as never,
    }));
    site.clock.now = new Date(NOW.getTime() + 5 * 60000);
    await site.post(where.split("?")[0] ?? "", { act: "add", text: "A kolléganőmnél is.\nMásik gép.", id: `aaaaaaaaaaa${lang === "hu" ? 1 : 2}` });
    await shots("own", where);
    await site.post(where.split("?")[0] ?? "", { act: "works", id: `baaaaaaaaaa${lang === "hu" ? 1 : 2}` });
    await shots("closed", where, LOOKS.slice(0, 1));
    await shots("home", `/?lang=${lang}`, LOOKS.slice(0, 1));
    site.clock.now = NOW;
  }
  await found.browser.close();
});
