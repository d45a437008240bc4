import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { onTestFinished } from "vitest";
import { NO_CONFIG } from "../../src/config/config.js";
import type { Extraction, Span } from "../../src/core/extract/extraction.js";
import type { PageModel } from "../../src/core/page.js";
import type { Answer } from "../../src/core/report.js";
import { createReencoder } from "../../src/images/reencode.js";
import { createLog } from "../../src/log.js";
import { createMetrics } from "../../src/metrics.js";
import { createSecretLinks } from "../../src/secret-links.js";
import { createDb, type Db } from "../../src/store/db.js";
import { findReport } from "../../src/store/reports.js";
import { recordReading, type Reading } from "../../src/store/ticket-reading.js";
import { openWaitingReports } from "../../src/store/waiting-reports.js";
import { createTexts } from "../../src/texts.js";
import { createIntake } from "../../src/web/intake.js";
import { createCopies } from "../../src/web/page/copies.js";
import { createSite } from "../../src/web/site.js";
import { aModel, NOW } from "./page-model.js";
import { newId } from "./watched.js";

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** The whole site over a database, with a clock that is set by hand and nobody who reads reports. */
export async function serveReports(
  options: {
    readonly db?: Db;
    readonly model?: PageModel | null;
    /** Whoever sends the form waits a moment for somebody to read it. */
    readonly patient?: boolean;
    readonly finished?: (then: () => Promise<void> | void) => void;
  } = {},
) {
  const { model = aModel(), finished = onTestFinished } = options;
  const db = options.db ?? away(finished);
  const clock = { now: NOW };
  const now = (): Date => clock.now;
  const log = createLog("silent");
  const texts = createTexts({
    timezone: "Europe/Budapest",
    onMissing(key, language) {
      throw new Error(`no text for ${key} in ${language}`);
    },
  });
  const site = (model ?? aModel()).site;
  const copies = createCopies({ texts: () => texts, site: () => site });
  if (model) await copies.publish(model, NOW);
  const folder = mkdtempSync(join(tmpdir(), "tudunk-report-"));
  finished(() => rmSync(folder, { recursive: true, force: true }));
  const waiting = openWaitingReports(folder, () => undefined);
  const intake = createIntake({ db: () => db, waiting, now, log });
  const links = createSecretLinks(Buffer.from("a key of the tests, long enough for everybody"));
  const reencoder = createReencoder({ log });
  finished(() => reencoder.stop());
  const registry = new Registry();
  const server = createSite({
    db: () => db,
    now,
    registry,
    metrics: createMetrics(registry),
    condition: () => ({ ready: true, degraded: [] }),
    publicUrl: () => "https://status.example.hu",
    telling: () => ({
      channels: [],
      nextUpdateMs: 60_000,
      headline: () => ({}),
      words: () => ({}),
    }),
    copies,
    log,
    trustProxy: ["loopback"],
    intake: options.patient ? intake : { ...intake, accept: (told) => intake.accept(told, 0) },
    links,
    receipt: ({ reference }) => anAnswer({ text: `We have it: ${reference}` }),
    reporting: { waiting, reencoder },
    config: () => NO_CONFIG,
    beating: { ears: () => null, keep: () => Promise.reject(new Error("no beats here")) },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  finished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  const ask = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body: string | Buffer | FormData | null = null,
  ): Promise<Got> => {
    const sent = body instanceof FormData ? await packed(body) : { body, type: null };
    const asking = request({
      port,
      path,
      method,
      agent: false,
      headers: { ...(sent.type && { "content-type": sent.type }), ...headers },
    });
    asking.on("error", () => undefined);
    asking.end(sent.body ?? undefined);
    const [answer] = await once(asking, "response");
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    const whole = Buffer.concat(parts);
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: whole,
      text: whole.toString(),
    };
  };

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    db,
    folder,
    clock,
    links,
    intake,
    copies,
    get: (path: string, headers?: Readonly<Record<string, string>>) => ask("GET", path, headers),
    post: (
      path: string,
      body: Readonly<Record<string, string>> | FormData | Buffer | string,
      headers?: Readonly<Record<string, string>>,
    ) =>
      typeof body === "string" || Buffer.isBuffer(body) || body instanceof FormData
        ? ask("POST", path, headers, body)
        : ask(
            "POST",
            path,
            { "content-type": URLENCODED, ...headers },
            new URLSearchParams(body).toString(),
          ),
    /** Somebody reads a report and understands `reading` of it. */
    read: async (id: string, reading: Partial<Reading> = {}): Promise<void> => {
      await recordReading(db, id, aReading(reading), { now: now(), newId, guard: async () => {} });
    },
    report: (id: string) => findReport(db, id),
  };
}

const URLENCODED = "application/x-www-form-urlencoded";

/** A form as a browser packs it. */
async function packed(form: FormData): Promise<{ body: Buffer; type: string }> {
  const made = new Response(form);
  const type = made.headers.get("content-type") ?? "";
  return { body: Buffer.from(await made.arrayBuffer()), type };
}

function away(finished: (then: () => Promise<void>) => void): Db {
  const db = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  finished(() => db.destroy());
  return db;
}

export const anAnswer = (options: Partial<Answer> = {}): Answer => ({
  kind: "none",
  language: "en",
  text: "Thank you for telling us.\n\nA person looks at it.",
  incident: null,
  nextUpdateAt: null,
  ...options,
});

/** A report that nothing explains and a person looks at within four hours. */
export const aReading = (options: Partial<Reading> = {}): Reading => ({
  extraction: null,
  verdict: null,
  weighed: [],
  answer: anAnswer(),
  queue: "fault",
  language: "en",
  accountId: null,
  trusted: true,
  answerDueAt: new Date(NOW.getTime() + 4 * 3_600_000),
  joins: null,
  link: null,
  told: true,
  contactIsKnown: false,
  findings: [],
  letter: null,
  ...options,
});

/** That sending fails for `which` since `since`, each a passage of `text`. */
export function anExtraction(
  text: string,
  {
    which,
    since,
    ...more
  }: { readonly which: string; readonly since: string } & Partial<Omit<Extraction, "since">>,
): Extraction {
  const spanOf = (passage: string): Span => {
    const from = text.indexOf(passage);
    return { field: "text", from, to: from + passage.length };
  };
  return {
    language: { code: "en", certainty: 1 },
    mentions: [
      {
        kind: "domain",
        value: which,
        written: which,
        role: "own",
        span: spanOf(which),
        aside: false,
        meant: null,
      },
    ],
    symptoms: [{ symptom: "mail.send", p: 1, spans: [] }],
    since: { from: null, to: null, precision: "vague", workedAt: null, span: spanOf(since) },
    cues: [],
    asides: [],
    words: [],
    ...more,
  };
}

/** The id of a report whose page somebody was led to. */
export const idIn = (location: string | undefined): string =>
  /^\/report\/([a-z0-9]{12})\//.exec(location ?? "")?.[1] ?? "";

/** What a reader sees, without the markup. */
export const wordsOf = (html: string): string =>
  html
    .replaceAll(/<(head|svg)[\s\S]*?<\/\1>/g, " ")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
