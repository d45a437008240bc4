import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { AnyAuthMethod, AuthHandlerMiddleware, Client, ParsedKey } from "ssh2";
import { down, Failure } from "./failures.js";
import type { Phases } from "./phases.js";
import type { Verdict } from "./probe.js";
import { ssh2 } from "./ssh2.js";
import type { Visit } from "./visit.js";

/** Ten thousand names with what SFTP says of each. */
const MAX_TOTAL = 4 * 1024 * 1024;
const MAX_BEFORE = 8 * 1024;
const SHOWN = 200;
/** RFC 4253, section 12. */
const TOO_MANY_CONNECTIONS = 12;

/** Who logs in, and by what: a password, or a key. */
export interface Login {
  readonly username: string;
  readonly password?: string;
  readonly privateKey?: ParsedKey;
}

/** A server's banner, and the lines that it may send before (RFC 4253, section 4.2). */
export interface Greeting {
  readonly banner: string;
  readonly before: string;
}

export interface ShellPlan {
  /** `null`: the look ends with the host key. */
  readonly login: Login | null;
  readonly greeting: (greeting: Greeting) => void;
  /** Says of a host key, which the server has proven to hold, whether to go on; what is not up ends the look. */
  readonly judgeHostKey: (key: Buffer) => Verdict;
  /** What is done once logged in. */
  readonly talk: (client: Client) => Promise<void>;
}

/**
 * Speaks SSH over a visit's socket as far as the plan goes, and says goodbye. Rejects with a `Failure`
 * however the server ends it.
 */
export function openShell(visit: Visit, plan: ShellPlan): Promise<void> {
  const { socket, phases, signal } = visit;
  const client = new (ssh2().Client)();
  return new Promise<void>((done, fail) => {
    let hostKey: Buffer | null = null;
    let isAuthenticating = false;
    const wire = watched(socket, phases, fail);
    const ended = (): void => {
      const { banner, before } = wire.greeting();
      if (signal.aborted) return fail(new Error("aborted"));
      const reason = /MaxStartups|too many/i.test(before) ? "too-many-connections" : "closed-early";
      const isGreeted = banner !== "" || before === "";
      fail(new Failure(down(reason, isGreeted ? {} : { received: before.slice(0, SHOWN) })));
    };
    const converse = async (): Promise<void> => {
      try {
        await plan.talk(client);
        done();
      } catch (error) {
        fail(error);
      }
      client.end();
    };
    client.on("handshake", () => {
      plan.greeting(wire.greeting());
      const judged = plan.judgeHostKey(hostKey ?? Buffer.alloc(0));
      isAuthenticating = judged.outcome === "up" && plan.login !== null;
      if (isAuthenticating) return;
      if (judged.outcome === "up") done();
      else fail(new Failure(judged));
      client.end();
    });
    client.on("ready", () => {
      isAuthenticating = false;
      void converse();
    });
    client.on("error", (error) => {
      if (wire.greeting().banner !== "") plan.greeting(wire.greeting());
      fail(judgeShellError(error, isAuthenticating, wire.greeting()));
    });
    client.on("close", ended);
    wire.stream.on("close", ended);
    try {
      client.connect({
        sock: wire.stream,
        username: plan.login?.username ?? "probe",
        hostVerifier: (key: Buffer) => {
          hostKey = key;
          return true;
        },
        authHandler: loginSteps(plan.login),
        // The visit's signal is the clock.
        readyTimeout: 0,
      });
    } catch (error) {
      fail(error);
    }
  });
}

/** Tries each way to log in once; none without a login. */
function loginSteps(login: Login | null): AuthHandlerMiddleware {
  const steps: AnyAuthMethod[] = [];
  if (login?.privateKey)
    steps.push({ type: "publickey", username: login.username, key: login.privateKey });
  else if (login?.password !== undefined)
    steps.push(
      { type: "password", username: login.username, password: login.password },
      {
        // A server that asks in its own words: the password is the answer to a single question.
        type: "keyboard-interactive",
        username: login.username,
        prompt: (_name, _instructions, _language, prompts, answer) =>
          answer(prompts.length === 1 ? [login.password ?? ""] : []),
      },
    );
  return (left) => {
    let step = steps.shift();
    // `null` before the first try, when the server has not said yet what it takes.
    while (step && left !== null && !left.includes(step.type)) step = steps.shift();
    return step ?? false;
  };
}

function judgeShellError(
  error: Error & { level?: string; code?: unknown },
  isAuthenticating: boolean,
  { banner, before }: Greeting,
): Failure {
  const { level, code } = error;
  const told = { error: error.message.slice(0, SHOWN) };
  if (code === TOO_MANY_CONNECTIONS) return new Failure(down("too-many-connections", told));
  if (level === "client-authentication") return new Failure(down("auth-refused", told));
  if (typeof code === "number")
    return new Failure(down(isAuthenticating ? "auth-refused" : "service-closing", told));
  if (/MaxStartups|too many/i.test(before)) return new Failure(down("too-many-connections"));
  if (banner === "") {
    const isSilent = before === "";
    return new Failure(
      isSilent
        ? down("closed-early")
        : down("malformed-reply", { received: before.slice(0, SHOWN) }),
    );
  }
  if (level === "handshake") return new Failure(down("key-exchange-failed", told));
  return new Failure(down("malformed-reply", told));
}

/** The socket as a stream that is bounded in bytes, enters the phases and keeps what came before the banner. */
function watched(socket: Socket, phases: Phases, fail: (error: unknown) => void) {
  let total = 0;
  let head = "";
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, () => done()),
    final(done) {
      socket.end();
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  phases.enter("firstByte");
  socket.on("data", (chunk: Buffer) => {
    if (total === 0) phases.enter("transfer");
    total += chunk.length;
    if (head.length < MAX_BEFORE) head += chunk.toString("latin1", 0, MAX_BEFORE);
    if (total > MAX_TOTAL) {
      fail(new Failure(down("reply-too-large")));
      stream.destroy();
    } else if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => {
    fail(error);
    stream.destroy();
  });
  socket.on("close", () => stream.destroy());
  return {
    stream,
    greeting(): Greeting {
      const [, before = "", banner = ""] =
        /^((?:(?!SSH-)[^\n]*\n)*)(SSH-[^\r\n]*)/.exec(head) ?? [];
      return banner === "" ? { banner, before: head } : { banner, before: before.trim() };
    },
  };
}
