import { degraded, down, Failure } from "../failures.js";
import type { Verdict } from "../probe.js";
import { plainAnswer } from "./access.js";
import type { Conversation, Protocol, Steps } from "./talk.js";

export interface Pop3Conversation extends Conversation {
  /** Says a line; ends the look as `otherwise` unless the reply is `+OK`, and returns the text behind that. */
  readonly need: (otherwise: Verdict, line: string) => Promise<string>;
  /** Says a line; whether the reply is `+OK`. */
  readonly tell: (line: string) => Promise<boolean>;
  /** As `need`, for a reply of many lines, which it returns. */
  readonly list: (otherwise: Verdict, line: string) => Promise<readonly string[]>;
}

/** POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595), USER and PASS, and AUTH PLAIN (RFC 5034). */
export const pop3Protocol: Protocol<Pop3Conversation> = {
  limits: { line: 8 * 1024, total: 1024 * 1024, lines: 50_000 },
  secretless: new Set(["greeting", "capability", "starttls"]),
  mindsCertificates: true,
  begin: beginPop3,
};

function beginPop3({ dialogue, facts, at, refuse }: Steps): Pop3Conversation {
  let offered: readonly string[] | null = null;

  /** `+OK text` or `-ERR text`; `+ text` asks for more. */
  const read = async (): Promise<{ mark: string; text: string }> => {
    const line = await dialogue.line();
    const [, mark, text = ""] = /^(\+OK|-ERR|\+)(?:\s+(.*))?$/is.exec(line) ?? [];
    if (mark === undefined)
      throw new Failure(down("malformed-reply", { received: line.slice(0, 200) }));
    return { mark: mark.toUpperCase(), text };
  };
  const say = (line: string) => {
    dialogue.renew();
    dialogue.send(line);
    return read();
  };
  /** Lines up to the one with a lone dot (section 3). */
  const lines = async (): Promise<string[]> => {
    const all: string[] = [];
    for (;;) {
      const line = await dialogue.line();
      if (line === ".") return all;
      all.push(line.startsWith(".") ? line.slice(1) : line);
    }
  };
  const need: Pop3Conversation["need"] = async (otherwise, line) => {
    const { mark, text } = await say(line);
    return mark === "+OK" ? text : refuse(otherwise, codeAndReply(text));
  };
  const letIn = ({ mark, text }: { mark: string; text: string }): void => {
    if (mark !== "+OK") refuse(judgeLogin(text), codeAndReply(text));
  };

  return {
    goodbye: "QUIT",
    need,
    tell: async (line) => (await say(line)).mark === "+OK",
    async list(otherwise, line) {
      await need(otherwise, line);
      return lines();
    },
    async greet() {
      const { mark, text } = await read();
      if (mark !== "+OK") refuse(down("greeting-refused"), codeAndReply(text));
      return text;
    },
    async offers() {
      at("capability");
      const { mark } = await say("CAPA");
      // A server of old knows no CAPA, and USER and PASS alone.
      offered = mark === "+OK" ? (await lines()).map((line) => line.trim().toUpperCase()) : null;
      facts["capabilities"] = (offered ?? []).slice(0, 20).map((word) => word.slice(0, 60));
    },
    get offersTls() {
      return offered?.includes("STLS") ?? false;
    },
    async startTls() {
      const { mark, text } = await say("STLS");
      return mark === "+OK" ? null : { facts: codeAndReply(text) };
    },
    async logIn(auth) {
      const sasl = offered?.find((line) => /^SASL\b/.test(line))?.split(/\s+/) ?? [];
      if (sasl.includes("PLAIN")) {
        const asked = await say("AUTH PLAIN");
        letIn(asked.mark === "+" ? await say(plainAnswer(auth)) : asked);
        return "PLAIN";
      }
      if (offered && !offered.includes("USER")) throw new Failure(down("auth-missing"));
      letIn(await say(`USER ${auth.username}`));
      letIn(await say(`PASS ${auth.password}`));
      return "USER";
    },
  };
}

/** `[IN-USE] busy` → its code (RFC 2449, 3206), and all of it. */
function codeAndReply(text: string): { code?: string; reply: string } {
  const [, code] = /^\[([A-Z0-9/-]{1,40})\]/i.exec(text) ?? [];
  return { ...(code !== undefined && { code: code.toUpperCase() }), reply: text };
}

/** Who holds the mailbox just now, or asks too often, has a login that is right. */
function judgeLogin(text: string): Verdict {
  const code = codeAndReply(text).code ?? "";
  if (code === "IN-USE" || code === "LOGIN-DELAY") return degraded("try-later");
  return code.startsWith("SYS") ? down("auth-unavailable") : down("auth-refused");
}
