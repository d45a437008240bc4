import type { Directory } from "../directory.js";
import { CHOICES, type Corrected } from "../report.js";
import type { Extraction, Mention, ReportText, Since, Span, SymptomGuess } from "./extraction.js";
import { readFields } from "./field.js";
import { LEXICONS } from "./lexicons/index.js";
import { readSince } from "./since.js";
import { understand } from "./understand.js";

/** How sure a choice of the customer's own is: they may still be wrong about the name of it. */
const CHOSEN = 0.95;
const ABOUT: ReadonlySet<Mention["kind"]> = new Set(["domain", "mailbox", "server", "ip"]);

/**
 * `read` with what its customer put right in its place: WHICH is read from their new words, WHAT is
 * what they chose, SINCE WHEN counts from the moment they said it. What they left stays as it was read.
 */
export function putRight(
  read: Extraction,
  report: ReportText,
  { which, choice, since, at }: Corrected,
  directory: Directory,
): Extraction {
  const saidAt = Date.parse(at);
  const said = (text: string): ReportText => ({
    ...report,
    subject: null,
    text,
    receivedAt: saidAt,
  });
  return {
    ...read,
    ...(which !== null && {
      mentions: mentionsOf(read, understand(said(which), directory), which),
    }),
    ...(choice !== null && { symptoms: chosen(read.symptoms, CHOICES[choice]) }),
    ...(since !== null && {
      since: sinceOf(said(since), read.language.code, zoneOf(report, directory)),
    }),
  };
}

/** What they named before is named still, but not what it is about. */
function mentionsOf(read: Extraction, { mentions }: Extraction, which: string): Mention[] {
  return [
    ...mentions.map((one) => ({ ...one, span: whole(which) })),
    ...read.mentions.map((one) => (ABOUT.has(one.kind) ? { ...one, aside: true } : one)),
  ];
}

function chosen(
  guesses: readonly SymptomGuess[],
  symptom: SymptomGuess["symptom"],
): SymptomGuess[] {
  const spans = guesses.find((one) => one.symptom === symptom)?.spans ?? [];
  const others = guesses.filter((one) => one.symptom !== symptom);
  const rest = others.reduce((sum, { p }) => sum + p, 0);
  if (rest === 0) return [{ symptom, p: 1, spans }];
  return [
    { symptom, p: CHOSEN, spans },
    ...others.map((one) => ({ ...one, p: (one.p / rest) * (1 - CHOSEN) })),
  ];
}

function sinceOf(
  report: ReportText,
  language: Extraction["language"]["code"],
  zone: string,
): Since | null {
  const around = { lexicon: LEXICONS[language], receivedAt: report.receivedAt, zone };
  const found = readFields(report).flatMap((field) => readSince(field, around) ?? []);
  const [first] = found;
  return first ? { ...first, span: whole(report.text) } : null;
}

const whole = (text: string): Span => ({ field: "said", from: 0, to: text.length });

function zoneOf({ accountId, from }: ReportText, directory: Directory): string {
  const proven = accountId === null ? null : directory.account(accountId);
  const [known] = from === null ? [] : directory.accountsOf(from);
  return (proven ?? known)?.timezone ?? directory.timezone;
}
