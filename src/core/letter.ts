import type { Localized } from "./incident-view.js";

/** What a letter to a customer says; put into words when it is sent. */
export type LetterBody = LetterHead &
  (
    | {
        /** What was decided on their report, already in words. */
        readonly kind: "answer";
        readonly subject: string;
        /** Paragraphs, separated by an empty line. */
        readonly text: string;
      }
    | {
        /** What their ticket is linked to goes on, or is over. */
        readonly kind: "update";
        readonly over: boolean;
        /** It is planned work; else an incident. */
        readonly planned?: boolean;
        /** Its id. */
        readonly incident: string;
        readonly title: Localized;
        readonly text: Localized;
        /** ISO 8601 */
        readonly nextUpdateAt: string | null;
      }
    | {
        /** Asks whether the address is theirs: nothing of the report is in it. */
        readonly kind: "confirm";
      }
  );

interface LetterHead {
  readonly language: string;
  readonly reference: string;
  /**
   * It goes to an address that the account gave us, on a report that anybody may have written: its
   * link shows more than what whoever wrote was shown.
   */
  readonly toOwner?: boolean;
}
