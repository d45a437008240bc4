import type { Verdict } from "./correlate/verdict.js";
import type { DeepFinding, DeepService } from "./deep-probe.js";
import type { Cue, Extraction, Symptom } from "./extract/extraction.js";
import type { IncidentState, Localized } from "./incident-view.js";
import { never } from "./never.js";
import type { Hearing } from "./report.js";
import type { Phrase } from "./wording.js";

/** What a customer is told at once, to be put into words; nothing in it is about anybody else. */
export interface AnswerWords {
  readonly kind: "known" | "maintenance" | "individual" | "none" | "not-a-fault";
  /** At most 78 letters in every language; without the reference. */
  readonly subject: Phrase;
  /** One phrase a paragraph, without greeting and closing: `letterOf` puts them around. */
  readonly paragraphs: readonly [Phrase, ...Phrase[]];
}

/** What the answer is made from. `hours`: within how many a person answers. */
export type AnswerInput = { readonly now: Date; readonly hours?: number } & (
  | KnownInput
  | MaintenanceInput
  | IndividualInput
  | OtherMatterInput
  | { readonly answer: "new" }
  /** It is not what they were told before. */
  | { readonly answer: "withdrawn" }
);

interface KnownInput {
  readonly answer: Extract<Verdict["answer"], "known">;
  /** `possible`: somebody has yet to confirm that it is theirs. */
  readonly certainty: "sure" | "possible";
  /** As the public knows it; `null` while it is not public: then nothing of it is said. */
  readonly incident: {
    readonly title: Localized;
    readonly state: IncidentState;
    readonly since: Date;
    readonly until: Date | null;
    readonly next: Date | null;
  } | null;
  /** What we may promise to write; `null` where no address is known to be theirs. */
  readonly hears: Hearing | null;
}

interface MaintenanceInput {
  readonly answer: Extract<Verdict["answer"], "maintenance">;
  readonly certainty: "sure" | "possible";
  readonly maintenance: {
    readonly title: Localized;
    readonly begins: Date;
    /** As planned, or when it was over. */
    readonly ends: Date;
    readonly over: boolean;
  };
}

interface IndividualInput {
  readonly answer: Extract<Verdict["answer"], "individual">;
  /** The customer's own domain as they write it, never the name of a server. */
  readonly name: string;
  readonly findings: readonly Pick<DeepFinding, "service" | "outcome" | "reason">[];
  readonly cues: readonly Cue[];
  readonly symptom: Symptom;
  /** Language → address in the operator's knowledge base. */
  readonly help?: Localized | null;
}

interface OtherMatterInput {
  readonly answer: Extract<Verdict["answer"], "not-a-fault">;
  readonly matter: Matter;
  readonly help?: Localized | null;
}

/** What somebody writes about who reports no fault. */
export type Matter =
  | "billing"
  | "compensation"
  | "howto"
  | "request"
  | "praise"
  | "suggestion"
  | "recovered"
  | "asks"
  | "other";

const HOURS = 24;

/** The answer that fits what was decided on a report. */
export function answerTo(input: AnswerInput): AnswerWords {
  const within = say("within", { count: input.hours ?? HOURS });
  switch (input.answer) {
    case "known":
      return knownWords(input, input.now, within);
    case "maintenance":
      return maintenanceWords(input, input.now, within);
    case "individual":
      return {
        kind: "individual",
        subject: say("subject.individual"),
        paragraphs: individualWords(input, within),
      };
    case "not-a-fault":
      return {
        kind: "not-a-fault",
        subject: say("subject.notAFault"),
        paragraphs: [
          say(`notAFault.${input.matter}`),
          ...(WITHOUT_CLOCK.has(input.matter) ? [] : [within]),
          ...helpWords(input.help),
        ],
      };
    case "new":
      return { kind: "none", subject: say("subject.none"), paragraphs: [say("none.text"), within] };
    case "withdrawn":
      return {
        kind: "none",
        subject: say("subject.withdrawn"),
        paragraphs: [say("withdrawn"), within],
      };
    default:
      return never(input);
  }
}

/** Nobody waits for a word on these. */
const WITHOUT_CLOCK: ReadonlySet<Matter> = new Set(["praise", "suggestion", "recovered", "asks"]);

/** The whole letter: the greeting, what is said, the customer's own page, the closing. */
export function letterOf(
  paragraphs: readonly Phrase[],
  { site, reference, page }: LetterFrame,
): readonly Phrase[] {
  return [
    say("greeting"),
    ...paragraphs,
    say("page", { reference, page }),
    say("closing", { site }),
  ];
}

export interface LetterFrame {
  /** The operator's name. */
  readonly site: string;
  /** `TR7-K4M` */
  readonly reference: string;
  /** The whole address of the customer's own page. */
  readonly page: string;
}

/** Which of the matters that are no fault a report is about. */
export function matterOf({ symptoms, cues }: Extraction): Matter {
  const has = (cue: Cue): boolean => cues.some((one) => one.cue === cue);
  if (has("compensation")) return "compensation";
  const symptom = symptoms.find((one) => OTHER_MATTERS.has(one.symptom))?.symptom;
  if (symptom === "billing" || has("billing")) return "billing";
  if (has("works-again")) return "recovered";
  if (has("asks-about")) return "asks";
  if (symptom === "feedback") return has("thanks") ? "praise" : "suggestion";
  if (has("request")) return "request";
  if (symptom === "howto" || has("question")) return "howto";
  return has("thanks") ? "praise" : "other";
}

const OTHER_MATTERS: ReadonlySet<Symptom> = new Set(["billing", "howto", "feedback"]);

const say = (key: string, params: Phrase["params"] = {}): Phrase => ({
  keys: [`answer.${key}`],
  params,
});

const helpWords = (help: Localized | null | undefined): readonly Phrase[] =>
  help ? [say("help", { help })] : [];

function knownWords(
  { certainty, incident, hears }: KnownInput,
  now: Date,
  within: Phrase,
): AnswerWords {
  const possible = certainty === "possible";
  if (!incident)
    return {
      kind: "known",
      subject: say(possible ? "subject.possible" : "subject.known"),
      paragraphs: [
        say(possible ? "possible.unnamed" : "known.unnamed"),
        possible ? within : hearWords(hears),
      ],
    };
  const { title, since, until, next } = incident;
  const params = { title, since, until: until ?? now, now };
  const stage = stageOf(incident.state);
  const over = stage === "resolved";
  const promise: Phrase[] =
    !over && next && next > now ? [{ keys: ["incident.next"], params: { next, now } }] : [];
  if (possible)
    return {
      kind: "known",
      subject: say("subject.possible"),
      paragraphs: [say(over ? "possible.over" : "possible.open", params), ...promise, within],
    };
  return {
    kind: "known",
    subject: say(over ? "subject.fixed" : "subject.known"),
    paragraphs: [
      say(`known.${stage}`, params),
      ...promise,
      // Who may try again at once waits for nothing.
      ...(over || stage === "monitoring" ? [] : [hearWords(hears)]),
    ],
  };
}

function stageOf(state: IncidentState): "investigating" | "identified" | "monitoring" | "resolved" {
  return state === "postmortem" ? "resolved" : state;
}

function hearWords(hears: Hearing | null): Phrase {
  switch (hears) {
    case "every":
      return say("hear.every");
    case "first-and-fixed":
    case "fixed":
      return say("hear.fixed");
    case "nothing":
    case null:
      return say("hear.page");
    default:
      return never(hears);
  }
}

function maintenanceWords(
  { certainty, maintenance }: MaintenanceInput,
  now: Date,
  within: Phrase,
): AnswerWords {
  const { title, begins, ends, over } = maintenance;
  const params = { title, begins, ends, now };
  const stage = over ? "over" : now < begins ? "announced" : now < ends ? "running" : "late";
  return {
    kind: "maintenance",
    subject: say("subject.maintenance"),
    paragraphs:
      certainty === "sure"
        ? [say(`maintenance.${stage}`, params)]
        : [say("maintenance.possible", params), within],
  };
}

/** What we saw of their service, a line each, what follows from it, and what they can do. */
function individualWords(input: IndividualInput, within: Phrase): readonly [Phrase, ...Phrase[]] {
  const { name, findings, help } = input;
  const sights = findings
    .filter(({ outcome }) => outcome !== "unknown")
    .map((finding) => ({ service: finding.service, sight: sightOf(finding) }));
  const fine = sights.every(({ sight }) => sight === "ok" || sight === "soon");
  const rest = [...adviceWords(input, fine), ...helpWords(help), within];
  if (sights.length === 0) return [say("individual.unseen"), ...rest];
  return [
    say("individual.looked"),
    ...sights.map(({ service, sight }) => say(`finding.${service}.${sight}`, { name })),
    say(fine ? "individual.fine" : "individual.failing"),
    ...rest,
  ];
}

/** In which of the words for its service a result is told; each service has only those it needs. */
function sightOf({ service, outcome, reason }: IndividualInput["findings"][number]): string {
  if (outcome === "up") return "ok";
  const told = TELLING[service](reason);
  if (told !== null) return told;
  if (outcome === "down") return "fails";
  return reason === "slow" && SPEED.has(service) ? "slow" : "ok";
}

const SPEED: ReadonlySet<DeepService> = new Set(["web", "mx", "submission", "imap"]);
const CERTIFICATE = /^(certificate|issuer)-|^tls-handshake-failed$/;
const ANSWERS_WRONGLY = /^(status|text|json|redirect|too-many|reply|malformed|decode|headers)-/;

const ofName = (reason: string): string | null => {
  if (reason === "points-elsewhere") return "elsewhere";
  return reason === "name-not-found" ? "missing" : null;
};
const ofCertificate = (reason: string): string | null =>
  CERTIFICATE.test(reason) && !reason.endsWith("-expires-soon") ? "certificate" : null;

const TELLING: Readonly<Record<DeepService, (reason: string) => string | null>> = {
  web: (reason) => (ANSWERS_WRONGLY.test(reason) ? "errors" : ofCertificate(reason)),
  certificate(reason) {
    if (reason.endsWith("-expires-soon")) return "soon";
    if (reason.endsWith("-expired")) return "expired";
    return reason === "certificate-wrong-host" ? "other" : null;
  },
  mx: ofName,
  submission: ofCertificate,
  imap: ofCertificate,
  dns: ofName,
};

/**
 * What they can do themselves: by the strongest hint at a cause of their own, else by what they see.
 * Where we see the fault too, nobody is sent to look for it at their end.
 */
function adviceWords({ cues, symptom }: IndividualInput, fine: boolean): readonly Phrase[] {
  const hint = HINTS.find((cue) => cues.includes(cue));
  if (hint) return [say(`advice.${hint}`)];
  const kind = fine ? ADVICE[symptom] : undefined;
  return kind ? [say(`advice.${kind}`)] : [];
}

const HINTS = [
  "quota-full",
  "domain-expired",
  "user-unknown",
  "third-party",
  "own-change",
  "one-device",
  "own-network",
  "works-elsewhere",
] as const satisfies readonly Cue[];

const ADVICE: Readonly<Partial<Record<Symptom, string>>> = {
  "web.down": "web",
  "web.slow": "web",
  "web.error5xx": "web",
  "web.error4xx": "web",
  "web.content": "web",
  tls: "tls",
  "mail.send": "mail.send",
  "mail.receive": "mail.receive",
  "mail.login": "mail.login",
  "mail.webmail": "mail.webmail",
  "mail.bounce_blocklist": "mail.bounce_blocklist",
  "mail.spam": "mail.spam",
  ftp: "ftp",
};
