import { createHash } from "node:crypto";
import { MAIL_ADDRESS, MAIL_ADDRESS_MAX } from "../../core/mail-address.js";
import { CHOICES, HEARING, type Choice, type Hearing } from "../../core/report.js";
import type { Posted } from "./form-body.js";

/** What somebody typed into the form, as it is shown to them again. */
export interface Typed {
  /** Ours, hidden in the form: the same form sent twice is one report. */
  readonly formId: string;
  readonly which: string;
  readonly choice: Choice | null;
  readonly text: string;
  readonly since: SinceChoice | null;
  readonly sinceText: string;
  readonly email: string;
  readonly name: string;
  readonly hear: Hearing;
}

export const SINCE = ["hour", "today", "yesterday", "days", "unknown"] as const;
type SinceChoice = (typeof SINCE)[number];

/** Characters taken of each field. */
export const LONGEST = {
  which: 300,
  text: 10_000,
  sinceText: 200,
  email: MAIL_ADDRESS_MAX,
  name: 200,
} as const;
type TextField = keyof typeof LONGEST;

/** The first that is wrong with a field, as a key below `report.error`. */
export interface Mistake {
  readonly field: TextField | "choice";
  readonly key: "what" | "email" | "long";
  readonly count: number;
}

const FORM_ID = /^[a-z0-9]{12,40}$/;

export const nothingTyped = (formId: string): Typed => ({
  formId,
  which: "",
  choice: null,
  text: "",
  since: null,
  sinceText: "",
  email: "",
  name: "",
  hear: "first-and-fixed",
});

/** What was typed, also where it is wrong; `newId` makes a number for a form that brought none. */
export function readTyped({ fields }: Posted, newId: () => string): Typed {
  const field = (name: string): string => cleaned(fields.get(name) ?? "");
  const formId = field("form");
  return {
    formId: FORM_ID.test(formId) ? formId : newId(),
    which: field("which"),
    choice: choiceOf(field("choice")),
    text: field("text"),
    since: SINCE.find((one) => one === field("since")) ?? null,
    sinceText: field("sinceText"),
    email: field("email"),
    name: field("name"),
    hear: HEARING.find((one) => one === field("hear")) ?? "first-and-fixed",
  };
}

export const choiceOf = (text: string): Choice | null =>
  Object.hasOwn(CHOICES, text) ? (text as Choice) : null;

/** Control characters but line breaks and tabs are nobody's words. */
export const cleaned = (text: string): string =>
  text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, " ")
    .trim();

/** In the order of the form. */
export function findMistakes(typed: Typed, cut: ReadonlySet<string>): Mistake[] {
  const mistakes: Mistake[] = [];
  const long = (field: TextField): void => {
    if (typed[field].length > LONGEST[field] || cut.has(field))
      mistakes.push({ field, key: "long", count: LONGEST[field] });
  };
  long("which");
  if (typed.choice === null && typed.text === "")
    mistakes.push({ field: "choice", key: "what", count: 1 });
  long("text");
  long("sinceText");
  if (typed.email !== "" && typed.email.length <= LONGEST.email && !MAIL_ADDRESS.test(typed.email))
    mistakes.push({ field: "email", key: "email", count: 1 });
  long("email");
  long("name");
  return mistakes;
}

/** The same form with the same words is the same report; with others, another one. */
export function sourceIdOf(typed: Typed): string {
  const words = createHash("sha256").update(JSON.stringify(typed)).digest("base64url");
  return `${typed.formId}.${words.slice(0, 16)}`;
}

/**
 * What is stored: plain lines in the customer's language, what happens first, so that it is read as
 * a mail is – by us and by people. `t` says texts below `report.`.
 */
export function compose(
  { which, choice, text, since, sinceText }: Omit<Typed, "formId" | "email" | "name" | "hear">,
  t: (key: string, params?: Readonly<Record<string, string>>) => string,
): string {
  const lines = [
    choice === null || choice === "other" ? "" : `${t(`choice.${choice}`)}.`,
    text,
    which === "" ? "" : t("said.which", { which: which.replaceAll(/\s+/g, " ") }),
    since === null || since === "unknown" ? "" : `${t(`since.${since}`)}.`,
    sinceText,
  ].filter((line) => line !== "");
  return lines.length > 0 ? lines.join("\n") : `${t("choice.other")}.`;
}
