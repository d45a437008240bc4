/** What can go wrong between us and whoever asked; each maps to one HTTP status in `web/site.ts`. */
export type ProblemCode =
  | "bad-input"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "too-many"
  | "unavailable";

/**
 * A failure we expect and can name. `message` is safe to show to whoever asked; what really
 * happened goes in `cause`, and only ever reaches the log.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
