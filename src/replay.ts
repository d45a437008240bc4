import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { learn, newBaseline, type Baseline } from "./core/correlate/baseline.js";
import { consider } from "./core/correlate/decide.js";
import { countedAs, explains, notice, type Standing } from "./core/correlate/suspect.js";
import type { Earlier, Known, Verdict } from "./core/correlate/verdict.js";
import { SHIPPED } from "./core/correlate/weights.js";
import { createDirectory } from "./core/directory-of.js";
import type { Directory } from "./core/directory.js";
import { understand } from "./core/extract/understand.js";
import type { Extraction, Mention, ReportText } from "./core/extract/extraction.js";
import { Problem } from "./errors.js";
import { readInventory } from "./inventory/index.js";

// ── the world, as its files have it ──────────────────────────────────────────────────────────

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const text = z.string().max(200_000);
const ids = z.array(z.string().max(200)).default([]);

const incidentsFile = z.object({
  incidents: z
    .array(
      z.object({
        id: z.string().max(200),
        kind: z.string().max(200).default(""),
        detected_at: instant,
        resolved_at: instant.nullish(),
        servers: ids,
        services: ids,
        title: text.default(""),
        messages: z.array(z.object({ at: instant, text })).default([]),
      }),
    )
    .default([]),
  maintenances: z
    .array(
      z.object({
        id: z.string().max(200),
        kind: z.string().max(200).default("maintenance"),
        announced_at: instant,
        starts_at: instant,
        ends_at: instant,
        servers: ids,
        services: ids,
        title: text.default(""),
        message: text.default(""),
      }),
    )
    .default([]),
});

const reportLine = z.object({
  id: z.string().max(200),
  received_at: instant,
  channel: z.enum(["web", "email", "phone", "chat", "facebook", "api"]).catch("api"),
  from: text.nullish(),
  from_name: text.nullish(),
  account_id: z.string().max(200).nullish(),
  subject: text.nullish(),
  text,
  attachments: z.array(text).default([]),
});

type Incidents = z.output<typeof incidentsFile>;
interface Arrived {
  readonly id: string;
  readonly report: ReportText;
}

/** One thing that becomes known, in the order in which it does. */
type Event =
  | { readonly at: number; readonly rank: 0; readonly known: Known }
  | {
      readonly at: number;
      readonly rank: 1;
      readonly said: { readonly of: string; readonly words: string };
    }
  | { readonly at: number; readonly rank: 2; readonly over: string }
  | { readonly at: number; readonly rank: 3; readonly arrived: Arrived };

/** What was made of a report, in the words that recorded worlds are judged by. */
interface Prediction {
  readonly id: string;
  readonly lang: string;
  readonly entities: Readonly<Record<string, readonly string[]>>;
  readonly symptom: string;
  readonly since: { readonly from: string | null; readonly precision: string | null };
  readonly decision: Verdict["decision"];
  readonly candidates: readonly string[];
  readonly duplicate_of: string | null;
  readonly suspected: string | null;
}

/**
 * Plays a recorded world – `inventory.json`, `incidents.json`, `reports.jsonl` – through the
 * extraction and correlation of the running program, in order of receipt and with nothing known
 * before its time, and writes one prediction a line to `out`. Throws a `Problem` naming file and
 * line of what cannot be read. Gives the number of reports.
 */
export async function replay(
  world: string,
  out: string,
  say: (progress: string) => void,
): Promise<number> {
  const directory = await readDirectory(join(world, "inventory.json"));
  const events = inOrder(
    await readIncidents(join(world, "incidents.json")),
    await readReports(join(world, "reports.jsonl")),
  );
  const predictions = play(events, directory, say);
  try {
    await writeFile(out, predictions.map((one) => `${JSON.stringify(one)}\n`).join(""));
  } catch (cause) {
    throw new Problem("bad-input", `${out}: cannot be written (${codeOf(cause)})`, { cause });
  }
  return predictions.length;
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Problem("bad-input", `${file}: cannot be read (${codeOf(cause)})`, { cause });
  }
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";

async function readDirectory(file: string): Promise<Directory> {
  const read = readInventory(await readText(file), { format: "json" });
  if (read.ok) return createDirectory(read.contribution.inventory);
  const [first] = read.mistakes;
  const more = read.count > 1 ? ` (and ${read.count - 1} more)` : "";
  throw new Problem(
    "bad-input",
    `${file}: ${first?.where ?? ""}: ${first?.message ?? "not usable"}${more}`,
  );
}

async function readIncidents(file: string): Promise<Incidents> {
  const json = parsed(await readText(file), (place) => `${file}:${place}`);
  return checked(incidentsFile, json, file);
}

async function readReports(file: string): Promise<readonly Arrived[]> {
  const lines = (await readText(file)).split("\n");
  const seen = new Set<string>();
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const where = `${file}:${index + 1}`;
    const one = checked(
      reportLine,
      parsed(line, () => where),
      where,
    );
    if (seen.has(one.id)) throw new Problem("bad-input", `${where}: id: is there twice`);
    seen.add(one.id);
    const report: ReportText = {
      subject: one.subject ?? null,
      text: one.text,
      receivedAt: one.received_at,
      channel: one.channel,
      from: one.from ?? null,
      fromName: one.from_name ?? null,
      accountId: one.account_id ?? null,
      attachments: one.attachments,
    };
    return [{ id: one.id, report }];
  });
}

function parsed(json: string, where: (line: number) => string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const [, position = "0"] =
      /position (\d+)/.exec(cause instanceof Error ? cause.message : "") ?? [];
    const line = json.slice(0, Number(position)).split("\n").length;
    throw new Problem("bad-input", `${where(line)}: expected JSON`, { cause });
  }
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const path = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw new Problem("bad-input", `${where}: ${path}${issue?.message ?? "not usable"}`);
}

/** An incident is there from its detection; when it really began nobody knew. */
function inOrder(
  { incidents, maintenances }: Incidents,
  reports: readonly Arrived[],
): readonly Event[] {
  const events: Event[] = [];
  for (const one of incidents) {
    const known: Known = {
      id: one.id,
      what: "incident",
      kind: one.kind,
      places: one.servers,
      services: one.services,
      knownAt: one.detected_at,
      beganAt: one.detected_at,
      endedAt: null,
      words: [one.title],
    };
    events.push({ at: one.detected_at, rank: 0, known });
    for (const { at, text: words } of one.messages)
      events.push({ at: Math.max(at, one.detected_at), rank: 1, said: { of: one.id, words } });
    if (one.resolved_at) events.push({ at: one.resolved_at, rank: 2, over: one.id });
  }
  for (const one of maintenances) {
    const known: Known = {
      id: one.id,
      what: "maintenance",
      kind: one.kind,
      places: one.servers,
      services: one.services,
      knownAt: one.announced_at,
      beganAt: one.starts_at,
      endedAt: one.ends_at,
      words: [one.title, one.message],
    };
    events.push({ at: one.announced_at, rank: 0, known });
  }
  for (const arrived of reports) events.push({ at: arrived.report.receivedAt, rank: 3, arrived });
  return events.sort((a, b) => a.at - b.at || a.rank - b.rank);
}

// ── playing ──────────────────────────────────────────────────────────────────────────────────

const HOUR = 3_600_000;
/** Reports that were before an incident's detection are looked at again. */
const ADOPTED_MS = 6 * HOUR;
const REMEMBERED_MS = 72 * HOUR;
/** What a day has not made suspicious was usual. */
const LEARNED_AFTER_MS = 24 * HOUR;
const SAY_EVERY = 500;

function play(
  events: readonly Event[],
  directory: Directory,
  say: (progress: string) => void,
): readonly Prediction[] {
  const knowns = new Map<string, Known>();
  const reports = new Map<string, ReportText>();
  const predictions: Prediction[] = [];
  let earlier: Earlier[] = [];
  let unlearned: Earlier[] = [];
  let standing: readonly Standing[] = [];
  let baseline = newBaseline(directory.timezone, events[0]?.at ?? 0);
  const considered = (
    report: ReportText,
    extraction: Extraction,
    id: string,
    now: number,
  ): Verdict =>
    consider(report, extraction, {
      directory,
      knowns: [...knowns.values()],
      earlier: earlier.filter((one) => one.id !== id),
      weights: SHIPPED,
      now,
    });

  for (const event of events) {
    const now = event.at;
    if (event.rank === 0) {
      knowns.set(event.known.id, event.known);
      standing = standing.filter(({ suspicion }) => !explains(event.known, suspicion, directory));
      earlier = earlier.map((one) => {
        const report = reports.get(one.id);
        if (!report || one.linkedTo !== null || now - one.receivedAt > ADOPTED_MS) return one;
        const verdict = considered(report, one.extraction, one.id, now);
        return { ...one, ...linkOf(verdict), duplicateOf: one.duplicateOf };
      });
    } else if (event.rank === 1) {
      const known = knowns.get(event.said.of);
      if (known) knowns.set(known.id, { ...known, words: [...known.words, event.said.words] });
    } else if (event.rank === 2) {
      const known = knowns.get(event.over);
      if (known) knowns.set(known.id, { ...known, endedAt: now });
    } else {
      const { id, report } = event.arrived;
      const extraction = understand(report, directory);
      const verdict = considered(report, extraction, id, now);
      const one: Earlier = {
        id,
        receivedAt: report.receivedAt,
        accountId: verdict.sender?.accountId ?? null,
        from: report.from,
        extraction,
        ...linkOf(verdict),
        duplicateOf: verdict.duplicateOf,
        suspected: null,
      };
      ({ baseline, unlearned } = learnUpTo(now - LEARNED_AFTER_MS, baseline, unlearned, directory));
      const around = {
        earlier: [...earlier, one],
        baseline,
        directory,
        knowns: [...knowns.values()],
        now,
      };
      const noticed = notice(standing, one, around);
      ({ standing } = noticed);
      const kept = { ...one, suspected: noticed.suspected };
      earlier = [...earlier.filter(({ receivedAt }) => now - receivedAt <= REMEMBERED_MS), kept];
      unlearned.push(kept);
      reports.set(id, report);
      predictions.push(predictionOf(kept, verdict));
      if (predictions.length % SAY_EVERY === 0) say(`${predictions.length} reports read`);
    }
  }
  return predictions;
}

const linkOf = ({ decision, candidates: [best] }: Verdict) => ({
  linkedTo: decision === "auto" ? (best?.id ?? null) : null,
  resembles: best?.id ?? null,
});

function learnUpTo(
  until: number,
  baseline: Baseline,
  unlearned: readonly Earlier[],
  directory: Directory,
): { baseline: Baseline; unlearned: Earlier[] } {
  const due = unlearned.filter((one) => one.receivedAt <= until);
  const usual = due.filter(({ suspected }) => suspected === null);
  return {
    baseline: learn(
      baseline,
      usual.flatMap((one) => countedAs(one, directory) ?? []),
      until,
    ),
    unlearned: unlearned.filter((one) => one.receivedAt > until),
  };
}

function predictionOf({ id, extraction, suspected }: Earlier, verdict: Verdict): Prediction {
  const { language, mentions, symptoms, since } = extraction;
  const of = (kind: Mention["kind"]): readonly string[] => [
    ...new Set(
      mentions
        .filter((one) => one.kind === kind && !one.aside)
        .filter(({ role }) => kind !== "domain" || role !== "provider")
        .map(({ value, meant }) => (kind === "domain" ? (meant ?? value) : value)),
    ),
  ];
  return {
    id,
    lang: language.code,
    entities: {
      domains: of("domain"),
      mailboxes: of("mailbox"),
      servers: of("server"),
      ips: of("ip"),
      account_ids: of("account"),
      error_codes: of("code"),
    },
    symptom: symptoms[0]?.symptom ?? "other",
    since: {
      from: since?.from == null ? null : new Date(since.from).toISOString(),
      precision: since?.precision ?? null,
    },
    decision: verdict.decision,
    candidates: verdict.candidates.map((candidate) => candidate.id),
    duplicate_of: verdict.duplicateOf,
    suspected,
  };
}
