import { secure } from "../connect.js";
import { openDialogue, type Dialogue, type Limits } from "../dialogue.js";
import { handshakeFor, judgeSecured } from "../encryption.js";
import { degraded, down, Failure, up, worse } from "../failures.js";
import type { Fact, Facts, Verdict } from "../probe.js";
import type { Visit } from "../visit.js";
import { masked, withoutSecrets, type Access, type Login } from "./access.js";

/** What the steps of a conversation with a mail server share. */
export interface Steps {
  readonly dialogue: Dialogue;
  /** What is noted here is shown, also when a later step fails. */
  readonly facts: Record<string, Fact>;
  /** The address that we speak from. */
  readonly localAddress: string | undefined;
  /** Names the step that begins: the fact `stage` where it fails. */
  readonly at: (stage: string) => void;
  /** Ends the look; what `facts` repeats of the login is masked. */
  readonly refuse: (verdict: Verdict, facts?: Facts) => never;
}

/** A refusal of STARTTLS as the server put it; `closing` where that ends the conversation. */
export interface Refused {
  readonly facts: Facts;
  readonly closing?: Verdict;
}

/** One protocol's way through the steps that all of them have. */
export interface Conversation {
  /** Reads the greeting, whose text it returns. */
  greet(): Promise<string>;
  /** Asks what is offered; anew once TLS is there. */
  offers(): Promise<void>;
  readonly offersTls: boolean;
  /** `null` is the go-ahead. */
  startTls(): Promise<Refused | null>;
  /** Logs in and returns the mechanism by which. */
  logIn(auth: Login): Promise<string>;
  /** The line that says goodbye. */
  readonly goodbye: string;
}

export interface Protocol<C extends Conversation> {
  readonly limits?: Limits;
  /** Before these nothing secret was said that a reply could repeat. */
  readonly secretless: ReadonlySet<string>;
  /** Whether those who use it refuse a bad certificate also where encryption is merely offered. */
  readonly mindsCertificates: boolean;
  begin(steps: Steps): C;
}

/**
 * Comes in as `access` says – greeting, TLS, login – and lets `inside` find the verdict. A password goes
 * out only over TLS that was found good, unless the login says `plaintext`. Notes `greeting`, `tls` and
 * `login`; where it fails the `stage`. Rejects with what ended it, a `Failure` or an error of the socket.
 */
export async function converse<C extends Conversation>(
  protocol: Protocol<C>,
  access: Access,
  visit: Visit,
  inside: (conversation: C, steps: Steps) => Promise<Verdict>,
): Promise<Verdict> {
  const { facts, phases, signal } = visit;
  let verdict = up();
  let { socket } = visit;
  if (access.implicitTls) {
    const secured = await secure(socket, handshakeFor(access.host, access.tls), phases, signal);
    const judged = judgeSecured(secured, access.host, access.tls, visit.now);
    facts["tls"] = judged.facts;
    if (judged.verdict?.outcome === "down") return judged.verdict;
    verdict = judged.verdict ?? verdict;
    socket = secured;
  }
  const dialogue = openDialogue(socket, phases, signal, protocol.limits);
  let stage = "greeting";
  const steps: Steps = {
    dialogue,
    facts,
    localAddress: socket.localAddress,
    at(next) {
      stage = next;
    },
    refuse(refusal, seen = {}) {
      Object.assign(facts, maskedFacts(seen, access.auth));
      throw new Failure(refusal);
    },
  };
  const conversation = protocol.begin(steps);
  try {
    facts["greeting"] = await conversation.greet();
    await conversation.offers();
    if (!access.implicitTls && access.starttls !== "never") {
      steps.at("starttls");
      const encrypted = await encrypt(protocol, access, visit, conversation, dialogue);
      if (encrypted.verdict.outcome === "down") throw new Failure(encrypted.verdict);
      verdict = worse(verdict, encrypted.verdict);
      if (encrypted.done) await conversation.offers();
    }
    if (access.auth) {
      steps.at("auth");
      facts["login"] = await conversation.logIn(access.auth);
    }
    verdict = worse(verdict, await inside(conversation, steps));
    dialogue.close(conversation.goodbye);
    return verdict;
  } catch (error) {
    dialogue.close(conversation.goodbye);
    facts["stage"] = stage;
    if (!(error instanceof Failure)) throw error;
    // Raw text after a login could repeat it, whole or cut in two.
    const { received, ...shown } = error.verdict.facts ?? {};
    const isTold = received !== undefined && (!access.auth || protocol.secretless.has(stage));
    const told = { ...error.verdict, facts: isTold ? { ...shown, received } : shown };
    throw new Failure(worse(told, verdict));
  } finally {
    Object.assign(facts, withoutSecrets(facts, access.auth));
  }
}

/** STARTTLS, where offered. `done` says that the conversation begins anew, encrypted. */
async function encrypt<C extends Conversation>(
  { mindsCertificates }: Protocol<C>,
  { host, starttls, tls, auth }: Access,
  { facts, now }: Visit,
  conversation: C,
  dialogue: Dialogue,
): Promise<{ verdict: Verdict; done: boolean }> {
  const isNeeded = starttls === "required" || (auth && !auth.plaintext);
  const lacking = isNeeded ? down : degraded;
  if (!conversation.offersTls) return { verdict: lacking("starttls-missing"), done: false };
  const refused = await conversation.startTls();
  if (refused) {
    const seen = maskedFacts(refused.facts, auth);
    return { verdict: refused.closing ?? lacking("starttls-refused", seen), done: false };
  }
  const { socket, dropped } = await dialogue.upgrade(handshakeFor(host, tls));
  if (dropped > 0) facts["droppedBytes"] = dropped;
  const judged = judgeSecured(socket, host, tls, now);
  facts["tls"] = judged.facts;
  if (!judged.verdict) return { verdict: up(), done: true };
  const isMinded = mindsCertificates || starttls === "required" || auth !== undefined;
  const { outcome, reason } = judged.verdict;
  return { verdict: { outcome: isMinded ? outcome : "degraded", reason }, done: true };
}

const maskedFacts = (facts: Facts, auth: Login | undefined): Facts =>
  Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name,
      typeof fact === "string" ? masked(fact, auth) : fact,
    ]),
  );
