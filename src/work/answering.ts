import {
  answerTo,
  letterOf,
  matterOf,
  type AnswerInput,
  type AnswerWords,
  type Matter,
} from "../core/answer.js";
import type { Candidate, Verdict } from "../core/correlate/verdict.js";
import type { DeepFinding } from "../core/deep-probe.js";
import type { Extraction } from "../core/extract/extraction.js";
import type { Config } from "../config/config.js";
import type { Localized } from "../core/incident-view.js";
import type { LetterBody } from "../core/letter.js";
import type { Answer } from "../core/report.js";
import type { Phrase } from "../core/wording.js";
import type { Letter } from "../notify/letters.js";
import type { Read } from "../reader/messages.js";
import type { LinkableIncident } from "../store/known-incidents.js";
import type { StoredReport } from "../store/reports.js";
import type { Telling } from "../store/ticket-adoption.js";
import type { Reading } from "../store/ticket-reading.js";
import type { Queue, Ticket } from "../store/tickets.js";
import type { Texts } from "../texts.js";

/** Puts what is made of a report into words for its customer, and never says more than they may know. */
export interface Answering {
  /** What is said while nobody has read it. */
  readonly receipt: (accepted: { readonly reference: string }, language: string | null) => Answer;
  /** Whether whoever reads the answer is the customer for certain, or one of us. */
  trusts(report: StoredReport, read: Read): boolean;
  readingOf(report: StoredReport, read: Read, known: KnownNow): Reading;
  /** For a report whose ticket was linked without a word, by the engine or by somebody. */
  tellingOf(report: StoredReport, ticket: Ticket, linked: LinkedTo, now: Date): Telling;
  /** What anybody may know of an incident that turned up after such a report; `null` where nothing. */
  hintOf(
    report: StoredReport,
    read: Read,
    knowns: readonly LinkableIncident[],
    now: Date,
  ): Answer | null;
  /** The answer that a report was given, for an address that is known to be theirs by now. */
  answerAgain(report: StoredReport): LetterBody | null;
  /** A letter as it is sent; `page`: the address of the customer's own page. */
  compose(
    letter: LetterBody,
    at: Date,
    frame: Frame,
  ): Pick<Letter, "kind" | "language" | "subject" | "text" | "page" | "reference">;
}

export interface KnownNow {
  readonly knowns: readonly LinkableIncident[];
  readonly findings: readonly DeepFinding[];
  readonly now: Date;
}

export interface LinkedTo {
  /** Somebody said so of this very ticket. */
  readonly picked: boolean;
  readonly incident: LinkableIncident;
}

interface Frame {
  readonly page: string;
  /** The same page as only the customer for certain may see it. */
  readonly ownerPage: string;
  /** Proves that who opens it reads the mail. */
  readonly confirm: string;
}

/** What is said, of which incident, and whether we are sure that it is theirs. */
interface Said {
  readonly words: AnswerWords;
  readonly about: LinkableIncident | null;
  readonly sure: boolean;
}

interface AnsweringSettings {
  readonly texts: () => Texts;
  /** Whether we can write letters at all. */
  readonly writes: () => boolean;
  /** Where the operator explains what is reported. */
  readonly help: () => Config["help"];
  readonly site: () => { readonly name: string; readonly languages: readonly string[] };
}

/** A person answers within (h). */
const HOURS = 24;
/** A candidate less likely than this is not mentioned to a customer. */
const WORTH_SAYING = 0.5;

export function createAnswering({ texts, site, help, writes }: AnsweringSettings): Answering {
  const usual = (): string => site().languages[0] ?? "en";
  const spoken = (language: string | null): string =>
    language !== null && texts().languages.includes(language) ? language : usual();

  const said = (language: string, paragraphs: readonly Phrase[]): string =>
    paragraphs.map((phrase) => texts().say(language, phrase)).join("\n\n");

  /** The public end of an incident: nothing else of it is ever said. */
  const wordsOfKnown = (
    report: StoredReport,
    incident: LinkableIncident,
    certainty: "sure" | "possible",
    now: Date,
    reachable: boolean,
  ): AnswerWords =>
    answerTo({
      answer: "known",
      now,
      hours: HOURS,
      certainty,
      hears: reachable ? report.hear : null,
      incident: incident.public
        ? {
            title: incident.title,
            state: incident.state,
            since: new Date(incident.openedAt),
            until: incident.resolvedAt === null ? null : new Date(incident.resolvedAt),
            next: incident.nextUpdateAt,
          }
        : null,
    });

  const answerOf = (
    words: AnswerWords,
    language: string,
    { about, sure }: Pick<Said, "about" | "sure">,
    now: Date,
  ): Answer => {
    const named = about?.public ? about : null;
    const next = named && named.resolvedAt === null ? named.nextUpdateAt : null;
    return {
      // "Known" is a promise that what is written goes with what we know.
      kind: words.kind === "not-a-fault" || (words.kind === "known" && !sure) ? "none" : words.kind,
      language,
      text: said(language, words.paragraphs),
      incident: named?.id ?? null,
      nextUpdateAt: next && next > now ? next.toISOString() : null,
    };
  };

  const letterFor = (
    { reference }: StoredReport,
    words: AnswerWords,
    language: string,
    toOwner = false,
  ): LetterBody => ({
    kind: "answer",
    language,
    reference,
    toOwner,
    subject: texts().say(language, words.subject),
    text: said(language, words.paragraphs),
  });

  return {
    receipt: (_accepted, language) => ({
      kind: "none",
      language: spoken(language),
      text: texts().t(spoken(language), "customer.receipt.text"),
      incident: null,
      nextUpdateAt: null,
    }),

    trusts: (report, read) => read.ok && isTrusted(report, read.verdict),

    readingOf(report, read, { knowns, findings, now }) {
      const due = new Date(now.getTime() + HOURS * 3_600_000);
      if (!read.ok) return unread(report, now, due);
      const { extraction, verdict, open, account } = read;
      const trusted = isTrusted(report, verdict);
      const language = spoken(
        report.language ??
          (trusted ? account?.language : null) ??
          (trusted ? extraction : open.extraction).language.code,
      );
      const mine = isTheirs(report.contact, account);
      const link = linkOf(verdict, knowns);
      const whole = wordsFor(verdict, {
        report,
        extraction,
        knowns,
        findings,
        now,
        reachable: mine && writes(),
      });
      // Whoever may be anybody is told what anybody may know; the rest goes to the account's own address.
      const shown = trusted
        ? whole
        : wordsFor(open.verdict, {
            report,
            extraction: open.extraction,
            knowns,
            findings,
            now,
            reachable: mine && writes(),
            stranger: true,
          });
      const queue = queueOf(verdict, extraction);
      const clock = trusted && whole.words.kind === "known" && link !== null ? null : due;
      const letterLanguage = spoken(report.language ?? account?.language ?? language);
      const answerLetter = letterFor(report, whole.words, letterLanguage, mine && !trusted);
      const letter = writes() ? letterTo(report, mine, answerLetter, language) : null;
      const telling = trusted || letter?.kind === "answer";
      return {
        extraction,
        verdict,
        weighed: read.weighed,
        findings,
        answer: answerOf(shown.words, language, shown, now),
        queue,
        language,
        trusted,
        accountId: trusted && isCertain(verdict) ? (verdict.sender?.accountId ?? null) : null,
        answerDueAt: queue === "feedback" ? null : clock,
        joins: verdict.duplicateOf,
        link,
        told: link !== null && telling && whole.about?.id === link.id && whole.about.public,
        contactIsKnown: mine,
        letter,
      };
    },

    tellingOf(report, ticket, { picked, incident }, now) {
      const language = spoken(report.language ?? ticket.language);
      const reachable = report.contactProof !== null && writes();
      const words = wordsOfKnown(report, incident, "sure", now, reachable);
      // Whom the engine found by a name that anybody may give hears of it at the account's own address.
      const sure = report.trusted || picked;
      const isOwners = report.contactProof === "inventory";
      const mayWrite = sure ? reachable : isOwners;
      const over = incident.resolvedAt !== null;
      const wants = over ? report.hear !== "nothing" : FIRST.has(report.hear);
      return {
        reportId: report.id,
        answer: sure ? answerOf(words, language, { about: incident, sure: true }, now) : null,
        letter:
          mayWrite && wants
            ? letterFor(report, words, language, isOwners && !report.trusted)
            : null,
      };
    },

    hintOf(report, read, knowns, now) {
      if (report.trusted || report.answer?.incident !== null || !read.ok) return null;
      const { verdict, extraction } = read.open;
      const reachable = report.contactProof !== null && writes();
      const input = { report, extraction, knowns, findings: [], now, reachable, stranger: true };
      const said = wordsFor(verdict, input);
      return said.about ? answerOf(said.words, report.answer.language, said, now) : null;
    },

    answerAgain({ answer, reference }) {
      if (!answer) return null;
      const { language, kind, text } = answer;
      const subject = texts().t(language, `answer.subject.${kind}`);
      return { kind: "answer", language, reference, subject, text };
    },

    compose(letter, at, { page: plain, ownerPage, confirm }) {
      const { kind, language, reference } = letter;
      const page = letter.toOwner === true ? ownerPage : plain;
      const name = site().name;
      const t = (key: string, params: Phrase["params"] = {}): string =>
        texts().t(language, key, params);
      const whole = (middle: readonly string[]): string => {
        const [greeting, ...end] = letterOf([], { site: name, reference, page }).map((phrase) =>
          texts().say(language, phrase),
        );
        return [greeting, ...middle, ...end].join("\n\n");
      };
      const head = { kind, language, page, reference };
      switch (letter.kind) {
        case "answer":
          return { ...head, subject: letter.subject, text: whole([letter.text]) };
        case "update": {
          const section = letter.over ? "customer.fixed" : "customer.update";
          const next = letter.nextUpdateAt === null ? null : new Date(letter.nextUpdateAt);
          return {
            ...head,
            subject: t(`${section}.subject`),
            text: whole([
              t(`${section}.lead`, { title: letter.title }),
              t("customer.update.text", { text: letter.text }),
              ...(next && !letter.over ? [t("incident.next", { next, now: at })] : []),
              ...(letter.over ? [t("customer.fixed.ask")] : []),
            ]),
          };
        }
        case "confirm":
          return {
            ...head,
            page: confirm,
            subject: t("customer.confirm.subject"),
            text: [
              t("answer.greeting"),
              t("customer.confirm.text"),
              t("customer.confirm.link", { link: confirm }),
              t("customer.confirm.ignore"),
              t("answer.closing", { site: name }),
            ].join("\n\n"),
          };
      }
    },
  };

  interface WordsInput {
    readonly report: StoredReport;
    readonly extraction: Extraction;
    readonly knowns: readonly LinkableIncident[];
    readonly findings: readonly DeepFinding[];
    readonly now: Date;
    readonly reachable: boolean;
    /** Whoever it is may be anybody: nothing rests on whose domain it is. */
    readonly stranger?: boolean;
  }

  function wordsFor(
    verdict: Verdict,
    { report, extraction, knowns, findings, now, reachable, stranger = false }: WordsInput,
  ): Said {
    const [best] = verdict.candidates;
    const about = knowns.find(({ id }) => id === best?.id) ?? null;
    if (verdict.answer === "not-a-fault")
      return {
        words: answerTo({
          answer: "not-a-fault",
          now,
          hours: HOURS,
          matter: matterOf(extraction),
          help: helpFor(extraction),
        }),
        about: null,
        sure: true,
      };
    const likely = best !== undefined && best.p >= WORTH_SAYING;
    // What is not public is said to somebody we know, and only that there is something.
    if (about && likely && (about.public || (verdict.decision === "auto" && !stranger))) {
      const sure = verdict.decision === "auto" && !stranger;
      return {
        words: wordsOfKnown(report, about, sure ? "sure" : "possible", now, reachable),
        about,
        sure,
      };
    }
    const words =
      verdict.answer === "individual" || (stranger ? leadsHere(findings) : findings.length > 0)
        ? answerTo(individual(extraction, findings, { report, now, stranger }))
        : answerTo({ answer: "new", now, hours: HOURS });
    return { words, about: null, sure: true };
  }

  function individual(
    extraction: Extraction,
    findings: readonly DeepFinding[],
    {
      report,
      now,
      stranger,
    }: { readonly report: StoredReport; readonly now: Date; readonly stranger: boolean },
  ): AnswerInput {
    // What leads to us and what it shows everybody may see; of any other name we know nothing to say.
    const seen = stranger && !leadsHere(findings) ? [] : findings;
    const target = findings.find(({ service }) => service === "dns")?.target;
    const named = extraction.mentions.find(
      ({ kind, aside }) => kind === "domain" && !aside,
    )?.written;
    return {
      answer: "individual",
      now,
      hours: HOURS,
      name: target ?? named ?? report.contact?.split("@")[1] ?? "",
      findings: seen,
      help: helpFor(extraction),
      cues: extraction.cues.map(({ cue }) => cue),
      symptom: extraction.symptoms[0]?.symptom ?? "other",
    };
  }

  function helpFor({ symptoms }: Extraction): Localized | null {
    const [first] = symptoms;
    return (first && help()[first.symptom]) ?? null;
  }

  function unread(report: StoredReport, now: Date, due: Date): Reading {
    const language = spoken(report.language);
    const words = answerTo({ answer: "new", now, hours: HOURS });
    return {
      extraction: null,
      verdict: null,
      weighed: [],
      findings: [],
      answer: answerOf(words, language, { about: null, sure: false }, now),
      queue: "fault",
      language,
      trusted: false,
      accountId: null,
      answerDueAt: due,
      joins: null,
      link: null,
      told: false,
      contactIsKnown: false,
      letter: writes()
        ? letterTo(report, false, letterFor(report, words, language), language)
        : null,
    };
  }
}

const leadsHere = (findings: readonly DeepFinding[]): boolean =>
  findings.some(({ service, outcome }) => service === "dns" && outcome === "up");

/** The engine links what is clear; a maintenance is nothing to be linked to yet. */
const linkOf = (verdict: Verdict, knowns: readonly LinkableIncident[]): Candidate | null => {
  const [best] = verdict.decision === "auto" ? verdict.candidates : [];
  return best && knowns.some(({ id }) => id === best.id) ? best : null;
};

/** An address that the account gave us, or one in a domain of its own. */
function isTheirs(
  contact: string | null,
  account: (Read & { readonly ok: true })["account"],
): boolean {
  if (contact === null || account === null) return false;
  const plain = contact.toLowerCase();
  const domain = plain.slice(plain.lastIndexOf("@") + 1);
  return (
    account.contacts.some((one) => one.toLowerCase() === plain) || account.domains.includes(domain)
  );
}

/** Found by what the channel or the sender's address says, and not by a name that anybody may give. */
const isCertain = ({ sender }: Verdict): boolean =>
  sender !== null && ["proven", "contact", "own-domain"].includes(sender.how);

/** Typed by our own staff, who read the answer themselves. */
const BY_STAFF: ReadonlySet<string> = new Set(["phone"]);

/**
 * Whether whoever reads the answer is the customer, or one of us: the channel proves it; a system of
 * ours answers to the address that it names; staff ask. What comes from the web may be anybody's.
 */
const isTrusted = ({ source, channel }: StoredReport, verdict: Verdict): boolean =>
  verdict.sender?.how === "proven" ||
  (source !== "web" &&
    source !== "anonymous" &&
    (source === "shell" || BY_STAFF.has(channel) || isCertain(verdict)));

const FIRST: ReadonlySet<StoredReport["hear"]> = new Set(["every", "first-and-fixed"]);

/** Known to be theirs: the answer. Else a question whether it is; nothing where none was given. */
function letterTo(
  report: StoredReport,
  mine: boolean,
  answer: LetterBody,
  language: string,
): LetterBody | null {
  if (report.contact === null || report.hear === "nothing") return null;
  if (mine) return report.hear === "fixed" ? null : answer;
  return { kind: "confirm", language, reference: report.reference };
}

const QUEUES: Readonly<Record<Matter, Queue>> = {
  billing: "billing",
  compensation: "billing",
  howto: "help",
  request: "help",
  other: "help",
  praise: "feedback",
  suggestion: "feedback",
  recovered: "feedback",
  asks: "feedback",
};

const queueOf = (verdict: Verdict, extraction: Extraction): Queue =>
  verdict.answer === "not-a-fault" ? QUEUES[matterOf(extraction)] : "fault";
