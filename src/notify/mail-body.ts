import { readFileSync } from "node:fs";
import ejs from "ejs";
import { VIEWS, type Texts } from "../texts.js";
import { SUSPICION_RAISED } from "../core/delivery.js";
import type { IncidentMessage, Message, SuspicionMessage } from "./channel.js";

/** A mail's words: one line for the subject, and the same content twice. */
export interface MailBody {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const SUBJECT_MAX = 160;
const SEEN_MAX = 15;
const REPORTS_MAX = 20;

/**
 * Writes a message as a mail. The subject is the same for every mail of an incident as long as its
 * title stays, so that mail programs keep them together; what is new stands in the body.
 */
export function writeMail(message: Message, texts: Texts): MailBody {
  const page = pageOf(message, texts);
  const subject = oneLine(`[${message.site.name}] ${page.title}`);
  return {
    subject: subject.length > SUBJECT_MAX ? `${subject.slice(0, SUBJECT_MAX - 1)}…` : subject,
    text: plain(page),
    html: renderPage(page),
  };
}

interface Page {
  readonly language: string;
  readonly label: string;
  readonly tone: "good" | "bad";
  readonly title: string;
  readonly headline: string;
  readonly paragraphs: readonly string[];
  readonly rows: readonly { readonly name: string; readonly value: string }[];
  readonly seen: { readonly title: string; readonly lines: readonly string[] } | null;
  readonly url: string;
  readonly read: string;
  readonly footer: string;
}

const pageOf = (message: Message, texts: Texts): Page =>
  message.event === SUSPICION_RAISED
    ? pageOfSuspicion(message, texts)
    : pageOfIncident(message, texts);

function pageOfSuspicion(message: SuspicionMessage, texts: Texts): Page {
  const { language, site, headline, text, url, suspicion } = message;
  const t = (key: string, params = {}): string => texts.t(language, key, params);
  const row = (key: string, value: string) => ({
    name: t(`suspicion.${key}`),
    value: oneLine(value),
  });
  return {
    language,
    label: t("suspicion.label"),
    tone: "bad",
    title: oneLine(headline),
    headline: oneLine(headline),
    paragraphs: text
      .split(/\n{2,}/)
      .map(clean)
      .filter(Boolean),
    rows: [
      ...(suspicion.words.length > 0 ? [row("words", suspicion.words.join(", "))] : []),
      row("reports", suspicion.reports.slice(0, REPORTS_MAX).join(", ")),
    ],
    seen: null,
    url,
    read: t("mail.read"),
    footer: t("mail.footer", { site: oneLine(site.name) }),
  };
}

function pageOfIncident(message: IncidentMessage, texts: Texts): Page {
  const { incident, language, site } = message;
  const t = (key: string, params = {}): string => texts.t(language, `mail.${key}`, params);
  const moment = (at: string | Date): string =>
    texts.moment(language, new Date(at), message.at, site.timezone);
  const title =
    incident.title[language] ?? incident.title["en"] ?? Object.values(incident.title)[0] ?? "";
  const promised = incident.nextUpdateAt;
  const label = t(message.event.replace("incident.", ""));
  const row = (name: string, value: string | null) =>
    value === null ? [] : [{ name: t(name), value: oneLine(value) }];
  return {
    language,
    label,
    tone: message.event === "incident.resolved" ? "good" : "bad",
    title: oneLine(title),
    // The label says it already.
    headline: withoutStart(oneLine(message.headline), `${label}: `),
    paragraphs: message.text
      .split(/\n{2,}/)
      .map(clean)
      .filter(Boolean),
    rows: [
      ...row("state", t(`states.${incident.state}`)),
      ...row("since", moment(incident.openedAt)),
      ...row("until", incident.resolvedAt && moment(incident.resolvedAt)),
      ...row("next", incident.resolvedAt ? null : promised && moment(promised)),
      ...row("cause", `${incident.cause.id} (${t(`causes.${incident.cause.kind}`)})`),
      ...row(
        "affected",
        incident.components.map(({ id }) => message.names?.[id] ?? id).join(", ") || null,
      ),
      ...row("audience", t(incident.public ? "public" : "internal")),
    ],
    seen: seenOf(message, t, moment),
    url: message.url,
    read: t("read"),
    footer: t("footer", { site: oneLine(site.name) }),
  };
}

function seenOf(
  { incident, details = {} }: IncidentMessage,
  t: (key: string, params?: Record<string, string | number>) => string,
  moment: (at: string) => string,
): { readonly title: string; readonly lines: readonly string[] } | null {
  // What still fails is what somebody woken at night looks for first.
  const evidence = incident.evidence.toSorted(
    (a, b) => Number(a.until !== null) - Number(b.until !== null),
  );
  if (evidence.length === 0) return null;
  const lines = evidence.slice(0, SEEN_MAX).map(({ monitor: id, reason: code, since, until }) => {
    const detail = details[id];
    const monitor = oneLine(id);
    // What was seen last belongs to what still fails; of what is over it would say "status 200".
    const reason = oneLine(detail === undefined || until !== null ? code : `${code}, ${detail}`);
    return until === null
      ? t("seenLine", { monitor, reason, since: moment(since) })
      : t("seenOver", { monitor, reason, since: moment(since), until: moment(until) });
  });
  const more = evidence.length - lines.length;
  return { title: t("seen"), lines: more > 0 ? [...lines, t("more", { count: more })] : lines };
}

function plain({ label, headline, paragraphs, rows, seen, url, read, footer }: Page): string {
  const table = rows.map(({ name, value }) => `${name}: ${value}`).join("\n");
  const list = seen ? [seen.title, ...seen.lines.map((line) => `- ${line}`)].join("\n") : "";
  return [`${label}: ${headline}`, ...paragraphs, table, list, `${read}: ${url}`, `-- \n${footer}`]
    .filter(Boolean)
    .join("\n\n");
}

let renderPage = (page: Page): string => {
  renderPage = ejs.compile(readFileSync(new URL("mail/incident.ejs", VIEWS), "utf8"));
  return renderPage(page);
};

const withoutStart = (text: string, start: string): string =>
  text.startsWith(start) ? text.slice(start.length) : text;

/** Without control characters, in one line: fit for a header or a cell. */
export const oneLine = (text: string): string => clean(text).replaceAll(/\s+/g, " ").trim();

/** Without control characters (line breaks stay) and without marks that turn the writing around. */
export const clean = (text: string): string =>
  text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\n]|[\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]|\p{Cs}/gu, " ")
    .trim();
