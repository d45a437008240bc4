import { createHash } from "node:crypto";
import { cursorOver, malformed } from "./cursor.js";
import {
  databaseOptions,
  databaseTarget,
  judgeAnswer,
  readDatabasePlan,
  type Answer,
  type DatabasePlan,
} from "./database.js";
import { milliseconds } from "./duration.js";
import { handshakeFor } from "./encryption.js";
import { down, Failure, up, worse } from "./failures.js";
import { openPackets, type Packets } from "./packets.js";
import {
  firstColumn,
  int32,
  message,
  oneRowOf,
  readComplaint,
  readMessage,
  SSL_REQUEST,
  startup,
  TERMINATE,
  type Message,
} from "./postgres-wire.js";
import type { Probe, Reason, Verdict } from "./probe.js";
import { startScram } from "./scram.js";
import { masked } from "./secrets.js";
import { trusted } from "./secured.js";
import { visitPlace, type Visit } from "./visit.js";

/**
 * A PostgreSQL server that encrypts, lets us log in and answers a query as expected – as far as each is
 * asked for – is up. The query runs in a read-only transaction, as one statement, with a time of its own, and
 * brings one row. Degraded: only by `warn`. Facts: `tls`, `version`, `readOnly`, `value`, `queryMs`; after a
 * refusal `sqlstate` and `error`.
 */
export const postgres: Probe = {
  kind: "postgres",
  target: databaseTarget,
  options: databaseOptions,
  prepare(aim, raw, eyes) {
    const plan = readDatabasePlan("postgres", aim, raw, 5_432);
    return (signal) => visitPlace(eyes, plan, signal, (visit) => converse(plan, visit));
  },
};

async function converse(plan: DatabasePlan, visit: Visit): Promise<Verdict> {
  const packets = openPackets(visit.socket, visit.phases, visit.signal);
  let verdict = plan.encrypt === "never" ? up() : await encrypt(plan, packets, visit);
  const { auth } = plan;
  if (!auth) {
    packets.close();
    return verdict;
  }
  const talk = talkOver(packets, [auth.password], visit);
  packets.write(
    startup({
      user: auth.username,
      database: plan.database ?? auth.username,
      application_name: "probe",
      client_encoding: "UTF8",
    }),
  );
  await logIn(talk, packets, auth);
  const isReadOnly = await begin(talk, packets, plan);
  visit.facts["readOnly"] = isReadOnly;
  if (plan.query !== undefined) {
    const started = performance.now();
    packets.write(oneRowOf(plan.query));
    const answer = await talk.answer("query");
    visit.facts["queryMs"] = Math.round((performance.now() - started) * 100) / 100;
    verdict = worse(verdict, judgeAnswer(answer, plan, visit.facts));
  }
  if (plan.writable && isReadOnly) verdict = worse(verdict, down("read-only"));
  // Rolled back first: a pooler would close its own connection to the server over an open transaction.
  packets.close(Buffer.concat([message("Q", "ROLLBACK"), TERMINATE]));
  return verdict;
}

/** Asks for TLS: one letter is the answer (PostgreSQL, section 54.2.11). */
async function encrypt(plan: DatabasePlan, packets: Packets, visit: Visit): Promise<Verdict> {
  packets.write(SSL_REQUEST);
  const answer = (await packets.take(1)).toString("latin1");
  if (answer === "S") {
    const { socket, dropped } = await packets.upgrade(handshakeFor(plan.host, plan.tls));
    // In plain text behind the letter anybody on the way could have put it there (CVE-2021-23222).
    if (dropped > 0) visit.facts["droppedBytes"] = dropped;
    return trusted(socket, plan.host, plan.tls, visit);
  }
  if (answer === "E") {
    const length = (await packets.take(4)).readInt32BE() - 4;
    if (length < 0) throw malformed();
    throw refusal(await packets.take(length), "login", [], visit);
  }
  if (answer !== "N") throw malformed();
  if (plan.encrypt === "required") throw new Failure(down("tls-missing"));
  return up();
}

/** What an answer is awaited for: it decides what a refusal means. */
type Stage = "login" | "query";

interface Talk {
  /** The next message that is neither a notice nor a refusal. */
  next(stage: Stage): Promise<Message>;
  /** Reads until the server is ready again and returns the first row. */
  answer(stage: Stage): Promise<Answer>;
}

function talkOver(packets: Packets, secrets: readonly string[], visit: Visit): Talk {
  const next = async (stage: Stage): Promise<Message> => {
    for (;;) {
      const got = await readMessage(packets);
      if (got.type === "E") throw refusal(got.body, stage, secrets, visit);
      if (got.type === "S") noteSetting(got.body, visit);
      // Notices, notifications and keys for cancelling say nothing here.
      else if (!"NAKv".includes(got.type)) return got;
    }
  };
  return {
    next,
    async answer(stage) {
      let first: Answer = { value: null, hasRow: false };
      for (;;) {
        const { type, body } = await next(stage);
        if (type === "Z") return first;
        if (type === "D" && !first.hasRow) first = { value: firstColumn(body), hasRow: true };
        // COPY waits for us, or would send whole tables.
        if ("GHW".includes(type)) throw new Failure(down("query-failed", { error: "COPY" }));
      }
    },
  };
}

async function logIn(
  talk: Talk,
  packets: Packets,
  { username, password }: { username: string; password: string },
): Promise<void> {
  const scram = startScram(password);
  let isProven = true;
  for (;;) {
    const { type, body } = await talk.next("login");
    if (type === "Z") return;
    if (type !== "R") throw malformed();
    const cursor = cursorOver(body);
    const kind = cursor.take(4).readInt32BE();
    const said = cursor.rest();
    switch (kind) {
      case 0:
        if (!isProven) throw malformed();
        break;
      case 3:
        packets.write(message("p", password));
        break;
      case 5:
        packets.write(message("p", md5Answer(username, password, said)));
        break;
      case 10: {
        if (!said.toString("latin1").split("\0").includes("SCRAM-SHA-256"))
          throw new Failure(down("auth-missing"));
        isProven = false;
        const first = Buffer.from(scram.first);
        packets.write(message("p", "SCRAM-SHA-256", int32(first.length), first));
        break;
      }
      case 11:
        packets.write(message("p", Buffer.from(await scram.answer(said.toString("latin1")))));
        break;
      case 12:
        isProven = scram.isProven(said.toString("latin1"));
        break;
      default:
        // Kerberos, SSPI and whatever comes.
        throw new Failure(down("auth-missing", { method: kind }));
    }
  }
}

function md5Answer(username: string, password: string, salt: Buffer): string {
  const md5 = (...parts: readonly (string | Buffer)[]): string =>
    parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest("hex");
  return `md5${md5(md5(password, username), salt)}`;
}

/** Opens the read-only transaction and returns whether the server takes no writes at all. */
async function begin(
  talk: Talk,
  packets: Packets,
  { queryTimeout }: DatabasePlan,
): Promise<boolean> {
  const ms = milliseconds(queryTimeout) ?? 0;
  packets.write(
    message(
      "Q",
      `BEGIN READ ONLY; SET LOCAL statement_timeout = ${ms}; SELECT pg_is_in_recovery()` +
        ` OR current_setting('default_transaction_read_only') = 'on'`,
    ),
  );
  const { value } = await talk.answer("query");
  return value === "t";
}

/** The version is all that is kept of what a server tells about itself. */
function noteSetting(body: Buffer, { facts }: Visit): void {
  const cursor = cursorOver(body);
  if (cursor.text() === "server_version") facts["version"] = cursor.text();
}

function refusal(
  body: Buffer,
  stage: Stage,
  secrets: readonly string[],
  { facts }: Visit,
): Failure {
  const { sqlstate, text } = readComplaint(body);
  facts["sqlstate"] = sqlstate;
  facts["error"] = masked(text, secrets);
  // By their words, which are in no other language: the file's name, and what pgbouncer says.
  const known = /pg_hba\.conf/.test(text)
    ? "host-refused"
    : text.startsWith("no more connections allowed")
      ? "too-many-connections"
      : STATES[sqlstate];
  return new Failure(down(known ?? (stage === "login" ? "auth-refused" : "query-failed")));
}

/** PostgreSQL, appendix A. */
const STATES: Readonly<Record<string, Reason>> = {
  "3D000": "database-missing",
  "53300": "too-many-connections",
  "57014": "query-timed-out",
  "57P01": "service-closing",
  "57P02": "service-closing",
  "57P03": "starting-up",
};
