import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { publicId } from "../core/ids.js";
import { MAIL_ADDRESS } from "../core/mail-address.js";
import { referenceOf, TEXT_MAX, type Incoming } from "../core/report.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import { findReport, keepReport } from "../store/reports.js";
import { openWaitingReports } from "../store/waiting-reports.js";
import {
  complain,
  Misuse,
  OK,
  print,
  settingsOrMisuse,
  withDatabase,
  type Command,
} from "./shell.js";

const CHANNELS = ["phone", "email", "chat", "facebook", "api"] as const;
/** A running program reads it within moments; without one it is read at the next start. */
const PATIENCE_MS = 5_000;

/** Takes a note of what a customer says, as an agent types it after a call. */
export const report: Command = async (args) => {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      channel: { type: "string", default: "phone" },
      account: { type: "string" },
      from: { type: "string" },
      contact: { type: "string" },
      language: { type: "string" },
    },
  });
  const [verb, given, ...more] = positionals;
  if (verb !== "add" || more.length > 0) throw new Misuse('report knows: add ["what they say"]');
  const channel = CHANNELS.find((one) => one === values.channel);
  if (!channel) throw new Misuse(`--channel: expected one of ${CHANNELS.join(", ")}`);
  if (values.contact !== undefined && !MAIL_ADDRESS.test(values.contact))
    throw new Misuse("--contact: expected an e-mail address");
  if (values.language !== undefined && !/^[a-z]{2}$/.test(values.language))
    throw new Misuse("--language: expected a language such as hu");
  const said = (given ?? (await text(process.stdin))).replaceAll(/[^\P{Cc}\n\t]/gu, " ").trim();
  if (said === "") throw new Misuse("report add needs what the customer says");
  if (said.length > TEXT_MAX) throw new Misuse(`what they say: at most ${TEXT_MAX} letters`);
  const now = new Date();
  const incoming: Incoming = {
    id: publicId(randomBytes(12)),
    reference: referenceOf(randomBytes(6)),
    source: "shell",
    sourceId: null,
    channel,
    receivedAt: now.getTime(),
    from: null,
    fromName: values.from?.slice(0, 200) ?? null,
    accountId: values.account ?? null,
    subject: null,
    text: said,
    attachments: [],
    language: values.language ?? null,
    contact: values.contact ?? null,
    hear: "first-and-fixed",
    traceparent: null,
  };
  try {
    await withDatabase(async (db) => {
      await keepReport(db, incoming, now);
      print(incoming.reference);
      complain(await untilRead(db, incoming.id));
    });
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    const folder = join(settingsOrMisuse().dataDir, "intake");
    await openWaitingReports(folder, () => undefined).add(incoming);
    print(incoming.reference);
    complain("The database is away; the note waits on disk and is read once it is back.");
  }
  return OK;
};

async function untilRead(db: Db, id: string): Promise<string> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await pause(150)) {
    const found = await findReport(db, id);
    if (found?.answer) return found.answer.text;
  }
  return "It is kept, and read as soon as the program runs.";
}
