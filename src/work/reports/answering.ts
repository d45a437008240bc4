import {
  answerTo,
  matterOf,
  type AnswerInput,
  type AnswerWords,
  type Matter,
} from "../../core/answer.js";
import type { Candidate, Verdict } from "../../core/correlate/verdict.js";
import type { DeepFinding } from "../../core/deep-probe.js";
import type { Extraction } from "../../core/extract/extraction.js";
import type { Config } from "../../config/config.js";
import type { Localized } from "../../core/incident-view.js";
import type { LetterBody } from "../../core/letter.js";
import { isOver } from "../../core/maintenance.js";
import type { Answer } from "../../core/report.js";
import type { Phrase } from "../../core/wording.js";
import type { Read } from "../../reader/messages.js";
import type { Linkable } from "../../store/known-incidents.js";
import type { StoredReport } from "../../store/reports.js";
import type { Telling } from "../../store/ticket-adoption.js";
import type { Reading } from "../../store/ticket-reading.js";
import type { Queue, Ticket } from "../../store/tickets.js";
import type { Texts } from "../../texts.js";
import { composeLetter, type Composed, type LetterFrame } from "./compose-letter.js";
import { isCertain, isTheirs, isTrusted } from "./whose.js";

/** Puts what is made of a report into words for its customer, and never says more than they may know. */
export interface Answering {
  /** What is said while nobody has read it. */
  readonly receipt: (accepted: { readonly reference: string }, language: string | null) => Answer;
  /** Whether whoever reads the answer is the customer for certain, or one of us. */
  trusts(report: StoredReport, read: Read): boolean;
  readingOf(report: StoredReport, read: Read, known: KnownNow): Reading;
  /** For a report whose ticket was linked without a word, by the engine or by somebody. */
  tellingOf(report: StoredReport, ticket: Ticket, linked: LinkedTo, now: Date): Telling;
  /** For a report whose ticket somebody unlinked after its customer had been told. */
  withdrawalOf(report: StoredReport, ticket: Ticket, now: Date): Telling;
  /** What anybody may know of an incident that turned up after such a report; `null` where nothing. */
  hintOf(report: StoredReport, read: Read, knowns: readonly Linkable[], now: Date): Answer | null;
  /** The answer that a report was given, for an address that is known to be theirs by now. */
  answerAgain(report: StoredReport): LetterBody | null;
  /** A letter as it is sent. */
  compose(letter: LetterBody, at: Date, frame: LetterFrame): Composed;
}

export interface KnownNow {
  readonly knowns: readonly Linkable[];
  readonly findings: readonly DeepFinding[];
  readonly now: Date;
}

export interface LinkedTo {
  /** Somebody said so of this very ticket. */
  readonly picked: boolean;
  readonly incident: Linkable;
}

/** What is said, of which incident, and whether we are sure that it is theirs. */
interface Said {
  readonly words: AnswerWords;
  readonly about: Linkable | null;
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

  /** The public end of what is known: nothing else of it is ever said. */
  const wordsOfKnown = (
    report: StoredReport,
    known: Linkable,
    certainty: "sure" | "possible",
    now: Date,
    reachable: boolean,
  ): AnswerWords => {
    if (known.what === "maintenance") {
      const { title, state, startsAt, endsAt } = known;
      const maintenance = { title, begins: startsAt, ends: endsAt, over: isOver(state) };
      return answerTo({ answer: "maintenance", now, hours: HOURS, certainty, maintenance });
    }
    return answerTo({
      answer: "known",
      now,
      hours: HOURS,
      certainty,
      hears: reachable ? report.hear : null,
      incident: known.public
        ? {
            title: known.title,
            state: known.state,
            since: new Date(known.openedAt),
            until: known.resolvedAt === null ? null : new Date(known.resolvedAt),
            next: known.nextUpdateAt,
          }
        : null,
    });
  };

  const answerOf = (
    words: AnswerWords,
    language: string,
    { about, sure }: Pick<Said, "about" | "sure">,
    now: Date,
  ): Answer => {
    const named = about && isPublic(about) ? about : null;
    const next =
      named && named.what === "incident" && named.resolvedAt === null ? named.nextUpdateAt : null;
    const unsure = (words.kind === "known" || words.kind === "maintenance") && !sure;
    return {
      // "Known" is a promise that what is written goes with what we know.
      kind: words.kind === "not-a-fault" || unsure ? "none" : words.kind,
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
      const explained = whole.words.kind === "known" || whole.words.kind === "maintenance";
      const clock = trusted && explained && link !== null ? null : due;
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
        told: link !== null && telling && whole.about?.id === link.id && isPublic(whole.about),
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
      const over = isEnded(incident);
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

    withdrawalOf(report, ticket, now) {
      const language = spoken(report.language ?? ticket.language);
      const words = answerTo({ answer: "withdrawn", now, hours: HOURS });
      const named = report.answer?.kind === "known" || report.answer?.kind === "maintenance";
      const reachable = report.contactProof !== null && writes();
      const isOwners = report.contactProof === "inventory";
      const heard = report.trusted ? named && reachable : isOwners && writes();
      return {
        reportId: report.id,
        answer: named ? answerOf(words, language, { about: null, sure: false }, now) : null,
        letter:
          heard && FIRST.has(report.hear)
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

    compose: (letter, at, frame) =>
      composeLetter(letter, at, frame, { texts: texts(), site: site().name }),
  };

  interface WordsInput {
    readonly report: StoredReport;
    readonly extraction: Extraction;
    readonly knowns: readonly Linkable[];
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
    if (about && likely && (isPublic(about) || (verdict.decision === "auto" && !stranger))) {
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

/** Planned work is announced to everybody. */
const isPublic = (known: Linkable): boolean => known.what === "maintenance" || known.public;

const isEnded = (known: Linkable): boolean =>
  known.what === "maintenance" ? isOver(known.state) : known.resolvedAt !== null;

/** The engine links what is clear. */
const linkOf = (verdict: Verdict, knowns: readonly Linkable[]): Candidate | null => {
  const [best] = verdict.decision === "auto" ? verdict.candidates : [];
  return best && knowns.some(({ id }) => id === best.id) ? best : null;
};

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
