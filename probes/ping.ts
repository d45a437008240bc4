import { spawn } from "node:child_process";
import { codeOf, down, Failure, unknown } from "./failures.js";
import type { Reason } from "./reasons.js";
import type { Address } from "./resolver.js";

/** How many echo requests, how far apart, and how long the last one's answer is waited for. */
export interface PingPlan {
  readonly count: number;
  readonly spacingMs: number;
  readonly waitMs: number;
}

/** What came of it: requests sent, and the way there and back of each one answered, in milliseconds. */
export interface Echoes {
  readonly sent: number;
  readonly rttsMs: readonly number[];
  /** What routers on the way or our own stack said of it, if anything. */
  readonly complaint: Reason | null;
}

/** The command for an address of this family, without the options that all of them know. */
export type PingTool = (family: 4 | 6) => readonly [command: string, ...before: string[]];

/** Elsewhere one `ping` takes both kinds of addresses. */
export const systemPing: PingTool = (family) => [
  family === 6 && process.platform === "darwin" ? "ping6" : "ping",
];

/** Only here is looked for `ping`, and its words are English. */
const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
const MAX_OUTPUT = 32 * 1024;
const SHOWN = 200;
/** How long a `ping` that was told to end may take to say its last word. */
const LAST_WORD_MS = 500;

/**
 * Sends the echo requests by `tool`, without a shell and to an address alone, so that nothing from outside
 * becomes an option. `ping` is ended when the last answer's time is over, or with `signal`: what was seen
 * until then counts. Rejects with a `Failure` where it is missing (`ping-missing`), may not send
 * (`ping-not-permitted`) or fails at home.
 */
export function pingOnce(
  tool: PingTool,
  { address, family }: Address,
  { count, spacingMs, waitMs }: PingPlan,
  signal: AbortSignal,
): Promise<Echoes> {
  return new Promise((done, fail) => {
    if (signal.aborted) return fail(new Error("aborted"));
    const [command, ...before] = tool(family);
    const args = [...before, "-n", "-c", String(count), "-i", String(spacingMs / 1_000), address];
    const started = performance.now();
    const ping = spawn(command, args, { env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    let stopped = false;

    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      const spent = performance.now() - started;
      const said = readPing(output);
      const received = said.rttsMs.length;
      // Cut short, only what had its time to be answered may count as lost.
      const grownMs = received > 0 ? spent - waitMs : spent;
      const sent = said.sent ?? Math.min(count, Math.floor(grownMs / spacingMs) + 1);
      const failure = received > 0 ? null : failureOf(complaints);
      if (failure) return fail(failure);
      // It ended by itself and cannot have asked: killed from elsewhere, or no `ping` at all.
      if (said.sent === null && received === 0 && !stopped)
        return fail(new Failure(unknown("local-failure", { error: "ping said nothing" })));
      done({
        sent: Math.max(sent, received),
        rttsMs: said.rttsMs,
        complaint: said.complaint,
      });
    };
    const stop = (): void => {
      stopped = true;
      ping.kill("SIGKILL");
      settle();
    };
    // Asked to end, it still prints what it sent; who does not listen is killed.
    let timer = setTimeout(
      () => {
        stopped = true;
        ping.kill("SIGINT");
        timer = setTimeout(stop, LAST_WORD_MS);
      },
      (count - 1) * spacingMs + waitMs,
    );
    signal.addEventListener("abort", stop, { once: true });

    ping.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < MAX_OUTPUT) output += text;
    });
    ping.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaints.length < MAX_OUTPUT) complaints += text;
    });
    ping.on("error", (error) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      fail(startFailure(error));
    });
    ping.on("close", settle);
  });
}

/** What the output of iputils, busybox, inetutils and the BSDs says; `sent` is `null` before the summary. */
export function readPing(output: string): {
  sent: number | null;
  rttsMs: number[];
  complaint: Reason | null;
} {
  // An answer may come twice: the first of each number counts.
  const answered = new Map<string, number>();
  for (const [, number = "", time = ""] of output.matchAll(
    /(?:\b|_)seq[=:](\d{1,9})\b.*?\btime[=<:]\s?([\d.]{1,12})\s?ms/g,
  ))
    if (!answered.has(number)) answered.set(number, Number(time));
  const [, sent] = /(\d{1,9}) packets transmitted/.exec(output) ?? [];
  return {
    sent: sent === undefined ? null : Number(sent),
    rttsMs: [...answered.values()].filter((ms) => Number.isFinite(ms)),
    complaint: complaintIn(output),
  };
}

function complaintIn(text: string): Reason | null {
  if (/(?:Host|Address) (?:is )?unreachable|No route\b/i.test(text)) return "host-unreachable";
  if (/Net(?:work)? (?:is )?unreachable/i.test(text)) return "network-unreachable";
  return null;
}

/** What `ping` complained of before any answer came; `null` where it says nothing against us. */
function failureOf(complaints: string): Failure | null {
  const error = { error: complaints.trim().slice(0, SHOWN) };
  const unreachable = complaintIn(complaints);
  if (unreachable) return new Failure(down(unreachable));
  if (/sendmsg|sendto/i.test(complaints)) return new Failure(unknown("local-failure", error));
  if (/not permitted|permission denied|are you root|lacking privilege/i.test(complaints))
    return new Failure(unknown("ping-not-permitted", error));
  return complaints.trim() === "" ? null : new Failure(unknown("local-failure", error));
}

function startFailure(error: Error): Error {
  if (codeOf(error) === "ENOENT") return new Failure(unknown("ping-missing"));
  if (codeOf(error) === "EACCES" || codeOf(error) === "EPERM")
    return new Failure(unknown("ping-not-permitted", { error: error.message.slice(0, SHOWN) }));
  return error;
}
