import type { LetterFrame } from "./answer.js";
import { letterOf } from "./answer.js";
import type { Localized } from "./incident-view.js";
import type { Hearing } from "./report.js";
import type { Phrase } from "./wording.js";

/** A letter to a customer that is not the first answer: a subject and one phrase a paragraph. */
export interface LetterWords {
  readonly subject: Phrase;
  readonly paragraphs: readonly Phrase[];
}

/** What changed about the incident that their report is linked to, as the public was told. */
export const updateLetter = (
  news: {
    readonly title: Localized;
    readonly text: Localized;
    readonly next: Date | null;
    readonly now: Date;
  },
  frame: LetterFrame,
): LetterWords => ({
  subject: say("update.subject"),
  paragraphs: letterOf(
    [
      say("update.lead", { title: news.title }),
      say("update.text", { text: news.text }),
      ...(news.next && news.next > news.now
        ? [{ keys: ["incident.next"], params: { next: news.next, now: news.now } } as const]
        : []),
    ],
    frame,
  ),
});

/** It is over: asks whether it is for them too. `works` and `broken` are whole addresses. */
export const fixedLetter = (
  news: {
    readonly title: Localized;
    readonly text: Localized;
    readonly works: string;
    readonly broken: string;
  },
  frame: LetterFrame,
): LetterWords => ({
  subject: say("fixed.subject"),
  paragraphs: letterOf(
    [
      say("fixed.lead", { title: news.title }),
      say("update.text", { text: news.text }),
      say("fixed.ask"),
      say("fixed.yes", { works: news.works }),
      say("fixed.no", { broken: news.broken }),
    ],
    frame,
  ),
});

/** We have it, the answer follows; and how much they will hear. */
export const receiptLetter = (hear: Hearing, frame: LetterFrame): LetterWords => ({
  subject: say("receipt.subject"),
  paragraphs: letterOf([say("receipt.text"), say(`hearing.${hear}`)], frame),
});

/** Asks whether the address is theirs. Whoever gets it by mistake learns nothing of the report. */
export const confirmLetter = ({
  link,
  site,
}: {
  readonly link: string;
  readonly site: string;
}): LetterWords => ({
  subject: say("confirm.subject"),
  paragraphs: [
    { keys: ["answer.greeting"], params: {} },
    say("confirm.text"),
    say("confirm.link", { link }),
    say("confirm.ignore"),
    { keys: ["answer.closing"], params: { site } },
  ],
});

const say = (key: string, params: Phrase["params"] = {}): Phrase => ({
  keys: [`customer.${key}`],
  params,
});
