import { randomBytes } from "node:crypto";
import { CUSTOMERS } from "../../src/core/delivery.js";
import { publicId } from "../../src/core/ids.js";
import { referenceOf, type Incoming } from "../../src/core/report.js";
import type { Db } from "../../src/store/db.js";
import { claimDue } from "../../src/store/deliveries.js";
import { keepReport } from "../../src/store/reports.js";
import type { Reading } from "../../src/store/ticket-reading.js";
import { newId } from "./watched.js";

/** Somebody's report as it comes in, at `at`. */
export const aReport = (at: Date, given: Partial<Incoming> = {}): Incoming => ({
  id: publicId(randomBytes(12)),
  reference: referenceOf(randomBytes(6)),
  source: "desk",
  sourceId: null,
  channel: "api",
  receivedAt: at.getTime(),
  from: null,
  fromName: null,
  accountId: null,
  subject: null,
  text: "Our mail does not leave.",
  attachments: [],
  language: "en",
  contact: null,
  hear: "first-and-fixed",
  traceparent: null,
  ...given,
});

/** What was made of it: a trouble of a customer's own, who is not known for certain. */
export const aStrangersReading = (given: Partial<Reading> = {}): Reading => ({
  extraction: null,
  verdict: null,
  weighed: [],
  answer: { kind: "none", language: "en", text: "We look.", incident: null, nextUpdateAt: null },
  queue: "fault",
  language: "en",
  accountId: null,
  trusted: false,
  answerDueAt: null,
  joins: null,
  link: null,
  told: false,
  contactIsKnown: false,
  findings: [],
  letter: null,
  ...given,
});

export const keepAReport = async (
  db: Db,
  at: Date,
  given: Partial<Incoming> = {},
): Promise<string> => (await keepReport(db, aReport(at, given), at)).id;

export async function openAnIncident(
  db: Db,
  at: Date,
  given: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const id = newId();
  await db("incidents").insert({
    id,
    state: "investigating",
    public: true,
    cause_kind: "host",
    cause_id: id,
    severity: "major",
    title: { en: "Sending mail fails" },
    opened_at: at,
    created_at: at,
    updated_at: at,
    ...given,
  });
  return id;
}

/** Whom the outbox owes what, oldest first: `anna@bakery.example answer`. */
export async function owedLetters(db: Db, at: Date): Promise<string[]> {
  const claims = await claimDue(db, at, [{ channelId: CUSTOMERS, free: 1_000 }], 1);
  return claims.map((claim) =>
    claim.to === "customer" ? `${claim.recipient} ${claim.body.kind}` : claim.channelId,
  );
}
