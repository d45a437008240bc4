import { domainToASCII } from "node:url";
import { z } from "zod";
import { MAIL_ADDRESS, MAIL_ADDRESS_MAX } from "../../core/mail-address.js";
import { HEARING, SUBJECT_MAX, TEXT_MAX } from "../../core/report.js";
import { SYMPTOMS } from "../../core/extract/extraction.js";
import { COMPONENT_STATUSES } from "../../core/status.js";
import { cursor, limit, localizedText } from "./schemas.js";

// ── what comes in ────────────────────────────────────────────────────────────────────────────

/** Control characters but line breaks and tabs are nobody's words. */
const words = (max: number) =>
  z
    .string()
    .max(max)
    .transform((text) => text.replaceAll(/[^\P{Cc}\n\r\t]/gu, " ").trim());

/** As it is sent to: a domain of other letters than ASCII is written with its A-labels. */
const address = z
  .string()
  .trim()
  .max(MAIL_ADDRESS_MAX)
  .overwrite((text) => {
    const [, name = "", domain = ""] = /^([^@]+)@([^@/?#\\:]+)$/.exec(text) ?? [];
    return domain === "" ? text : `${name}@${domainToASCII(domain) || domain}`;
  })
  .regex(MAIL_ADDRESS, { error: "expected an e-mail address such as anna@example.org" });

export const newReport = z
  .strictObject({
    text: words(TEXT_MAX)
      .pipe(z.string().min(1, { error: "expected what the customer says" }))
      .meta({ description: "What the customer says, as they say it" }),
    subject: words(SUBJECT_MAX).optional(),
    language: z
      .string()
      .regex(/^[a-z]{2}$/)
      .optional()
      .meta({ description: "In which to answer; by default that of the text" }),
    contact: address.optional().meta({ description: "Where the answer goes" }),
    hear: z.enum(HEARING).default("first-and-fixed").meta({
      description: "How much the customer wants to hear of an incident it is linked to",
    }),
    id: z.string().trim().min(1).max(200).optional().meta({
      description: "The source's own number: what is sent twice is one report",
    }),
    channel: z.enum(["web", "email", "phone", "chat", "facebook", "api"]).optional(),
    from: z.string().trim().max(254).optional(),
    fromName: words(200).optional(),
    account: z.string().trim().min(1).max(100).optional().meta({
      description: "Whose report it is, where that is proven; only with a token",
    }),
    receivedAt: z.iso.datetime({ offset: true }).optional().meta({
      description: "When it came in, up to 30 days ago; only with a token",
    }),
    attachments: z.array(words(200)).max(20).optional(),
  })
  .meta({ id: "NewReport" });

export const ticketsQuery = z.strictObject({
  state: z.enum(["open", "all"]).default("open"),
  limit,
  cursor,
});

const incidentId = z.string().regex(/^[a-z0-9]{12}$/);

export const linkBody = z
  .strictObject({
    incident: incidentId.meta({ description: "An incident, or planned work" }),
  })
  .meta({ id: "LinkTo" });

export const newIncident = z
  .strictObject({
    title: localizedText.meta({ description: "Language code → what fails" }),
    text: localizedText.meta({ description: "Language code → the first statement" }),
    components: z
      .array(
        z.strictObject({
          id: z.string(),
          status: z.enum(COMPONENT_STATUSES.filter((status) => status !== "operational")),
        }),
      )
      .max(200)
      .default([])
      .meta({ description: "What customers see affected, and how badly" }),
    public: z.boolean().default(false).meta({ description: "Whether customers read it at once" }),
    nextUpdateAt: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: "NewIncident" });

export const suspicionsQuery = z.strictObject({
  state: z.enum(["open", "all"]).default("open"),
  limit,
});

// ── what goes out ────────────────────────────────────────────────────────────────────────────

const instant = z.iso.datetime();
const span = z.object({
  field: z.enum(["subject", "text", "said"]),
  from: z.number(),
  to: z.number(),
});
const reason = z
  .object({
    code: z.string(),
    weight: z.number().meta({ description: "Natural log-odds: for it above 0, against it below" }),
    text: z.string().meta({ description: "In words" }),
    span: span.nullable().meta({ description: "The passage it rests on" }),
  })
  .meta({ id: "Reason" });

const answer = z.object({
  kind: z.enum(["known", "maintenance", "individual", "none"]),
  language: z.string(),
  text: z.string(),
  incident: z.string().nullable(),
  nextUpdateAt: instant.nullable(),
});

export const accepted = z
  .object({
    id: z.string(),
    reference: z.string().meta({ description: "What is said on the phone" }),
    answer: answer.extend({
      page: z.string().meta({ description: "The customer's own page: a secret link" }),
    }),
  })
  .meta({ id: "Accepted" });

const link = z.object({
  incident: z.string(),
  by: z.string(),
  p: z.number().nullable(),
  reasons: z.array(reason),
  linkedAt: instant,
  undoneAt: instant.nullable(),
});

export const report = z
  .object({
    id: z.string(),
    reference: z.string(),
    ticket: z.string().nullable(),
    source: z.string(),
    sourceId: z.string().nullable(),
    channel: z.string(),
    receivedAt: instant,
    from: z.string().nullable(),
    fromName: z.string().nullable(),
    account: z.string().nullable(),
    subject: z.string().nullable(),
    text: z.string(),
    attachments: z.array(z.string()),
    contact: z.string().nullable(),
    readAt: instant.nullable(),
    extraction: z.looseObject({}).nullable().meta({
      description: "Language, mentions, symptoms, since and cues, each with its passage",
    }),
    sender: z.object({ accountId: z.string(), how: z.string(), certainty: z.number() }).nullable(),
    decision: z.enum(["auto", "suggest", "none"]).nullable(),
    candidates: z.array(
      z.object({ incident: z.string(), p: z.number(), reasons: z.array(reason) }),
    ),
    reasons: z.array(reason),
    duplicateOf: z.string().nullable(),
    suspicion: z.string().nullable(),
    links: z.array(link),
    answer: answer.nullable(),
    said: z
      .array(
        z.object({
          at: instant,
          by: z.string(),
          kind: z.enum(["answer", "update", "note", "works", "broken", "corrected"]),
          text: z.string(),
          corrected: z.record(z.string(), z.string().nullable()).nullable(),
          undoneAt: instant.nullable(),
        }),
      )
      .meta({ description: "What was said of it since, by its customer, the engine and staff" }),
  })
  .meta({ id: "Report" });

const person = z.object({ name: z.string().nullable(), address: z.string().nullable() });

export const ticket = z
  .object({
    id: z.string(),
    queue: z.enum(["fault", "billing", "help", "feedback"]),
    state: z.enum(["known", "looking", "fixed", "closed"]),
    account: z.string().nullable(),
    contact: person.nullable().meta({ description: "Who wrote first" }),
    followers: z.array(person).meta({ description: "Who wrote of the same problem since" }),
    language: z.string(),
    openedAt: instant,
    answerDueAt: instant.nullable(),
    links: z.array(link),
    reports: z.array(
      z.object({
        id: z.string(),
        reference: z.string(),
        channel: z.string(),
        receivedAt: instant,
        subject: z.string().nullable(),
        text: z.string(),
      }),
    ),
  })
  .meta({ id: "Ticket" });

export const suspicion = z
  .object({
    id: z.string(),
    state: z.enum(["open", "confirmed", "merged", "dismissed", "retired"]),
    key: z.object({ place: z.string().nullable(), symptom: z.enum(SYMPTOMS) }),
    members: z.array(z.string()).meta({ description: "Its reports, oldest first" }),
    accounts: z.number(),
    expected: z.number().meta({ description: "Accounts to be expected in the window" }),
    windowMs: z.number(),
    words: z.array(z.string()).meta({ description: "Shared by its reports and rare elsewhere" }),
    raisedAt: instant,
    lastAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
    incident: z.string().nullable(),
    looks: z.array(
      z.object({
        report: z.string(),
        service: z.string(),
        target: z.string(),
        outcome: z.string(),
        reason: z.string(),
        at: z.string(),
      }),
    ),
  })
  .meta({ id: "Suspicion" });
