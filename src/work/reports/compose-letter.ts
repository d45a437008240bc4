import { letterOf } from "../../core/answer.js";
import type { LetterBody } from "../../core/letter.js";
import type { Phrase } from "../../core/wording.js";
import type { Letter } from "../../notify/letters.js";
import type { Texts } from "../../texts.js";

/** The addresses that a letter may lead to. */
export interface LetterFrame {
  readonly page: string;
  /** The same page as only the customer for certain may see it. */
  readonly ownerPage: string;
  /** Proves that who opens it reads the mail. */
  readonly confirm: string;
}

export type Composed = Pick<
  Letter,
  "kind" | "language" | "subject" | "text" | "page" | "reference"
>;

const SECTIONS = {
  fault: { on: "customer.update", over: "customer.fixed" },
  work: { on: "customer.work", over: "customer.workOver" },
} as const;

/** A letter as it is sent at `at`; `site` is the operator's name. */
export function composeLetter(
  letter: LetterBody,
  at: Date,
  { page: plain, ownerPage, confirm }: LetterFrame,
  { texts, site }: { readonly texts: Texts; readonly site: string },
): Composed {
  const { kind, language, reference } = letter;
  const page = letter.toOwner === true ? ownerPage : plain;
  const t = (key: string, params: Phrase["params"] = {}): string => texts.t(language, key, params);
  const whole = (middle: readonly string[]): string => {
    const [greeting, ...end] = letterOf([], { site, reference, page }).map((phrase) =>
      texts.say(language, phrase),
    );
    return [greeting, ...middle, ...end].join("\n\n");
  };
  const head = { kind, language, page, reference };
  switch (letter.kind) {
    case "answer":
      return { ...head, subject: letter.subject, text: whole([letter.text]) };
    case "update": {
      const section = SECTIONS[letter.planned ? "work" : "fault"][letter.over ? "over" : "on"];
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
          t("answer.closing", { site }),
        ].join("\n\n"),
      };
  }
}
