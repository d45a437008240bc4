import type { Limits } from "../dialogue.js";
import { down, Failure } from "../failures.js";
import type { Verdict } from "../probe.js";
import { plainAnswer, type Login } from "./access.js";
import { argument, readResponse, type Part, type Response } from "./imap-response.js";
import type { Conversation, Protocol, Steps } from "./talk.js";

/** How a command ended, and what the server said meanwhile. */
export interface Answer {
  readonly status: string;
  readonly code: string;
  readonly text: string;
  readonly untagged: readonly Response[];
}

export interface ImapConversation extends Conversation {
  /** Whether `word` is among what the server says it can, e.g. `IDLE`. */
  can(word: string): boolean;
  /** Says a command with its arguments, each quoted as needed, and reads up to its end. */
  readonly command: (command: string, ...args: readonly string[]) => Promise<Answer>;
  /** The same; ends the look with `otherwise` unless the server says OK. */
  need(otherwise: Verdict, command: string, ...args: readonly string[]): Promise<Answer>;
  /**
   * Listens to what the server says of the folder (RFC 2177) until it says anything, or `woken` resolves, and
   * returns what it said.
   */
  idle(woken: Promise<unknown>): Promise<Answer>;
}

/** How much of one answer is read. */
const USUAL: Limits = { line: 16 * 1024, total: 256 * 1024, lines: 1_000 };

/** IMAP (RFC 3501, 9051) with STARTTLS, LOGIN and AUTHENTICATE PLAIN (RFC 4616, 4959). */
export const imapProtocol = (limits: Limits = USUAL): Protocol<ImapConversation> => ({
  limits,
  secretless: new Set(["greeting", "capability", "starttls"]),
  mindsCertificates: true,
  begin: beginImap,
});

function beginImap({ dialogue, facts, at, refuse }: Steps): ImapConversation {
  let capabilities: ReadonlySet<string> = new Set();
  let preauthenticated = false;
  let tags = 0;
  const nextTag = (): string => `a${(tags += 1)}`;

  const refusal = ({ status, code, text }: Answer) => ({
    ...(code !== "" && { code }),
    reply: `${status} ${text}`,
  });
  /** The next response to the command `tag`; a BYE ends the look. */
  const next = async (tag: string): Promise<Response> => {
    const response = await readResponse(dialogue);
    if (response.mark === tag || response.mark === "+") return response;
    if (response.mark !== "*")
      throw new Failure(down("malformed-reply", { received: response.mark }));
    if (response.parts[0] === "BYE")
      refuse(down("service-closing"), { reply: `BYE ${response.text}` });
    return response;
  };
  const ended = ({ parts, code, text }: Response, untagged: readonly Response[]): Answer => ({
    status: typeof parts[0] === "string" ? parts[0] : "",
    code,
    text,
    untagged,
  });

  /** Says the lines of one command, each but the first only when the server asks for it. */
  const converse = async (lines: readonly string[]): Promise<Answer> => {
    const tag = nextTag();
    const untagged: Response[] = [];
    const [first = "", ...rest] = lines;
    dialogue.renew();
    dialogue.send(`${tag} ${first}`);
    for (;;) {
      const response = await next(tag);
      if (response.mark === tag) return ended(response, untagged);
      if (response.mark === "*") {
        untagged.push(response);
        continue;
      }
      const more = rest.shift();
      if (more === undefined) throw new Failure(down("malformed-reply", { received: "+" }));
      dialogue.send(more);
    }
  };
  const command: ImapConversation["command"] = (word, ...args) => converse(linesOf(word, args));

  const ask = async (): Promise<void> => {
    const answer = await command("CAPABILITY");
    if (answer.status !== "OK") refuse(down("malformed-reply"), refusal(answer));
    const [first] = said(answer.untagged, "CAPABILITY");
    const words = (first?.rest ?? []).map(String);
    capabilities = new Set(words.map((word) => word.toUpperCase()));
    facts["capabilities"] = words.slice(0, 32);
  };

  return {
    goodbye: "z LOGOUT",
    can: (word) => capabilities.has(word),
    command,
    async need(otherwise, word, ...args) {
      const answer = await command(word, ...args);
      return answer.status === "OK" ? answer : refuse(otherwise, refusal(answer));
    },
    async greet() {
      const { mark, parts, code, text } = await readResponse(dialogue);
      const [status] = parts;
      if (mark !== "*" || typeof status !== "string" || !/^(OK|PREAUTH|BYE)$/.test(status))
        throw new Failure(down("malformed-reply"));
      if (status === "BYE") refuse(down("greeting-refused"), { reply: `BYE ${text}`, code });
      preauthenticated = status === "PREAUTH";
      return text;
    },
    offers: async () => {
      at("capability");
      await ask();
    },
    get offersTls() {
      // Who is let in before TLS began stays without it: section 6.2.1, CVE-2020-12398.
      return capabilities.has("STARTTLS") && !preauthenticated;
    },
    async startTls() {
      const answer = await command("STARTTLS");
      return answer.status === "OK" ? null : { facts: refusal(answer) };
    },
    async logIn(auth) {
      if (preauthenticated) return "PREAUTH";
      const login = loginLines(capabilities, auth);
      if (!login) throw new Failure(down("auth-missing"));
      const answer = await converse(login.lines);
      if (answer.status !== "OK") refuse(judgeLogin(answer), refusal(answer));
      // Much is offered only to those who have come in.
      await ask();
      return login.mechanism;
    },
    async idle(woken) {
      const tag = nextTag();
      const untagged: Response[] = [];
      let done = false;
      const finish = (): void => {
        if (!done) dialogue.send("DONE");
        done = true;
      };
      dialogue.renew();
      dialogue.send(`${tag} IDLE`);
      for (let begun = false; ;) {
        const coming = next(tag);
        if (begun && !done) await Promise.race([coming, woken.then(finish)]);
        const response = await coming;
        if (response.mark === tag) {
          done = true;
          return ended(response, untagged);
        }
        if (response.mark === "+") begun = true;
        // "* OK Still here" is said only to keep the line open.
        else if (response.parts[0] !== "OK") {
          untagged.push(response);
          if (begun) finish();
        }
      }
    },
  };
}

/** The lines of a command: arguments that cannot be quoted are literals, and begin new ones. */
function linesOf(command: string, args: readonly string[]): string[] {
  const lines = [command];
  for (const arg of args) {
    const [head = "", literal] = argument(arg);
    lines.push(`${lines.pop()} ${head}`);
    if (literal !== undefined) lines.push(literal);
  }
  return lines;
}

/** AUTHENTICATE PLAIN where it is offered, in one line where that may be (RFC 4959); else LOGIN, unless forbidden. */
function loginLines(
  capabilities: ReadonlySet<string>,
  auth: Login,
): { mechanism: string; lines: readonly string[] } | null {
  if (capabilities.has("AUTH=PLAIN")) {
    const answer = plainAnswer(auth);
    const asked = "AUTHENTICATE PLAIN";
    const lines = capabilities.has("SASL-IR") ? [`${asked} ${answer}`] : [asked, answer];
    return { mechanism: "PLAIN", lines };
  }
  if (capabilities.has("LOGINDISABLED")) return null;
  return { mechanism: "LOGIN", lines: linesOf("LOGIN", [auth.username, auth.password]) };
}

/** RFC 5530: what has nothing to do with this login is no refusal of it. */
const judgeLogin = ({ code }: Answer): Verdict =>
  /^(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b/.test(code)
    ? down("auth-unavailable")
    : down("auth-refused");

/** The untagged responses of that name, e.g. `FETCH`, with the number before it (0 where there is none). */
export function said(
  untagged: readonly Response[],
  name: string,
): { readonly number: number; readonly rest: readonly Part[] }[] {
  return untagged.flatMap(({ parts }) => {
    const [first, second] = parts;
    if (isWord(first, name)) return [{ number: 0, rest: parts.slice(1) }];
    if (isWord(second, name)) return [{ number: Number(first) || 0, rest: parts.slice(2) }];
    return [];
  });
}

const isWord = (part: Part | undefined, name: string): boolean =>
  typeof part === "string" && part.toUpperCase() === name;
