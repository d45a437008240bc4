import type { Account, Directory } from "../directory.js";
import type { Language } from "../languages.js";
import { readCues } from "./cues.js";
import type { Extraction, Mention, ReportText, Since } from "./extraction.js";
import { readFields, spanOf } from "./field.js";
import { readLanguage } from "./language.js";
import type { Lexicon } from "./lexicon.js";
import { LEXICONS } from "./lexicons/index.js";
import { readSince } from "./since.js";
import { readSymptoms, uncommonThings } from "./what.js";
import { readMentions } from "./which.js";
import { tellingWords } from "./words.js";

/** What is known besides a report's words. */
export interface ReadAgainst {
  readonly directory: Directory;
  /** The customer's IANA zone. */
  readonly zone: string;
  /** The account the report comes from, as far as it is known. */
  readonly account: Account | null;
  readonly accountLanguage: Language | null;
}

/**
 * What is understood of one report: language, WHICH, WHAT, SINCE WHEN, cues, each with its passage
 * in the original. The same words, receipt and directory always give the same; any text is read, of
 * a long one the beginning.
 */
export function extract(report: ReportText, against: ReadAgainst): Extraction {
  const fields = readFields(report);
  const originals = { subject: report.subject ?? "", text: report.text };
  const language = readLanguage(fields, originals, against.accountLanguage);
  const lexicon = LEXICONS[language.code];
  const mentions = readMentions(fields, originals, against);
  const around = { lexicon, receivedAt: report.receivedAt, zone: against.zone };
  const since = sinceOf(fields.map((field) => readSince(field, around)));
  const passing = [...(since ? [since.span] : []), ...mentions.map(({ span }) => span)];
  const symptoms = readSymptoms(fields, lexicon, othersThan(language.code), passing);
  const things = symptoms[0]?.symptom === "other" ? uncommonThings(fields, lexicon) : [];
  const words = tellingWords(fields, namesToLeaveOut(mentions, against.account));
  return {
    language,
    mentions,
    symptoms,
    since,
    cues: readCues(fields, lexicon, symptoms, passing),
    asides: fields.flatMap((field) =>
      field.asides.map(({ kind, from, to }) => ({ kind, span: spanOf(field, { from, to }) })),
    ),
    words: [...new Set([...things, ...words])],
  };
}

/** The text says it more exactly than the subject does; a subject that says it alone is believed. */
function sinceOf(found: readonly (Since | null)[]): Since | null {
  const said = found.filter((one) => one !== null);
  return said.findLast(({ from }) => from !== null) ?? said.at(-1) ?? null;
}

function namesToLeaveOut(mentions: readonly Mention[], account: Account | null): readonly string[] {
  return [
    ...mentions
      .filter(({ kind }) => kind !== "code" && kind !== "server")
      .map(({ written }) => written),
    ...(account
      ? [account.company, ...account.contacts, ...account.domains.map(({ name }) => name)]
      : []),
  ];
}

/** Who mixes languages mixes English in; short Slavic texts without marks are taken for a neighbour's. */
const NEAR: Readonly<Partial<Record<Language, readonly Language[]>>> = {
  cs: ["sk"],
  sk: ["cs"],
  sl: ["sk", "cs"],
};

const othersThan = (code: Language): readonly Lexicon[] =>
  [...(NEAR[code] ?? []), "en" as const]
    .filter((other) => other !== code)
    .map((other) => LEXICONS[other]);
