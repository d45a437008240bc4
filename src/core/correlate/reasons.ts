import type { Cue } from "../extract/extraction.js";

/**
 * Every reason there is, each with an English sentence as a template: `{name}` is one of its
 * params. Numbers of minutes, symptoms and uses are put into words by whoever shows them.
 */
export const REASON_CODES = {
  "symptom.fits": "what is told ({symptom}) is what this fault looks like",
  "symptom.differs": "what is told ({symptom}) is not what this fault looks like",
  "symptom.vague": "what is told ({symptom}) fits this fault only in part",
  "scope.own": "{account} has its {use} on {place}, which is affected",
  "scope.shared": "{place} is affected, which all customers use",
  "scope.beside": "{account} uses {place}, though not for what is told",
  "scope.neighbour": "{account} is on {place}, though not on the service that is affected",
  "scope.elsewhere": "{account} is on nothing that is affected",
  "scope.stranger": "it is not known whose report it is",
  "named.hit": "names {place}, which is affected",
  "named.other": "names {place}, which is not affected",
  "code.same": "repeats the error code {code}",
  "code.other": "tells of {code}, which is not what this fault answers with",
  "time.not-begun": "the maintenance begins only {minutes} minutes later",
  "time.over": "it was over {minutes} minutes before the report",
  "since.within": "began for the customer while it went on",
  "since.before": "began for the customer {minutes} minutes before it",
  "since.after": "began for the customer {minutes} minutes after it was over",
  "since.worked": "still worked for the customer after it had begun",
  "cue.own-change": "something of the customer's own was changed before",
  "cue.one-device": "only one device or person is concerned",
  "cue.works-elsewhere": "it works elsewhere",
  "cue.own-network": "the customer's own connection may be the cause",
  "cue.domain-expired": "the domain has expired",
  "cue.quota-full": "a quota is full",
  "cue.user-unknown": "a recipient does not exist",
  "cue.third-party": "somebody else's service is concerned",
  "cue.question": "asks a question",
  "cue.request": "asks for something to be done",
  "cue.thanks": "gives thanks",
  "cue.billing": "is about a bill",
  "cue.compensation": "claims compensation",
  "cue.works-again": "says that it works again",
  "cue.recovered": "says that it works again, now that it is over",
  "cue.asks-about": "asks about a fault without having it",
  "cue.wrote-before": "says that they wrote before",
  "cue.expert": "written by somebody who knows the technology",
  "cue.urgent": "says that it is urgent",
  "others.linked": "{count} others were linked in the last hour",
  "others.again": "the same customer's earlier report is linked to it",
  "others.suspected": "the same customer's earlier report is part of a suspicion",
  "none.near": "nothing known is near enough",
  "none.rival": "two known causes are about as likely",
  "none.kind": "what is told ({symptom}) is no fault",
} as const satisfies Readonly<Record<string, string>> & Readonly<Record<`cue.${Cue}`, string>>;

export type ReasonCode = keyof typeof REASON_CODES;

/** A reason in a sentence of English, as staff read it. */
export function sentenceOf({
  code,
  params,
}: {
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}): string {
  const template = Object.hasOwn(REASON_CODES, code) ? REASON_CODES[code as ReasonCode] : code;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? "?"));
}
