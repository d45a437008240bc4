import type { Span } from "../../core/extract/extraction.js";
import { CHOICES, HEARING, type Choice } from "../../core/report.js";
import {
  isLate,
  isOpen,
  judge,
  type PageIncident,
  type PageMaintenance,
  type PageModel,
} from "../../core/page.js";
import type { Attachment } from "../../store/attachments.js";
import type { CustomerMessage, CustomerPage } from "../../store/customer-page.js";
import type { Texts } from "../../texts.js";
import {
  createViews,
  momentOf,
  type Frame,
  type IncidentCard,
  type Look,
  type Moment,
} from "../page/view.js";
import type { WorkCard } from "../page/work-card.js";
import { FILE_MOST, FILES_MOST } from "./form-body.js";
import { rankKnown } from "./known.js";
import type { Refusal } from "./pictures.js";
import { LONGEST, SINCE, type Mistake, type Typed } from "./typed.js";

interface Option {
  readonly value: string;
  readonly label: string;
  readonly chosen: boolean;
}

export interface KnownView {
  readonly incidents: readonly (IncidentCard & { readonly fits: boolean })[];
  /** Planned work that goes on. */
  readonly work: readonly WorkCard[];
}

export interface FormView extends Frame {
  readonly action: string;
  /** Where the fitting incidents are asked for; the script adds what was typed. */
  readonly knownSrc: string;
  readonly typed: Typed;
  /** What is typed comes from us and not from a draft. */
  readonly kept: boolean;
  readonly groups: readonly { readonly name: string; readonly options: readonly Option[] }[];
  readonly sinces: readonly Option[];
  readonly hears: readonly Option[];
  readonly longest: typeof LONGEST;
  readonly notice: string | null;
  /** Field → what is wrong with it. */
  readonly errors: Readonly<Record<string, string>>;
  readonly summary: readonly { readonly href: string; readonly text: string }[];
  readonly focus: string | null;
  readonly pictures: { readonly most: number; readonly mb: number; readonly bytes: number };
  readonly known: KnownView;
}

export interface OwnView extends Frame {
  readonly action: string;
  readonly state: {
    readonly look: Look;
    readonly word: string;
    readonly text: string;
    readonly lines: readonly { readonly text: string; readonly late: boolean }[];
  };
  /** Nobody has read it yet. */
  readonly waiting: boolean;
  readonly sent: boolean;
  readonly reference: string;
  /** `Sent 10:58` */
  readonly sentAt: string;
  readonly answer: readonly string[];
  readonly incidents: readonly IncidentCard[];
  readonly work: readonly WorkCard[];
  readonly understood: {
    readonly which: string;
    readonly what: string;
    readonly since: string;
    readonly corrected: boolean;
    readonly choices: readonly Option[];
  } | null;
  readonly verdict: {
    readonly works: boolean;
    readonly broken: boolean;
    readonly takeBack: boolean;
  };
  readonly messages: readonly {
    readonly who: string;
    readonly mine: boolean;
    readonly at: Moment;
    readonly text: string;
    readonly undone: boolean;
  }[];
  readonly pictures: readonly {
    readonly href: string;
    readonly alt: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly canAdd: boolean;
  readonly hear: { readonly note: string | null; readonly options: readonly Option[] } | null;
  /** Pictures that were not kept, a line each. */
  readonly missing: readonly string[];
  /** What came of what they did before. */
  readonly notice: string | null;
  readonly limits: FormView["pictures"];
  readonly longest: typeof LONGEST;
  /** A number for each thing that may be said: pressing twice says it once. */
  readonly newId: () => string;
}

export interface ConfirmView extends Frame {
  readonly action: string;
  /** The address in question, which whoever reads this has. */
  readonly contact: string;
  readonly confirmed: boolean;
}

/** What came of the form before, to be said on it. */
export interface FormState {
  readonly typed: Typed;
  readonly kept: boolean;
  readonly mistakes: readonly Mistake[];
  readonly notice: string | null;
  /** Pictures were chosen, and the browser does not keep them. */
  readonly again: boolean;
}

const GROUPS: readonly (readonly [name: string, choices: readonly Choice[]])[] = [
  ["web", ["web.down", "web.slow", "web.error", "web.content"]],
  ["mail", ["mail.send", "mail.receive", "mail.login", "mail.webmail"]],
  ["rest", ["tls", "panel", "ftp", "domain", "other"]],
];
const MB = 1024 * 1024;
const PICTURES = { most: FILES_MOST, mb: FILE_MOST / MB, bytes: FILE_MOST };
/** Later than this (ms) the page no longer says "in a moment". */
const SOON_MS = 10 * 60_000;

/** The form and the customer's own page in one language at one moment. `model` is `null` before any page. */
export function createReportViews(
  texts: Texts,
  language: string,
  {
    site,
    model,
    at,
  }: { readonly site: PageModel["site"]; readonly model: PageModel | null; readonly at: Date },
) {
  const known = model ?? { ...NOTHING, site, asOf: at, createdAt: at };
  const views = createViews(texts, language, known, at);
  const { format } = views;
  const t = (key: string, params: Readonly<Record<string, string | number>> = {}): string =>
    texts.t(language, `report.${key}`, params);
  const inLanguage = (path: string): string =>
    site.languages.length < 2 ? path : `${path}?lang=${language}`;
  const optionsOf = (
    key: string,
    values: readonly string[],
    chosen: string | null,
  ): readonly Option[] =>
    values.map((value) => ({ value, label: t(`${key}.${value}`), chosen: value === chosen }));

  const frame = (path: string, title: string, icon: Look): Frame => {
    const plain = views.frame(path, title, icon);
    return { ...plain, asOf: model ? plain.asOf : null };
  };

  const knownView = (typed: {
    readonly which: string;
    readonly choice: Choice | null;
  }): KnownView => {
    const what = typed.choice
      ? `${t(`choice.${typed.choice}`)} ${t(`symptom.${CHOICES[typed.choice]}`)}`
      : "";
    const ranked = rankKnown(known, language, { which: typed.which, what });
    return {
      incidents: ranked.map(({ incident, fits }) => ({ ...views.card(incident), fits })),
      work: judge(known, at).underWay.map(views.work),
    };
  };

  return {
    t,
    known: knownView,
    understoodOf,

    /** `/report` */
    form({ typed, kept, mistakes, notice, again }: FormState): FormView {
      const errors: Record<string, string> = {};
      for (const { field, key, count } of mistakes) errors[field] ??= t(`error.${key}`, { count });
      if (again) errors["pictures"] = t("error.again");
      const [first] = mistakes;
      const title = t("title", { site: site.name });
      return {
        ...frame("/report", first ? t("said.title", { title }) : title, "new"),
        reportHref: null,
        action: inLanguage("/report"),
        knownSrc: `/report/known?lang=${language}`,
        typed,
        kept,
        groups: GROUPS.map(([name, choices]) => ({
          name: t(`what.${name}`),
          options: optionsOf("choice", choices, typed.choice),
        })),
        sinces: optionsOf("since", SINCE, typed.since),
        hears: optionsOf("hear", HEARING, typed.hear),
        longest: LONGEST,
        notice,
        errors,
        summary: mistakes.map(({ field }) => ({
          href: `#${field === "choice" ? `choice-${GROUPS[0]?.[1][0]}` : field}`,
          text: errors[field] ?? "",
        })),
        focus: first?.field ?? null,
        pictures: PICTURES,
        known: knownView(typed),
      };
    },

    /** `/report/:id/confirm/:seal`: nothing of the report is on it. */
    confirm(path: string, contact: string, confirmed: boolean): ConfirmView {
      const heading = texts.t(
        language,
        confirmed ? "customer.confirmed.heading" : "customer.confirm.subject",
      );
      return {
        ...secretFrame(`${heading} – ${site.name}`, confirmed ? "ok" : "new"),
        action: inLanguage(path),
        contact,
        confirmed,
      };
    },

    /** `/report/:id/:seal` while nobody has read it, wherever it is. */
    waiting({
      path,
      reference,
      receivedAt,
      sent,
      refusals,
      newId,
    }: OwnOptions & {
      readonly reference: string;
      readonly receivedAt: number;
    }): OwnView {
      const late = at.getTime() - receivedAt > SOON_MS;
      return {
        ...ownFrame(reference, t("state.waiting.word"), "new"),
        ...bare(path, sent, refusals, newId),
        state: {
          look: "new",
          word: t("state.waiting.word"),
          text: t("state.waiting.text"),
          lines: [{ text: t(late ? "state.waiting.later" : "state.waiting.more"), late: false }],
        },
        waiting: true,
        reference,
        sentAt: t("own.sent", { at: format.moment(new Date(receivedAt)) }),
      };
    },

    /** `/report/:id/:seal`, read. `incidents` are the public ones it is linked to. */
    own({
      path,
      page,
      incidents,
      work,
      pictures,
      sent,
      notice,
      refusals,
      newId,
    }: OwnOptions & {
      readonly page: CustomerPage;
      readonly incidents: readonly PageIncident[];
      /** Planned work that it is linked to. */
      readonly work: readonly PageMaintenance[];
      readonly pictures: readonly Attachment[];
      readonly notice: "saved" | "full" | null;
    }): OwnView {
      const { report, ticket, messages } = page;
      const open = incidents.find(isOpen);
      const worked = messages.some(({ kind, mine, undone }) => mine && kind === "works" && !undone);
      const state = ticket?.state ?? "looking";
      const fault = ticket?.queue === "fault";
      const planned = work.length > 0 && incidents.length === 0;
      const shown = stateOf(page, { open, planned }, worked);
      const watching = open?.state === "monitoring";
      return {
        ...ownFrame(report.reference, shown.word, shown.look),
        ...bare(path, sent, refusals, newId),
        state: {
          look: shown.look,
          word: shown.word,
          text: shown.text,
          lines: [...shown.more.map((text) => ({ text, late: false })), ...promiseOf(page, open)],
        },
        reference: report.reference,
        sentAt: t("own.sent", { at: format.moment(new Date(report.receivedAt)) }),
        answer: (report.answer?.text ?? "").split(/\n{2,}/).filter(Boolean),
        incidents: incidents.map((incident) => sinceThen(views.card(incident), report.receivedAt)),
        work: work.map((one) => sinceThen(views.work(one), report.receivedAt)),
        understood: understoodOf(page),
        verdict: {
          works: fault && state !== "closed",
          broken:
            fault && (state === "fixed" || state === "closed" || (state === "known" && watching)),
          takeBack: state === "closed" && worked,
        },
        messages: [
          {
            who: t("own.first"),
            mine: true,
            at: momentOf(format, new Date(report.receivedAt)),
            text: [report.subject, report.text].filter(Boolean).join("\n\n"),
            undone: false,
          },
          // What stands above as our answer is not said twice.
          ...messages
            .filter(({ kind, text }) => kind !== "answer" || text !== report.answer?.text)
            .flatMap(messageOf),
        ],
        pictures: pictures.map(({ id, width, height }, index) => ({
          href: `${path}/pictures/${id}`,
          alt: t("picture.alt", { n: index + 1 }),
          width,
          height,
        })),
        canAdd: true,
        hear: {
          note:
            report.contact === null
              ? t("own.hearingNone")
              : report.contactProof === null
                ? t("own.hearingUnproven")
                : null,
          options: report.contact === null ? [] : optionsOf("hear", HEARING, report.hear),
        },
        notice: notice && t(`own.${notice}`),
      };
    },
  };

  function ownFrame(reference: string, word: string, look: Look): Frame {
    return secretFrame(`${word} – ${t("own.title", { reference, site: site.name })}`, look);
  }

  function secretFrame(title: string, look: Look): Frame {
    const plain = frame("/report", title, look);
    return {
      ...plain,
      asOf: null,
      languages: plain.languages.map((one) => ({ ...one, href: `?lang=${one.code}` })),
    };
  }

  function bare(path: string, sent: boolean, refusals: readonly Refusal[], newId: () => string) {
    return {
      action: inLanguage(path),
      waiting: false,
      sent,
      answer: [],
      incidents: [],
      work: [],
      understood: null,
      verdict: { works: false, broken: false, takeBack: false },
      messages: [],
      pictures: [],
      canAdd: false,
      hear: null,
      missing: refusals.map(({ n, why }) => t(`picture.${why}`, { n, size: PICTURES.mb })),
      notice: null,
      limits: PICTURES,
      longest: LONGEST,
      newId,
    };
  }

  function stateOf(
    { ticket }: CustomerPage,
    { open, planned }: { readonly open: PageIncident | undefined; readonly planned: boolean },
    worked: boolean,
  ): {
    readonly look: Look;
    readonly word: string;
    readonly text: string;
    readonly more: readonly string[];
  } {
    const said = (state: string, look: Look) => ({
      look,
      word: t(`state.${state}.word`),
      text: t(`state.${state}.text`),
      more: [],
    });
    switch (ticket?.state) {
      case "closed":
        return { ...said("closed", "ok"), more: worked ? [t("state.closed.byYou")] : [] };
      case "fixed":
        return said("fixed", "ok");
      case "known":
        if (planned) return said("planned", "work");
        return open?.state === "monitoring"
          ? { ...said("fixed", "ok"), text: texts.t(language, "page.headline.watching") }
          : said("known", "slow");
      case "looking":
      case undefined:
        if (ticket && ticket.queue !== "fault") return said("other", "new");
        return said("looking", "work");
    }
  }

  /** The incident's promise before our own, since that is where somebody works. */
  function promiseOf(
    { ticket }: CustomerPage,
    open: PageIncident | undefined,
  ): { readonly text: string; readonly late: boolean }[] {
    if (ticket?.state !== "known" && ticket?.state !== "looking") return [];
    const due = open?.nextUpdateAt ?? (ticket.state === "looking" ? ticket.answerDueAt : null);
    if (!due) return [];
    const late = open?.nextUpdateAt ? isLate(open, at) : at >= due;
    return [{ text: t(late ? "own.nextLate" : "own.nextBy", { at: format.moment(due) }), late }];
  }

  /** What was said since they wrote, or the last word where nothing was. */
  function sinceThen<Card extends Pick<IncidentCard, "updates">>(
    card: Card,
    receivedAt: number,
  ): Card {
    const later = card.updates.filter(({ at: moment }) => Date.parse(moment.stamp) >= receivedAt);
    return { ...card, updates: later.length > 0 ? later : card.updates.slice(0, 1) };
  }

  function messageOf(message: CustomerMessage): OwnView["messages"] {
    const text = wordsOf(message);
    return text === ""
      ? []
      : [
          {
            who: t(message.mine ? "own.you" : "own.us"),
            mine: message.mine,
            at: momentOf(format, message.at),
            text,
            undone: message.undone,
          },
        ];
  }

  function wordsOf({ kind, text }: CustomerMessage): string {
    switch (kind) {
      case "works":
        return t("own.saidWorks");
      case "broken":
        return t("own.saidBroken");
      case "corrected":
        return `${t("own.saidCorrected")}\n${text}`;
      case "answer":
      case "update":
      case "note":
        return text;
    }
  }

  /** In their own words wherever they said it: only these are surely theirs to read. */
  function understoodOf({ report, messages }: CustomerPage): OwnView["understood"] {
    const { extraction } = report;
    if (!extraction) return null;
    const passage = ({ field, from, to }: Span): string =>
      field === "said" ? "" : (report[field] ?? "").slice(from, to).trim();
    const corrections = messages.flatMap(({ corrected }) => corrected ?? []);
    const which = corrections.findLast((one) => one.which !== null)?.which;
    const choice = corrections.findLast((one) => one.choice !== null)?.choice ?? null;
    const since = corrections.findLast((one) => one.since !== null)?.since;
    const named = extraction.mentions
      .filter(({ kind, aside }) => !aside && ABOUT.has(kind))
      .map(({ span }) => passage(span));
    const { since: read } = extraction;
    const exactly = read?.precision === "minute" || read?.precision === "hour";
    const began = read?.from ?? read?.to ?? null;
    return {
      which: which ?? [...new Set(named)].slice(0, 5).join(", "),
      what: choice
        ? t(`choice.${choice}`)
        : t(`symptom.${extraction.symptoms[0]?.symptom ?? "other"}`),
      since:
        since ??
        (read === null
          ? ""
          : exactly && began !== null
            ? t("own.about", { at: format.moment(new Date(began)) })
            : passage(read.span)),
      corrected: corrections.length > 0,
      choices: optionsOf("choice", Object.keys(CHOICES), choice),
    };
  }
}

interface OwnOptions {
  /** The page's own address, below the site's. */
  readonly path: string;
  /** It has just been sent. */
  readonly sent: boolean;
  readonly refusals: readonly Refusal[];
  readonly newId: () => string;
}

const ABOUT: ReadonlySet<string> = new Set(["domain", "mailbox", "server", "ip"]);

const NOTHING: Omit<PageModel, "site" | "asOf" | "createdAt"> = {
  pageId: "000000000000",
  workerWordAt: null,
  components: [],
  incidents: [],
  maintenances: [],
  olderBefore: null,
};
