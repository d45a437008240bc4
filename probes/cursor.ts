import { down, Failure } from "./failures.js";

/** Walks through bytes from outside; whoever reads past their end fails as `malformed-reply`. */
export interface Cursor {
  readonly left: () => number;
  take(count: number): Buffer;
  /** The text up to the next NUL, which is skipped. */
  text(): string;
  rest(): Buffer;
}

export const malformed = (): Failure => new Failure(down("malformed-reply"));

export function cursorOver(bytes: Buffer): Cursor {
  let at = 0;
  const take = (count: number): Buffer => {
    if (count < 0 || at + count > bytes.length) throw malformed();
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    left: () => bytes.length - at,
    take,
    text() {
      const end = bytes.indexOf(0, at);
      if (end < 0) throw malformed();
      const text = bytes.toString("utf8", at, end);
      at = end + 1;
      return text;
    },
    rest: () => take(bytes.length - at),
  };
}
