import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { secure, type Handshake } from "./connect.js";
import { openDialogue, type Dialogue } from "./dialogue.js";
import { encryptionBlock, handshakeFor } from "./encryption.js";
import { degraded, down, Failure, up, worse } from "./failures.js";
import { openData } from "./ftp-list.js";
import {
  judgeFtpReply,
  readEpsv,
  readFtpReply,
  readPasv,
  type FtpReply,
  type FtpStage,
} from "./ftp-replies.js";
import { placeTarget, readPlace } from "./place.js";
import type { Eyes, Probe, Verdict } from "./probe.js";
import { masked } from "./secrets.js";
import { trusted } from "./secured.js";
import { readSettings } from "./settings.js";
import { familyWord, visitPlace, type Visit } from "./visit.js";

const target = placeTarget(false);

const MODES = ["explicit", "implicit", "offered", "plain"] as const;
const LOGIN = "expected { username, password }";
const PATH = "expected a path such as / or /pub, or false";
/** One line, since it becomes part of a command. */
const word = (most: number) =>
  z
    .string({ error: LOGIN })
    .min(1, { error: LOGIN })
    .max(most)
    .regex(/^[^\r\n\0]*$/, { error: LOGIN });

const options = z.strictObject({
  /** How it is encrypted: AUTH TLS, from the first byte on, AUTH TLS where offered (else degraded), or not. */
  mode: z.enum(MODES, { error: `expected one of ${MODES.join(", ")}` }).optional(),
  tls: encryptionBlock.prefault({}),
  auth: z
    .strictObject(
      {
        username: word(255),
        password: word(1_024),
        /** Lets the login go over a connection without TLS. */
        plaintext: z.boolean({ error: "expected true or false" }).default(false),
      },
      { error: LOGIN },
    )
    .optional(),
  /** A folder to be listed, anonymously where there is no `auth`. */
  list: z
    .union(
      [
        z.literal(false),
        z
          .string()
          .min(1)
          .max(1_000)
          .regex(/^[^\r\n\0]+$/),
      ],
      { error: PATH },
    )
    .default(false),
  family: familyWord,
});
type Options = z.output<typeof options>;

/** What a monitor asks for, with the defaults of its port. */
interface Plan extends Options {
  readonly host: string;
  readonly mode: (typeof MODES)[number];
}

/** RFC 1635; what nobody minds to be read on the way. */
const ANONYMOUS = { username: "anonymous", password: "probe@", plaintext: true };

/**
 * A file server that greets us, encrypts, lets us log in and lists a folder – as far as each is asked
 * for – is up. Degraded: no AUTH TLS where it is merely `offered`. Down: any refusal, a certificate that is not
 * trusted, and a data connection that does not come about: mostly a firewall before the passive ports. It is opened to
 * the address of the control connection, whatever the server says. Facts: `greeting`, `features`, `tls`, `list`;
 * after a refusal `stage`, `code` and `reply`, in which the login is masked.
 */
export const ftp: Probe = {
  kind: "ftp",
  target,
  options,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "ftp");
    const place = readPlace(
      readSettings(target, aim, "target"),
      settings.mode === "implicit" ? 990 : 21,
    );
    if (!place) throw new Error("target: expected host[:port]");
    const { auth } = settings;
    const usual =
      place.port === 990 ? "implicit" : auth && !auth.plaintext ? "explicit" : "offered";
    const plan: Plan = { ...settings, host: place.host, mode: settings.mode ?? usual };
    if (auth && !auth.plaintext && (plan.mode === "plain" || plan.mode === "offered"))
      throw new Error("ftp.auth: a login without TLS needs plaintext: true");
    const where = { ...place, family: settings.family };
    return (signal) => visitPlace(eyes, where, signal, (visit) => converse(plan, eyes, visit));
  },
};

/** A conversation, and the one way in which a refusal ends it. */
interface Talk {
  readonly dialogue: Dialogue;
  /** Says a line (or nothing) and reads the reply, which must be one of these. */
  readonly ask: (
    stage: FtpStage,
    line: string | null,
    expected: readonly number[],
  ) => Promise<FtpReply>;
}

async function converse(plan: Plan, eyes: Eyes, visit: Visit): Promise<Verdict> {
  const { facts, phases, signal } = visit;
  const handshake = handshakeFor(plan.host, plan.tls);
  let verdict = up();
  let { socket }: { socket: Socket } = visit;
  if (plan.mode === "implicit") {
    const secured = await secure(socket, handshake, phases, signal);
    verdict = trusted(secured, plan.host, plan.tls, visit);
    socket = secured;
  }
  const dialogue = openDialogue(socket, phases, signal);
  const secrets = plan.auth ? [plan.auth.password, plan.auth.username] : [];
  let stage: FtpStage = "greeting";
  let isSecretSaid = false;
  const talk: Talk = {
    dialogue,
    async ask(next, line, expected) {
      stage = next;
      isSecretSaid ||= next === "login";
      if (line !== null) dialogue.send(line);
      const reply = await readFtpReply(dialogue);
      const refusal = judgeFtpReply(next, reply, expected);
      if (!refusal) return reply;
      Object.assign(facts, { code: reply.code, reply: masked(reply.text, secrets) });
      throw new Failure(refusal);
    },
  };
  try {
    facts["greeting"] = (await talk.ask("greeting", null, [220])).text;
    if (plan.mode === "explicit" || plan.mode === "offered") {
      const encrypted = await encrypt(plan, talk, handshake, visit);
      verdict = worse(verdict, encrypted.verdict);
      socket = encrypted.socket ?? socket;
    }
    const features = await featuresOf(talk);
    facts["features"] = features.slice(0, 20).map((feature) => feature.slice(0, 60));
    const login = plan.auth ?? (plan.list === false ? null : ANONYMOUS);
    if (login) await logIn(talk, login);
    if (plan.list !== false) await list(plan.list, talk, { eyes, visit, socket, handshake });
    dialogue.close("QUIT");
    return verdict;
  } catch (error) {
    dialogue.close("QUIT");
    facts["stage"] = stage;
    if (!(error instanceof Failure)) throw error;
    // Raw text after a login could repeat it, whole or cut in two.
    const { received, ...shown } = error.verdict.facts ?? {};
    const told = received === undefined || isSecretSaid ? shown : { ...shown, received };
    throw new Failure(worse({ ...error.verdict, facts: told }, verdict));
  }
}

/** AUTH TLS (RFC 4217). Where it is merely `offered`, a server that does not have it is degraded. */
async function encrypt(
  plan: Plan,
  { dialogue, ask }: Talk,
  handshake: Handshake,
  visit: Visit,
): Promise<{ verdict: Verdict; socket: TLSSocket | null }> {
  const isNeeded = plan.mode === "explicit";
  const reply = await ask(
    "auth-tls",
    "AUTH TLS",
    [234, 334, 500, 501, 502, 504, 530, 533, 534, 431],
  );
  if (reply.code !== 234 && reply.code !== 334) {
    // vsftpd without TLS says 530: that one should log in first.
    const isRefusal = [431, 533, 534].includes(reply.code);
    const reason = isRefusal ? "tls-refused" : "tls-missing";
    const seen = { code: reply.code, reply: reply.text };
    if (isNeeded) throw new Failure(down(reason, seen));
    return { verdict: degraded(reason, seen), socket: null };
  }
  const { socket, dropped } = await dialogue.upgrade(handshake);
  if (dropped > 0) visit.facts["droppedBytes"] = dropped;
  return { verdict: trusted(socket, plan.host, plan.tls, visit), socket };
}

/** FEAT (RFC 2389); servers of old do not know it. */
async function featuresOf({ ask }: Talk): Promise<readonly string[]> {
  const { code, lines } = await ask("feat", "FEAT", [211, 500, 501, 502, 503, 530, 550]);
  return code === 211 ? lines.slice(1, -1).map((line) => line.trim()) : [];
}

async function logIn(
  { ask }: Talk,
  { username, password }: { username: string; password: string },
): Promise<void> {
  const { code } = await ask("login", `USER ${username}`, [230, 232, 331]);
  if (code === 331) await ask("login", `PASS ${password}`, [202, 230]);
}

interface Ways {
  readonly eyes: Eyes;
  readonly visit: Visit;
  /** The control connection as it is now. */
  readonly socket: Socket;
  readonly handshake: Handshake;
}

/** Lists a folder over a passive connection and notes how much there was. */
async function list(
  path: string,
  { ask }: Talk,
  { eyes, visit, socket, handshake }: Ways,
): Promise<void> {
  const isEncrypted = socket instanceof TLSSocket;
  if (isEncrypted) {
    // RFC 4217: in this order, and before any transfer.
    await ask("pbsz", "PBSZ 0", [200]);
    await ask("prot", "PROT P", [200]);
  }
  await ask("cwd", `CWD ${path}`, [200, 250]);
  const port = await passivePort(ask);
  const data = await openData(eyes, socket, port, visit);
  try {
    await ask("list", "LIST", [125, 150]);
    const session = isEncrypted ? socket.getSession() : undefined;
    // Many servers insist that the data connection takes up the control connection's session.
    const encrypted = isEncrypted
      ? await data.encrypt({ ...handshake, ...(session && { session }) })
      : {};
    const listing = await data.read();
    visit.facts["list"] = { ...listing, ...encrypted };
    // What was cut short the server calls aborted.
    await ask("list", null, listing.cut ? [226, 250, 425, 426, 450, 451] : [226, 250]);
  } finally {
    data.close();
  }
}

/** EPSV, which works with IPv6 too and has no address to believe in; PASV where it is not known. */
async function passivePort(ask: Talk["ask"]): Promise<number> {
  const extended = await ask("passive", "EPSV", [229, 500, 501, 502, 503, 522, 550]);
  const port =
    extended.code === 229
      ? readEpsv(extended.text)
      : readPasv((await ask("passive", "PASV", [227])).text);
  if (port === null) throw new Failure(down("malformed-reply", { received: extended.text }));
  return port;
}
