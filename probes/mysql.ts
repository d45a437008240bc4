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
import { encrypted, firstAnswer, unknownMethod } from "./mysql-login.js";
import {
  columnsIn,
  COM_QUIT,
  END,
  ERROR,
  firstColumn,
  isEnd,
  kindOf,
  LOCAL_INFILE,
  loginBody,
  MORE,
  OK,
  packet,
  prologue,
  query,
  readError,
  readHello,
  readPacket,
  type Hello,
  type Packet,
} from "./mysql-wire.js";
import { openPackets, type Packets } from "./packets.js";
import type { Probe, Reason, Verdict } from "./probe.js";
import { masked } from "./secrets.js";
import { trusted } from "./secured.js";
import { visitPlace, type Visit } from "./visit.js";

/**
 * A MySQL or MariaDB server that greets us, encrypts, lets us log in and answers a query as expected – as
 * far as each is asked for – is up. The query runs in a read-only transaction, as one statement, with a time of its
 * own, and brings one row; the server is given no way to ask for our files. Degraded: only by `warn`. Facts:
 * `version`, `tls`, `login`, `readOnly`, `value`, `queryMs`; after a refusal `errorNumber`, `sqlstate` and `error`.
 */
export const mysql: Probe = {
  kind: "mysql",
  target: databaseTarget,
  options: databaseOptions,
  prepare(aim, raw, eyes) {
    const plan = readDatabasePlan("mysql", aim, raw, 3_306);
    return (signal) => visitPlace(eyes, plan, signal, (visit) => converse(plan, visit));
  },
};

async function converse(plan: DatabasePlan, visit: Visit): Promise<Verdict> {
  const { facts } = visit;
  const packets = openPackets(visit.socket, visit.phases, visit.signal);
  const talk = talkOver(packets, plan.auth ? [plan.auth.password] : [], visit);
  const greeting = await talk.next("login");
  const hello = readHello(greeting);
  facts["version"] = hello.version;
  const isEncrypting = plan.encrypt !== "never" && hello.offersTls;
  if (!isEncrypting && plan.encrypt === "required") throw new Failure(down("tls-missing"));
  let verdict = up();
  if (isEncrypting) {
    packets.write(packet(1, prologue(true, plan.database)));
    const { socket, dropped } = await packets.upgrade(handshakeFor(plan.host, plan.tls));
    if (dropped > 0) facts["droppedBytes"] = dropped;
    verdict = trusted(socket, plan.host, plan.tls, visit);
  }
  if (!plan.auth) {
    packets.close();
    return verdict;
  }
  await logIn(talk, packets, plan, plan.auth, hello, isEncrypting, visit);
  await begin(talk, plan, hello);
  const { value: setting } = await talk.ask("SELECT @@global.read_only");
  const isReadOnly = setting !== null && !/^(?:0|OFF)$/i.test(setting);
  facts["readOnly"] = isReadOnly;
  if (plan.query !== undefined) {
    const started = performance.now();
    const answer = await talk.ask(plan.query, "last");
    facts["queryMs"] = Math.round((performance.now() - started) * 100) / 100;
    verdict = worse(verdict, judgeAnswer(answer, plan, facts));
  }
  if (plan.writable && isReadOnly) verdict = worse(verdict, down("read-only"));
  packets.close(COM_QUIT);
  return verdict;
}

/** What an answer is awaited for: it decides what a refusal means. */
type Stage = "login" | "query";

interface Talk {
  /** The next packet that is no refusal. */
  next(stage: Stage): Promise<Packet>;
  /** Runs one statement and returns the first row of what it brings; what follows the `last` one is left unread. */
  ask(statement: string, last?: "last"): Promise<Answer>;
  /** Runs one that may fail with this number, as servers of old do not know what it sets. */
  set(statement: string, unminded: number): Promise<void>;
}

function talkOver(packets: Packets, secrets: readonly string[], visit: Visit): Talk {
  const next = async (stage: Stage): Promise<Packet> => {
    const got = await readPacket(packets);
    if (kindOf(got) === ERROR) throw refusal(got, stage, secrets, visit);
    return got;
  };
  return {
    next,
    async ask(statement, last) {
      packets.write(query(statement));
      const head = await next("query");
      if (kindOf(head) === OK) return { value: null, hasRow: false };
      if (kindOf(head) === LOCAL_INFILE) throw malformed();
      for (let left = columnsIn(head); left > 0; left -= 1) await next("query");
      if (!isEnd(await next("query"))) throw malformed();
      let first: Answer = { value: null, hasRow: false };
      for (;;) {
        const row = await next("query");
        if (isEnd(row)) return first;
        if (!first.hasRow) first = { value: firstColumn(row), hasRow: true };
        if (last) return first;
      }
    },
    async set(statement, unminded) {
      packets.write(query(statement));
      const got = await readPacket(packets);
      if (kindOf(got) === ERROR && readError(got).number !== unminded)
        throw refusal(got, "query", secrets, visit);
    },
  };
}

/** Shows the password by whatever method the server asks for, as far as the connection allows. */
async function logIn(
  talk: Talk,
  packets: Packets,
  { database }: DatabasePlan,
  { username, password }: { username: string; password: string },
  hello: Hello,
  isSecret: boolean,
  { facts }: Visit,
): Promise<void> {
  // A method unknown to us is answered by the oldest, and the server asks again by the account's own.
  const isKnown = ["mysql_native_password", "caching_sha2_password"].includes(hello.method);
  let method = isKnown ? hello.method : "mysql_native_password";
  let { scramble } = hello;
  const token = firstAnswer(method, password, scramble, isSecret) ?? Buffer.alloc(0);
  const number = isSecret ? 2 : 1;
  packets.write(
    packet(number, prologue(isSecret, database), loginBody(username, token, database, method)),
  );
  for (;;) {
    const got = await talk.next("login");
    const answer = (bytes: Buffer): void => packets.write(packet(got.number + 1, bytes));
    switch (kindOf(got)) {
      case OK:
        facts["login"] = method;
        return;
      case END: {
        // Alone it asks for the hash of before 2004, which anybody can break.
        if (got.body.length === 1) throw unknownMethod("mysql_old_password");
        const cursor = cursorOver(got.body.subarray(1));
        method = cursor.text();
        scramble = cursor.rest().subarray(0, 20);
        const asked = firstAnswer(method, password, scramble, isSecret);
        if (!asked) throw unknownMethod(method);
        answer(asked);
        break;
      }
      case MORE:
        if (method !== "caching_sha2_password") throw malformed();
        if (got.body[1] === PASSWORD_KNOWN) break;
        if (got.body[1] === PASSWORD_WANTED)
          answer(isSecret ? Buffer.from(`${password}\0`) : Buffer.of(KEY_PLEASE));
        else if (!isSecret) answer(encrypted(password, scramble, got.body.toString("latin1", 1)));
        else throw malformed();
        break;
      default:
        throw malformed();
    }
  }
}

/** The words of caching_sha2_password beyond its first answer. */
const PASSWORD_KNOWN = 0x03;
const PASSWORD_WANTED = 0x04;
const KEY_PLEASE = 0x02;

/** Unknown system variable: what is set came later than the server. */
const UNKNOWN_VARIABLE = 1193;

/** One row, little time, and a transaction in which nothing can be changed. */
async function begin(
  talk: Talk,
  { queryTimeout }: DatabasePlan,
  { isMariaDb }: Hello,
): Promise<void> {
  const ms = milliseconds(queryTimeout) ?? 0;
  await talk.set("SET SESSION sql_select_limit = 1", UNKNOWN_VARIABLE);
  await talk.set(
    isMariaDb
      ? `SET SESSION max_statement_time = ${ms / 1_000}`
      : `SET SESSION max_execution_time = ${ms}`,
    UNKNOWN_VARIABLE,
  );
  // The session too: CREATE and its kin end a transaction by themselves and would run behind it.
  await talk.ask("SET SESSION TRANSACTION READ ONLY");
  await talk.ask("START TRANSACTION READ ONLY");
}

function refusal(got: Packet, stage: Stage, secrets: readonly string[], { facts }: Visit): Failure {
  const { number, sqlstate, text } = readError(got);
  facts["errorNumber"] = number;
  if (sqlstate !== "") facts["sqlstate"] = sqlstate;
  facts["error"] = masked(text, secrets);
  return new Failure(
    down(NUMBERS[number] ?? (stage === "login" ? "auth-refused" : "query-failed")),
  );
}

/** MySQL's and MariaDB's error references. */
const NUMBERS: Readonly<Record<number, Reason>> = {
  1040: "too-many-connections",
  1044: "database-missing",
  // A node of a cluster that is not in step (MariaDB Galera).
  1047: "starting-up",
  1049: "database-missing",
  1053: "service-closing",
  1129: "host-refused",
  1130: "host-refused",
  1203: "too-many-connections",
  1226: "too-many-connections",
  1317: "query-timed-out",
  1969: "query-timed-out",
  3024: "query-timed-out",
};
