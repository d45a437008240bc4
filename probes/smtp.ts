import { z } from "zod";
import { secure } from "./connect.js";
import { openDialogue, type Dialogue, type Reply } from "./dialogue.js";
import { encryptionBlock, handshakeFor, judgeSecured } from "./encryption.js";
import { degraded, down, Failure, up, worse } from "./failures.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { judgeSmtpReply, loginSteps, offerOf, type Offer, type Stage } from "./smtp-replies.js";
import { ehloName } from "./starttls.js";
import { familyWord, visitPlace, type Visit } from "./visit.js";

const target = placeTarget(false);

const ADDRESS = "expected a mail address such as probe@example.hu";
/** Strict, as the address becomes part of a command. */
const ADDRESS_FORM = /^[^\s"<>(),:;@\\\p{Cc}]{1,64}@[^\s"<>(),:;@\\\p{Cc}]{1,253}$/u;
const address = z.string({ error: ADDRESS }).regex(ADDRESS_FORM, { error: ADDRESS });
const NAME = "expected a host name or an address literal such as [192.0.2.1]";
const LOGIN = "expected { username, password }";
const STARTTLS = ["required", "offered", "never"] as const;

const options = z.strictObject({
  /** `offered`: used where offered, degraded where not. Default: required on 587, else offered. */
  starttls: z.enum(STARTTLS, { error: `expected one of ${STARTTLS.join(", ")}` }).optional(),
  /** TLS from the first byte on; default: on port 465. */
  implicitTls: z.boolean({ error: "expected true or false" }).optional(),
  tls: encryptionBlock.prefault({}),
  /** How we call ourselves; default: this machine's name, or its address in brackets. */
  ehlo: z
    .string({ error: NAME })
    .regex(/^(?:[A-Za-z0-9.-]{1,253}|\[[A-Za-z0-9.:]{2,60}\])$/, { error: NAME })
    .optional(),
  auth: z
    .strictObject(
      {
        username: z.string({ error: LOGIN }).min(1).max(255),
        password: z.string({ error: LOGIN }).min(1).max(1_024),
        /** Lets the login go over a connection without TLS. */
        plaintext: z.boolean({ error: "expected true or false" }).default(false),
      },
      { error: LOGIN },
    )
    .optional(),
  /** Asks whether this mail would be taken, and sends none; an empty `from` is the null sender. */
  mail: z
    .strictObject(
      { from: z.union([address, z.literal("")], { error: ADDRESS }), to: address },
      { error: "expected { from, to }" },
    )
    .optional(),
  family: familyWord,
});
type Options = z.output<typeof options>;

/** What a monitor asks for, with the defaults of its port. */
interface Plan extends Options {
  readonly host: string;
  readonly starttls: (typeof STARTTLS)[number];
  readonly implicitTls: boolean;
}

/**
 * A mail server that greets us, accepts EHLO, encrypts, lets us log in and would take the mail – as far as
 * each is asked for – is up. Degraded: STARTTLS not offered or refused where it is merely `offered`, a sender
 * or recipient to be tried later (4xx: greylisting), and there a certificate that cannot be trusted, which
 * sending servers do not mind. Down: 421 anywhere, any other refusal, and a missing or bad encryption where it is
 * required or a login is to follow: a password goes out only over TLS that was found good, unless
 * `auth.plaintext`. Facts: `greeting`, `offers`, `login`, `tls`; after a refusal `stage`, `code`, `enhanced`
 * (RFC 3463) and `reply`, in which the login is masked.
 */
export const smtp: Probe = {
  kind: "smtp",
  target,
  options,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "smtp");
    const place = readPlace(readSettings(target, aim, "target"), 25);
    if (!place) throw new Error("target: expected host[:port]");
    const plan: Plan = {
      ...settings,
      host: place.host,
      implicitTls: settings.implicitTls ?? place.port === 465,
      starttls: settings.starttls ?? (place.port === 587 ? "required" : "offered"),
    };
    if (plan.auth && !plan.auth.plaintext && !plan.implicitTls && plan.starttls === "never")
      throw new Error("smtp.auth: a login without TLS needs plaintext: true");
    const where = { ...place, family: settings.family };
    return (signal) => visitPlace(eyes, where, signal, (visit) => converse(plan, visit));
  },
};

/** Before these nothing secret was said that a reply could repeat. */
const SECRETLESS: ReadonlySet<Stage> = new Set(["connect", "greeting", "ehlo", "starttls"]);

/** A conversation, the stage it is at, and the one way in which a refusal ends it. */
interface Talk {
  readonly dialogue: Dialogue;
  readonly at: (stage: Stage) => void;
  /** Ends the look unless the reply is what the stage needs. */
  readonly need: (reply: Reply, expected: readonly number[]) => void;
}

async function converse(plan: Plan, visit: Visit): Promise<Verdict> {
  const { facts, phases, signal } = visit;
  let verdict = up();
  let { socket } = visit;
  if (plan.implicitTls) {
    const secured = await secure(socket, handshakeFor(plan.host, plan.tls), phases, signal);
    const judged = judgeSecured(secured, plan.host, plan.tls, visit.now);
    facts["tls"] = judged.facts;
    if (judged.verdict?.outcome === "down") return judged.verdict;
    verdict = judged.verdict ?? verdict;
    socket = secured;
  }
  const dialogue = openDialogue(socket, phases, signal);
  let stage: Stage = "greeting";
  const talk: Talk = {
    dialogue,
    at(next) {
      stage = next;
    },
    need(reply, expected) {
      const refused = judgeSmtpReply(stage, reply, expected);
      if (!refused) return;
      Object.assign(facts, refused.facts, { reply: mask(reply.text, plan) });
      throw new Failure(refused.verdict);
    },
  };
  const name = plan.ehlo ?? ehloName(socket.localAddress);
  try {
    const greeting = await dialogue.read();
    talk.need(greeting, [220]);
    facts["greeting"] = greeting.text;
    let offer = await greet(talk, name);
    if (!plan.implicitTls && plan.starttls !== "never") {
      talk.at("starttls");
      const encrypted = await encrypt(plan, visit, dialogue, offer);
      if (encrypted.verdict.outcome === "down") throw new Failure(encrypted.verdict);
      verdict = worse(verdict, encrypted.verdict);
      if (encrypted.done) offer = await greet(talk, name);
    }
    facts["offers"] = offer.words;
    if (plan.auth) facts["login"] = await logIn(talk, offer, plan.auth);
    if (plan.mail) await offerMail(talk, plan.mail);
    dialogue.close("QUIT");
    return verdict;
  } catch (error) {
    dialogue.close("QUIT");
    facts["stage"] = stage;
    if (!(error instanceof Failure)) throw error;
    // Raw text after a login could repeat it, whole or cut in two.
    const { received, ...shown } = error.verdict.facts ?? {};
    const isTold = received !== undefined && (!plan.auth || SECRETLESS.has(stage));
    const told = { ...error.verdict, facts: isTold ? { ...shown, received } : shown };
    throw new Failure(worse(told, verdict));
  }
}

async function greet({ dialogue, at, need }: Talk, name: string): Promise<Offer> {
  at("ehlo");
  let reply = await dialogue.say(`EHLO ${name}`);
  // Before 1995 there was HELO only (RFC 5321, section 3.2).
  if ([500, 502, 504].includes(reply.code)) reply = await dialogue.say(`HELO ${name}`);
  need(reply, [250]);
  return offerOf(reply);
}

/** Logs in and returns the mechanism by which. */
async function logIn(
  { dialogue, at, need }: Talk,
  offer: Offer,
  auth: NonNullable<Plan["auth"]>,
): Promise<string> {
  at("auth");
  const login = loginSteps(offer, auth);
  if (!login) throw new Failure(down("auth-missing"));
  let reply = await dialogue.say(login.command);
  for (const answer of login.answers) {
    need(reply, [334]);
    reply = await dialogue.say(answer);
  }
  need(reply, [235]);
  return login.mechanism;
}

/** Names sender and recipient, and takes both back. */
async function offerMail(
  { dialogue, at, need }: Talk,
  { from, to }: NonNullable<Plan["mail"]>,
): Promise<void> {
  at("mail");
  need(await dialogue.say(`MAIL FROM:<${from}>`), [250]);
  at("rcpt");
  need(await dialogue.say(`RCPT TO:<${to}>`), [250, 251, 252]);
  at("rset");
  need(await dialogue.say("RSET"), [250]);
}

/** STARTTLS, where offered. `done` says that the conversation begins anew, encrypted. */
async function encrypt(
  plan: Plan,
  { facts, now }: Visit,
  dialogue: Dialogue,
  offer: Offer,
): Promise<{ verdict: Verdict; done: boolean }> {
  const isNeeded = plan.starttls === "required" || (plan.auth && !plan.auth.plaintext);
  const lacking = isNeeded ? down : degraded;
  if (!offer.starttls) return { verdict: lacking("starttls-missing"), done: false };
  const answer = await dialogue.say("STARTTLS");
  if (answer.code === 421) return { verdict: down("service-closing"), done: false };
  if (answer.code !== 220) {
    const seen = { code: answer.code, reply: mask(answer.text, plan) };
    return { verdict: lacking("starttls-refused", seen), done: false };
  }
  const { socket, dropped } = await dialogue.upgrade(handshakeFor(plan.host, plan.tls));
  if (dropped > 0) facts["droppedBytes"] = dropped;
  const judged = judgeSecured(socket, plan.host, plan.tls, now);
  facts["tls"] = judged.facts;
  if (!judged.verdict) return { verdict: up(), done: true };
  const isMinded = plan.starttls === "required" || plan.auth !== undefined;
  const { outcome, reason } = judged.verdict;
  return { verdict: { outcome: isMinded ? outcome : "degraded", reason }, done: true };
}

/** The text without the login, should a server repeat it. */
function mask(text: string, { auth }: Plan): string {
  if (!auth) return text;
  const { username, password } = auth;
  const secrets = [
    Buffer.from(`\0${username}\0${password}`).toString("base64"),
    Buffer.from(password).toString("base64"),
    Buffer.from(username).toString("base64"),
    password,
    username,
  ];
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, "•••"), text);
}
