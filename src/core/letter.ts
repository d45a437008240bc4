/** What a letter to a customer says, in their language, as it was decided. */
export interface LetterBody {
  readonly kind: "answer" | "update" | "confirm";
  readonly language: string;
  readonly subject: string;
  /** Paragraphs, separated by an empty line. */
  readonly text: string;
  readonly reference: string;
  /** The customer's own page, named in the text. */
  readonly page: string;
}
