import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { forgetAttachments } from "../../src/store/attachments.js";
import type { Db } from "../../src/store/db.js";
import { keepReport } from "../../src/store/reports.js";
import type { Reading } from "../../src/store/ticket-reading.js";
import { aComponent, aModel, idOf, minutesAgo, NOW } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { anAnswer, anExtraction, serveReports, wordsOf } from "../support/report-site.js";
import { newId } from "../support/watched.js";

const TEXT = "I cannot send e-mail.\nIt is about: anna@example.hu\nSince this morning.";
const model = aModel({ components: [aComponent("mail2", { status: "major_outage" })] });

/** A site with one report, read or not, and the address of its page. */
async function written({
  reading = {},
  text = TEXT,
  contact = "anna@example.hu",
}: {
  readonly reading?: Partial<Reading> | null;
  readonly text?: string;
  readonly contact?: string | null;
} = {}) {
  const { db } = await freshDb();
  const site = await serveReports({ db, model });
  const id = await report(db, text, contact);
  if (reading) await site.read(id, reading);
  const path = site.links.reportPath(id);
  return { site, db, id, path, see: async () => wordsOf((await site.get(`${path}?lang=en`)).text) };
}

async function report(db: Db, text: string, contact: string | null = null): Promise<string> {
  const id = newId();
  await keepReport(
    db,
    {
      id,
      reference: `R-${id}`,
      source: "web",
      sourceId: null,
      channel: "web",
      receivedAt: minutesAgo(30).getTime(),
      from: contact,
      fromName: null,
      accountId: null,
      subject: null,
      text,
      attachments: [],
      language: "en",
      contact,
      hear: "first-and-fixed",
      traceparent: null,
    },
    minutesAgo(30),
  );
  return id;
}

/** An incident of the database with an update for everybody and one for the staff. */
async function incident(
  db: Db,
  id: string,
  {
    isPublic = true,
    resolvedAt = null as Date | null,
    state = "identified",
    title = "Sending mail from mail2 fails",
  } = {},
): Promise<void> {
  await db("incidents").insert({
    id,
    cause_kind: "host",
    cause_id: id,
    state,
    severity: "critical",
    title: JSON.stringify({ en: title }),
    public: isPublic,
    opened_at: minutesAgo(40),
    created_at: minutesAgo(40),
    updated_at: minutesAgo(10),
    resolved_at: resolvedAt,
    next_update_at: new Date(NOW.getTime() + 12 * 60_000),
  });
  for (const [n, said] of (
    ["Before anybody wrote", "A disk is full", "secret of the staff"] as const
  ).entries())
    await db("incident_updates").insert({
      id: idOf(`${id}u${n}`.slice(-11)),
      incident_id: id,
      at: minutesAgo(n === 0 ? 40 : 10),
      state: "identified",
      public: n < 2,
      by: "engine",
      text: JSON.stringify({ en: said }),
      affected: "[]",
    });
}

const linked = (id: string): Partial<Reading> => ({
  link: { id, p: 0.98, reasons: [] } as unknown as NonNullable<Reading["link"]>,
});
const ticketOf = (db: Db) => db("tickets").first();
const said = (act: string, more: Readonly<Record<string, string>> = {}) => ({
  act,
  id: newId(),
  ...more,
});

describe("the address", () => {
  test("with a wrong seal, of a strange report and of none look alike", async () => {
    const { site, id, path } = await written();
    const wrong = [
      `/report/${id}/${"A".repeat(22)}`,
      `/report/${id}/x`,
      `/report/${newId()}/${path.split("/")[3]}`,
      `/report/nothing/${path.split("/")[3]}`,
      site.links.reportPath(newId()),
      `/report/${id}/${site.links.seal("confirm", id)}`,
      `${path.slice(0, -1)}${path.endsWith("A") ? "Q" : "A"}`,
    ];
    const answers = await Promise.all(wrong.map((one) => site.get(`${one}?lang=en`)));
    for (const { status, text, headers } of answers) {
      expect([status, headers["cache-control"]]).toEqual([404, "no-store"]);
      expect(text).toBe(answers[0]?.text);
    }
    expect((await site.post(wrong[0] ?? "", said("works"))).status).toBe(404);
  });

  test("is kept by no cache, told to nobody and found by no search", async () => {
    const { site, path } = await written();
    const { headers, text } = await site.get(path);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex, nofollow",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
    });
    expect(text).toContain(`<meta name="robots" content="noindex">`);
    expect(text).not.toContain(`rel="canonical"`);
  });

  test("is not written into the log when something fails", async () => {
    const { site, db, path } = await written();
    await db.raw("alter table attachments rename to gone");
    const failed = await site.get(path);
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain(path.split("/")[3]);
  });
});

describe("the page", () => {
  test("before anybody has read it, says that it arrived and asks again by itself", async () => {
    const { site, path, id } = await written({ reading: null });
    const { text } = await site.get(`${path}?lang=en`);
    expect(wordsOf(text)).toContain("We have your message.");
    expect(text).toContain(`<noscript><meta http-equiv="refresh" content="5"></noscript>`);
    expect((await site.post(path, said("works"))).status).toBe(409);
    await site.read(id);
    expect((await site.get(path)).text).not.toContain("http-equiv");
  });

  test("says what was answered, what was understood in their own words, and when the next word comes", async () => {
    const { see } = await written({
      reading: {
        extraction: anExtraction(TEXT, { which: "anna@example.hu", since: "Since this morning" }),
        answer: anAnswer({ text: "We are looking.\n\nThank you." }),
      },
    });
    const words = await see();
    for (const part of [
      "Being looked at We are looking into it.",
      "Next word by 15:18.",
      "We are looking. Thank you.",
      "What happens sending e-mail fails",
      "What it is about anna@example.hu",
      "Since when Since this morning",
    ])
      expect(words).toContain(part);
    expect(words).toMatch(/Your reference: R-\w+ · Sent 10:48/);
  });

  test("never guesses aloud whose domain was meant, nor names a server nobody wrote of", async () => {
    const text = "ana-shop.hu does not work since noon";
    const extraction = anExtraction(text, { which: "ana-shop.hu", since: "since noon" });
    const [mention] = extraction.mentions;
    const { see } = await written({
      text,
      reading: {
        extraction: {
          ...extraction,
          mentions: mention
            ? [{ ...mention, value: "web77", written: "web77", meant: "anna-shop.hu" }]
            : [],
        },
      },
    });
    const words = await see();
    expect(words).toContain("What it is about ana-shop.hu");
    expect(words).not.toMatch(/web77|anna-shop/);
  });

  test("shows the public incident's public words since they wrote, and its promise", async () => {
    const { db, site, see } = await written({ reading: null });
    const [id = ""] = await db("reports").pluck("id");
    await incident(db, idOf("open"));
    await site.read(id, linked(idOf("open")));
    const words = await see();
    expect(words).toContain("We know about it and are working on it. Next word by 11:30.");
    expect(words).toContain("A disk is full");
    expect(words).not.toContain("Before anybody wrote");
    expect(words).not.toContain("secret of the staff");
  });

  test("says nothing of an internal incident", async () => {
    const { db, site, see } = await written({ reading: null });
    const [id = ""] = await db("reports").pluck("id");
    await incident(db, idOf("inside"), { isPublic: false });
    await site.read(id, linked(idOf("inside")));
    const words = await see();
    expect(words).toContain("We know about it and are working on it.");
    expect(words).not.toMatch(/mail2|disk|Next word/);
  });

  test("shows nothing of a colleague's and of the staff's notes, and all as text", async () => {
    const hostile = `<img src=x onerror=alert(1)> https://evil.example/ & "`;
    const { db, site, id, path } = await written({ text: hostile, reading: { accountId: "acme" } });
    const other = await report(db, "words of a colleague", "boss@example.hu");
    await site.read(other, {
      accountId: "acme",
      joins: id,
      answer: anAnswer({ text: "answer to a colleague" }),
    });
    const [ticket] = await db("tickets").pluck("id");
    expect(await db("reports").pluck("ticket_id")).toEqual([ticket, ticket]);
    await site.post(site.links.reportPath(other), said("add", { text: "more of a colleague" }));
    const note = { ticket_id: ticket, at: NOW, kind: "note", text: "note of the staff" };
    await db("ticket_messages").insert({ ...note, id: newId(), by: "agent", report_id: id });
    await db("ticket_messages").insert({ ...note, id: newId(), by: "agent" });
    await site.post(path, said("add", { text: `${hostile}\n\nsecond line` }));
    const { text } = await site.get(path);
    expect(text).not.toMatch(/colleague|note of the staff|boss@/);
    expect(text).not.toMatch(/<img src=x|href="https:\/\/evil/);
    expect(text.split("&lt;img src=x onerror=alert(1)&gt;")).toHaveLength(3);
    expect(text).toContain("\n\nsecond line</p>");
  });
});

describe("a mail that asks whether the address is theirs", () => {
  test("leads to a page on which only the button says yes, and to nothing of the report", async () => {
    const { site, id, path } = await written();
    const confirm = site.links.confirmPath(id);
    const { status, text, headers } = await site.get(`${confirm}?lang=en`);
    expect([status, headers["cache-control"]]).toEqual([200, "no-store"]);
    expect(wordsOf(text)).toContain("Please confirm that it is yours: anna@example.hu");
    expect(text).not.toMatch(/cannot send|R-/);
    expect(text).not.toContain(path);
    expect(await site.report(id)).toMatchObject({ contactProof: null });
    const hostile = await site.post(confirm, {}, { "sec-fetch-site": "cross-site" });
    expect([hostile.status, (await site.report(id))?.contactProof]).toEqual([403, null]);
    for (let n = 0; n < 2; n += 1) {
      const sent = await site.post(`${confirm}?lang=en`, {});
      expect([sent.status, sent.headers.location]).toEqual([303, `${confirm}?lang=en`]);
    }
    expect(await site.report(id)).toMatchObject({ contactProof: "confirmed" });
    expect(wordsOf((await site.get(`${confirm}?lang=en`)).text)).toContain(
      "Thank you, your address is confirmed",
    );
  });

  test("has a seal of its own: that of the page does not open it", async () => {
    const { site, id, path } = await written();
    const seal = path.split("/")[3];
    expect((await site.get(`/report/${id}/confirm/${seal}`)).status).toBe(404);
    expect((await site.post(`/report/${id}/confirm/${seal}`, {})).status).toBe(404);
    expect(await site.report(id)).toMatchObject({ contactProof: null });
    const mute = await written({ contact: null });
    expect((await mute.site.get(mute.site.links.confirmPath(mute.id))).status).toBe(404);
  });
});

describe("what customers say there", () => {
  test("that it works closes the ticket once, and can be taken back", async () => {
    const { db, site, path, see } = await written();
    const works = said("works");
    for (let n = 0; n < 2; n += 1) {
      const answer = await site.post(path, works);
      expect([answer.status, answer.headers.location]).toEqual([303, path]);
    }
    await site.post(path, said("works"));
    expect(await ticketOf(db)).toMatchObject({ state: "closed", closed_at: NOW });
    expect(await db("ticket_messages").where({ kind: "works" })).toHaveLength(1);
    expect(await see()).toContain("You told us that it works again. Thank you.");
    await site.post(path, said("takeBack"));
    expect(await ticketOf(db)).toMatchObject({ state: "looking", closed_at: null });
    expect(await see()).toMatch(/Taken back/);
  });

  test.each([
    ["an open incident is known again", null, "known"],
    ["an incident that is over is fixed again", minutesAgo(5), "fixed"],
  ])("back to %s", async (_name, resolvedAt, state) => {
    const { db, site, path } = await written({ reading: null });
    const [id = ""] = await db("reports").pluck("id");
    await incident(db, idOf("one"), { resolvedAt, state: resolvedAt ? "resolved" : "identified" });
    await site.read(id, linked(idOf("one")));
    await site.post(path, said("works"));
    await site.post(path, said("takeBack"));
    expect(await ticketOf(db)).toMatchObject({ state });
  });

  test("that it is still broken brings a fixed ticket back within a day, and wakes whoever reads", async () => {
    const { db, site, path, see } = await written({ reading: null });
    const [id = ""] = await db("reports").pluck("id");
    await incident(db, idOf("one"), { resolvedAt: minutesAgo(5), state: "resolved" });
    await site.read(id, { ...linked(idOf("one")), answerDueAt: null });
    await db("tickets").update({ state: "fixed" });
    expect(await see()).toMatch(/It should work again\..*It works again It still does not work/);
    const broken = said("broken");
    await site.post(path, broken);
    await site.post(path, broken);
    await site.post(path, said("broken"));
    const dueAt = new Date(NOW.getTime() + 86_400_000);
    expect(await ticketOf(db)).toMatchObject({ state: "looking", answer_due_at: dueAt });
    expect(await db("ticket_messages").where({ kind: "broken", report_id: id })).toHaveLength(1);
    expect(await see()).toContain("Next word by 11:18 on 22 November.");
  });

  test("that it is still broken puts off no promise, and is no news while it is being worked on", async () => {
    const { db, site, path } = await written();
    const before = (await ticketOf(db)).answer_due_at;
    await site.post(path, said("broken"));
    expect(await ticketOf(db)).toMatchObject({ state: "looking", answer_due_at: before });
    const known = await written({ reading: null });
    await incident(known.db, idOf("one"));
    await known.site.read(known.id, { ...linked(idOf("one")), answerDueAt: null });
    await known.site.post(known.path, said("broken"));
    expect(await ticketOf(known.db)).toMatchObject({ state: "known", answer_due_at: null });
  });

  test("that it works, then that it does not, counts as the last", async () => {
    const { db, site, path } = await written();
    await site.post(path, said("works"));
    await site.post(path, said("broken"));
    expect(await ticketOf(db)).toMatchObject({ state: "looking", closed_at: null });
    const words = await db("ticket_messages").whereIn("kind", ["works", "broken"]).orderBy("num");
    expect(words.map(({ kind, undone_at }) => [kind, undone_at === null])).toEqual([
      ["works", false],
      ["broken", true],
    ]);
  });

  test("in correction is kept with its values and shown in place of what we read", async () => {
    const { db, site, path, see } = await written({
      reading: {
        extraction: anExtraction(TEXT, { which: "anna@example.hu", since: "Since this morning" }),
      },
    });
    const since = "Since this morning";
    await site.post(path, said("correct", { choice: "", which: "anna@example.hu", since }));
    expect(await db("ticket_messages").where({ kind: "corrected" })).toEqual([]);
    const answer = await site.post(
      path,
      said("correct", { choice: "mail.receive", which: "bela@example.hu", since }),
    );
    expect(answer.status).toBe(303);
    const [message] = await db("ticket_messages").where({ kind: "corrected" });
    expect(message).toMatchObject({
      by: "customer",
      corrected: { which: "bela@example.hu", choice: "mail.receive", since: null },
      text: "I do not receive e-mail.\nIt is about: bela@example.hu",
    });
    const words = await see();
    expect(words).toContain("What happens I do not receive e-mail");
    expect(words).toContain("What it is about bela@example.hu");
    expect(words).toContain("Since when Since this morning");
    expect(words).toContain("As you have corrected it.");
  });

  test("in addition is kept once, in order, and to a limit", async () => {
    const { db, site, path, see } = await written();
    const text = "It also fails at home.\nOn the phone too.";
    const note = said("add", { text });
    await site.post(path, note);
    await site.post(path, note);
    await site.post(path, said("add", { text: "   " }));
    expect(await db("ticket_messages").where({ kind: "note" }).pluck("text")).toEqual([text]);
    const [ticket] = await db("tickets").pluck("id");
    const [id] = await db("reports").pluck("id");
    await db("ticket_messages").insert(
      Array.from({ length: 99 }, (_, n) => ({
        id: newId(),
        ticket_id: ticket,
        report_id: id,
        at: NOW,
        by: "customer",
        kind: "note",
        text: `${n}`,
      })),
    );
    const answer = await site.post(path, said("add", { text: "one too many" }));
    expect(wordsOf((await site.get(`${answer.headers.location}&lang=en`)).text)).toContain(
      "Nothing more can be added here.",
    );
    expect(await see()).not.toContain("one too many");
  });

  test("of how much they want to hear is kept, where it can matter", async () => {
    const { site, path, id, see } = await written();
    await site.post(path, said("hear", { hear: "nothing" }));
    expect(await site.report(id)).toMatchObject({ hear: "nothing" });
    expect((await site.post(path, said("hear", { hear: "everything" }))).status).toBe(400);
    expect(await see()).toContain("We send mail only to addresses that we know to be yours.");
    const mute = await written({ contact: null });
    expect(await mute.see()).toContain("You gave no e-mail address");
  });

  test.each<[name: string, headers: Record<string, string>, status: number]>([
    ["another site", { "sec-fetch-site": "cross-site" }, 403],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["the page itself, which hides its origin", { origin: "null" }, 303],
    [
      "the page itself in a browser of today",
      { origin: "null", "sec-fetch-site": "same-origin" },
      303,
    ],
  ])(
    "by %s is decided by where it comes from and the secret address",
    async (_name, headers, status) => {
      const { db, site, path } = await written();
      expect((await site.post(path, said("works"), headers)).status).toBe(status);
      expect((await ticketOf(db)).state).toBe(status === 303 ? "closed" : "looking");
    },
  );

  test("by GET says nothing: whoever follows a link changes nothing", async () => {
    const { db, site, path } = await written();
    for (const query of ["?act=works", "?act=broken", "?works", "?hear=nothing&act=hear"])
      expect((await site.get(path + query)).status).toBe(200);
    expect((await ticketOf(db)).state).toBe("looking");
    expect((await site.post(path, said("dance"))).status).toBe(400);
  });

  test("of bills and thanks is not asked whether it works", async () => {
    const { see } = await written({ reading: { queue: "billing" } });
    const words = await see();
    expect(words).toContain("We have your message, and somebody will answer it.");
    expect(words).not.toContain("It works again");
  });
});

describe("pictures", () => {
  const picture = (width: number) =>
    sharp({ create: { width, height: 60, channels: 3, background: "#369" } })
      .withExif({ IFD0: { Make: "Secret" } })
      .jpeg()
      .toBuffer();
  const form = (...pictures: readonly (Buffer | string)[]): FormData => {
    const made = new FormData();
    made.append("act", "add");
    made.append("id", newId());
    for (const one of pictures)
      made.append(
        "pictures",
        new Blob([typeof one === "string" ? one : new Uint8Array(one)]),
        "a.jpg",
      );
    return made;
  };
  const shown = (text: string): string[] =>
    [...text.matchAll(/<img src="([^"]+)"/g)].map(([, src]) => src ?? "");

  test("are shown on that page alone, as WebP that no browser runs", async () => {
    const { db, site, path } = await written();
    await site.post(path, form(await picture(90), await picture(80)));
    const [first = "", ...rest] = shown((await site.get(path)).text);
    expect(rest).toHaveLength(1);
    const { status, headers, body } = await site.get(first);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "image/webp",
      "content-disposition": expect.stringMatching(/^attachment; filename="[a-z0-9]{12}\.webp"$/),
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(body.toString("latin1")).not.toContain("Secret");
    const other = await report(db, "another report");
    const name = first.split("/").at(-1);
    for (const wrong of [
      `${site.links.reportPath(other)}/pictures/${name}`,
      `${path.slice(0, -2)}xx/pictures/${name}`,
      `${path}/pictures/${newId()}`,
      `${path}/pictures/..%2f..%2fetc`,
    ])
      expect((await site.get(wrong)).status).toBe(404);
  });

  test("that cannot be read are named each, and stop no other and not the words", async () => {
    const { db, site, path } = await written();
    const sent = form(
      "<svg/>",
      await picture(90),
      Buffer.alloc(9 * 1024 * 1024),
      await picture(70),
      await picture(60),
    );
    sent.append("text", "see the pictures");
    const answer = await site.post(`${path}?lang=en`, sent);
    const words = wordsOf((await site.get(answer.headers.location ?? "")).text);
    for (const said of [
      "Picture 1 could not be read.",
      "Picture 3 is larger than 8 MB.",
      "Picture 5 is one too many.",
      "see the pictures",
    ])
      expect(words).toContain(said);
    expect(await db("attachments").pluck("width")).toEqual(expect.arrayContaining([90, 70]));
    expect(await db("attachments").pluck("width")).toHaveLength(2);
  });

  test("are at most twelve of one report, and gone after their time", async () => {
    const { db, site, path, id } = await written();
    const made = await picture(20);
    await db("attachments").insert(
      Array.from({ length: 12 }, (_, n) => ({
        id: newId(),
        report_id: id,
        added_at: minutesAgo(n),
        width: 9,
        height: 9,
        digest: Buffer.from([n]),
        webp: made,
      })),
    );
    const answer = await site.post(path, form(made));
    expect(answer.headers.location).toContain("pictures=1-many");
    expect(await forgetAttachments(db, minutesAgo(5.5), 4)).toBe(4);
    expect(await forgetAttachments(db, minutesAgo(5.5), 4)).toBe(2);
    expect(shown((await site.get(path)).text)).toHaveLength(6);
  });
});

const SAME_SITE = { "sec-fetch-site": "same-origin" };

describe("a page that anybody may have made", () => {
  const stranger = { trusted: false, contactIsKnown: true };

  async function linkedByEngine() {
    const shown = await written({ reading: stranger });
    const { db } = shown;
    const [ticket = ""]: string[] = await db("reports").pluck("ticket_id");
    const about = idOf("known");
    await incident(db, about);
    await db("links").insert({
      ticket_id: ticket,
      incident_id: about,
      by: "engine",
      reasons: "[]",
      linked_at: minutesAgo(20),
      told_at: minutesAgo(20),
    });
    return { ...shown, ticket };
  }

  test("says nothing of what the engine knows, until it is over, nor whose the address is", async () => {
    const { db, see, site, path, ticket } = await linkedByEngine();
    await db("tickets").update({ state: "looking" });
    await db("links").update({ undone_at: NOW });
    await db("reports").update({ contact_proof: null });
    const alone = await see();
    await db("links").update({ undone_at: null });
    await db("reports").update({ contact_proof: "inventory" });
    for (const state of ["known", "fixed"]) {
      await db("tickets").where({ id: ticket }).update({ state });
      expect(await see()).toBe(alone);
    }
    expect((await site.get(`${path}?lang=en`)).status).toBe(200);
  });

  test("shows its owner everything by the address that only their mail has", async () => {
    const { db, site, id, ticket } = await linkedByEngine();
    await db("tickets").where({ id: ticket }).update({ state: "known" });
    const owner = site.links.ownerPath(id);
    const { status, text, headers } = await site.get(`${owner}?lang=en`);
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("no-store");
    expect(wordsOf(text)).toContain("Sending mail from mail2 fails");
    expect(text).toContain(`action="${owner}`);
    const said = await site.post(owner, { act: "works", id: newId() }, SAME_SITE);
    expect([said.status, said.headers.location]).toEqual([303, owner]);
  });

  test("counts for nothing against an end, and by its owner it does", async () => {
    const { db, site, id, path, ticket } = await linkedByEngine();
    await db("tickets").where({ id: ticket }).update({ state: "closed" });
    await site.post(path, { act: "broken", id: newId() }, SAME_SITE);
    for (let twice = 0; twice < 2; twice++)
      await site.post(site.links.ownerPath(id), { act: "broken", id: newId() }, SAME_SITE);
    const said = await db("ticket_messages")
      .where({ by: "customer" })
      .orderBy("num")
      .select("kind", "trusted");
    expect(said).toEqual([
      { kind: "broken", trusted: false },
      { kind: "broken", trusted: true },
    ]);
  });
});
