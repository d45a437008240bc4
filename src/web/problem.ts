import type { Response } from "express";
import type { ProblemCode } from "../errors.js";

export const STATUS_OF: Readonly<Record<ProblemCode, number>> = {
  "bad-input": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-many": 429,
  unavailable: 503,
};

const TITLES: Readonly<Record<ProblemCode, string>> = {
  "bad-input": "The request is not as expected.",
  unauthorized: "A token is needed.",
  forbidden: "This token may not do that.",
  "not-found": "Not found.",
  conflict: "That does not fit the present state.",
  "too-many": "Too many requests.",
  unavailable: "Not available at the moment.",
};

/** Answers with a problem document (RFC 9457); `detail` is safe to show. */
export function sendProblem(res: Response, code: ProblemCode, detail: string): void {
  const status = STATUS_OF[code];
  if (code === "unauthorized") res.setHeader("WWW-Authenticate", 'Bearer realm="tudunk"');
  if (code === "unavailable") res.setHeader("Retry-After", "10");
  if (code === "too-many") res.setHeader("Retry-After", "60");
  res
    .status(status)
    .type("application/problem+json")
    .send(
      JSON.stringify({ type: `urn:tudunk:problem:${code}`, title: TITLES[code], status, detail }),
    );
}
