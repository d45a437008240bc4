import type { Request } from "express";
import type { Beat, Signal } from "../../core/heartbeat.js";

/** What a request to one of the push addresses says. */
export type Said = Pick<Beat, "signal" | "exitStatus" | "ms">;

const WORDS: Readonly<Record<string, Signal>> = { start: "start", fail: "fail", log: "log" };

/** The last part of `/beat/TOKEN/…`: nothing, a word, or an exit status; `null` for anything else. */
export function signalOf(word: string | undefined): Said | null {
  const said = (signal: Signal, exitStatus: number | null = null): Said => ({
    signal,
    exitStatus,
    ms: null,
  });
  if (word === undefined) return said("success");
  const named = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (named) return said(named);
  if (!/^\d{1,3}$/.test(word) || Number(word) > 255) return null;
  return said(word === "0" ? "success" : "fail", Number(word));
}

/** Uptime Kuma's push: everything but `up` is a failure, `ping` are milliseconds. */
export function pushOf(query: Request["query"]): Said & { readonly text: string | null } {
  const { status = "up", msg, ping } = query;
  const ms = typeof ping === "string" && /^\d{1,9}(\.\d{1,9})?$/.test(ping) ? Number(ping) : null;
  return {
    signal: status === "up" ? "success" : "fail",
    exitStatus: null,
    ms,
    text: typeof msg === "string" ? cleaned(msg) : null,
  };
}

/** So much of a body is kept (bytes); the rest is read and forgotten. */
export const MOST_TEXT = 10_000;
/** Whoever sends more than this (bytes) is answered before they have ended. */
const MOST_READ = 16 * 1_048_576;

/**
 * The beginning of a body as text. A job's output may be long, and its beat counts all the same. Rejects
 * where the sender hangs up.
 */
export function readText(req: Request): Promise<string | null> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    let read = 0;
    const end = (): void => {
      const bytes = Buffer.concat(chunks).subarray(0, MOST_TEXT);
      done(cleaned(bytes.toString("utf8")));
    };
    req.on("data", (chunk: Buffer) => {
      if (read < MOST_TEXT) chunks.push(chunk);
      read += chunk.length;
      if (read > MOST_READ) end();
    });
    req.on("end", end);
    req.on("error", fail);
    req.on("close", () => fail(new Error("The sender hung up.")));
  });
}

/** Text as it may be stored and shown: without what steers terminals, breaks lines aside. */
function cleaned(text: string): string | null {
  const clean = text
    .slice(0, MOST_TEXT)
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\n\t]|[\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd")
    .trimEnd();
  return clean === "" ? null : clean;
}
