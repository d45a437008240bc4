import type { Server } from "node:http";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { createClosing } from "./closing.js";
import { NO_CONFIG, type Config } from "./config/config.js";
import { loadConfig } from "./config/load.js";
import { formatMistakes, type Mistake } from "./config/mistakes.js";
import { watchConfig } from "./config/watch.js";
import { CUSTOMERS } from "./core/delivery.js";
import { headline, wordsFor } from "./core/wording.js";
import { openDatabase, type Database } from "./database.js";
import { Problem } from "./errors.js";
import type { Log } from "./log.js";
import { createMetrics } from "./metrics.js";
import type { Db } from "./store/db.js";
import { releaseClaims } from "./store/deliveries.js";
import { loadPage } from "./store/page.js";
import { findSite, type StoredSite } from "./store/pages.js";
import { listen } from "./store/session.js";
import type { Settings } from "./settings.js";
import { createSecretLinks, openSecretKey } from "./secret-links.js";
import { loadInventory } from "./store/inventory.js";
import { openWaitingBeats } from "./store/waiting-beats.js";
import { openWaitingReports } from "./store/waiting-reports.js";
import { createReencoder } from "./images/reencode.js";
import { createTexts } from "./texts.js";
import { earsOf, type Ears } from "./web/beats/ears.js";
import { createKeepBeat } from "./web/beats/keep.js";
import { createIntake } from "./web/intake.js";
import { handOverBeats } from "./work/hand-over-beats.js";
import { createAnswering } from "./work/reports/answering.js";
import { handOverReports } from "./work/hand-over.js";
import { readReports, type Reading } from "./work/reports/read.js";
import { createSite } from "./web/site.js";
import { createCopies } from "./web/page/copies.js";
import type { Condition } from "./web/system.js";
import { beginLead, type Lead } from "./work/lead.js";
import { reign, type Reign } from "./work/reign.js";
import { createPageRenderer } from "./work/render-page.js";
import { createSender, type Sender } from "./work/send-owed.js";
import { wordsOfWork } from "./work/words-of-work.js";
import { createVoices } from "./work/voices.js";

export interface App {
  /** Where the program can be reached from this machine. */
  readonly url: string;
  /** The processes that must not outlive this one: worker and embedded server. */
  readonly pids: () => number[];
  /** Reads the configuration again now. */
  reload(): void;
  /** Drains and ends everything that was started; safe to call twice. */
  stop(): Promise<void>;
  /** Rejects with a `Problem` where going on is of no use. */
  readonly failed: Promise<never>;
}

interface AppSettings {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Says a line to whoever sits at the terminal. */
  readonly say: (line: string) => void;
  readonly now?: () => Date;
  /** Aborted where it is to end before it is ready: then it resolves at once, to be stopped. */
  readonly ending: AbortSignal;
}

/**
 * Builds every part once and starts it: first the face, which can show the last page without a
 * database, then the database, then – where this process holds the lock – watching and deciding.
 * Resolves once pages are served.
 */
export async function startApp(given: AppSettings): Promise<App> {
  const { settings, env, log, say, now = () => new Date(), ending } = given;
  const closing = createClosing(log);
  const stopping = new AbortController();
  const registry = new Registry();
  const metrics = createMetrics(registry);

  let config: Config = NO_CONFIG;
  /** Knows jobs by their tokens; `null` where no configuration can be read. */
  let ears: Ears | null = null;
  let mistakes: readonly Mistake[] = [];
  let texts = createTexts({ timezone: config.site.timezone });
  const parts: Parts = { server: null, database: null, lead: null, reading: null, unheard: false };
  const port = (): number => portOf(parts.server) ?? settings.port;
  const publicUrl = (): string =>
    settings.publicUrl ?? config.site.url ?? `http://localhost:${port()}`;
  /** Where no configuration can be read, the site of the last one that could. */
  let lastSite: StoredSite | null = null;
  const site = () => ({ ...((config === NO_CONFIG && lastSite) || config.site), url: publicUrl() });
  const db = (): Db => {
    if (parts.database) return parts.database.db;
    throw new Problem("unavailable", "The database is not there yet; please try again.");
  };

  // ── the face: it shows the last page even before there is a database ──────────────────────────
  const served = createGate();
  const copies = createCopies({ texts: () => texts, site });
  const pages = createPageRenderer({
    load: async () => loadPage(db(), site(), now()),
    publish: async (model, at) => {
      await copies.publish(model, at);
      served.open();
    },
    now,
    log,
    saveTo: join(settings.dataDir, "page.json"),
  });
  closing.add("pages", () => pages.stop());

  const inForce = (): string =>
    config === NO_CONFIG
      ? "none is in force: nothing is watched, and what is known stays as it is"
      : "what was in force stays in force";

  const condition = (): Condition => {
    const page = pages.state();
    const worker = parts.lead?.worker;
    const degraded = [
      ...(parts.database ? [] : ["The database is not there yet."]),
      ...(page && (page.away !== null || parts.unheard)
        ? [`The database is away; the page is as of ${page.asOf.toISOString()}.`]
        : []),
      ...(mistakes.length > 0
        ? [
            `The configuration was rejected (${mistakes.length} mistakes, see the terminal); ${inForce()}.`,
          ]
        : []),
      ...(worker?.refused
        ? [`What the worker sees cannot be stored, and waits: ${worker.refused}`]
        : []),
      ...(worker?.blind ? ["None of the references answers: we may be blind."] : []),
    ];
    return {
      ready: page !== null && !stopping.signal.aborted,
      degraded,
      database: parts.database?.condition() ?? null,
      leading: parts.lead !== null,
      monitors: parts.lead?.watching ?? null,
      workerWordAt: worker?.wordAt?.toISOString() ?? null,
      pageAsOf: page?.asOf.toISOString() ?? null,
    };
  };

  // ── the configuration ─────────────────────────────────────────────────────────────────────────
  const voices = createVoices(log);
  closing.add("voices", () => voices.close());
  const isEmptyStart = (): boolean =>
    config === NO_CONFIG && !settings.configNamed && !existsSync(settings.configPath);
  const watching = watchConfig({
    path: settings.configPath,
    load: () => loadConfig(settings.configPath, { env, languages: texts.languages }),
    onLoaded: async (next, warnings) => {
      await parts.lead?.configure(next);
      config = next;
      ears = earsOf(config);
      texts = createTexts({ timezone: config.site.timezone, overrides: config.texts });
      await voices.use(config, texts);
      // Its hosts are places, too.
      parts.reading?.forget();
      pages.changed();
      if (mistakes.length > 0) say("The configuration is in order again and was applied.");
      if (warnings.length > 0) say(formatMistakes(warnings));
      mistakes = [];
      metrics.configReloadOk.set(1);
      log.info({ monitors: config.monitors.length }, "config.applied");
    },
    onRejected: (found) => {
      if (isEmptyStart()) return say(EMPTY_START);
      mistakes = found;
      metrics.configReloadOk.set(0);
      say(`${formatMistakes(found)}\nThe configuration was not applied; ${inForce()}.`);
      log.error({ mistakes: found.length }, "config.rejected");
    },
    log,
  });
  closing.add("configuration", () => watching.stop());
  await watching.reload();

  // ── reports ───────────────────────────────────────────────────────────────────────────────────
  const links = createSecretLinks(openSecretKey(settings));
  const waiting = openWaitingReports(join(settings.dataDir, "intake"), (path) =>
    log.error({ path }, "report.unreadable-file"),
  );
  const intake = createIntake({
    db: () => (parts.database ? parts.database.forWeb : db()),
    waiting,
    now,
    log,
  });
  const answering = createAnswering({
    texts: () => texts,
    site,
    help: () => config.help,
    writes: () => config.mail !== null,
  });

  // ── the beats of jobs ─────────────────────────────────────────────────────────────────────────
  const waitingBeats = openWaitingBeats(join(settings.dataDir, "beats"), (path) =>
    log.error({ path }, "beat.unreadable-line"),
  );
  const keepBeat = createKeepBeat({
    db: () => (parts.database ? parts.database.forWeb : db()),
    waiting: waitingBeats,
    log,
  });

  const reencoder = createReencoder({ log });
  closing.add("pictures", () => reencoder.stop());

  const server = createSite({
    reporting: { waiting, reencoder },
    beating: { ears: () => ears, keep: keepBeat },
    config: () => config,
    intake,
    links,
    receipt: answering.receipt,
    db: () => (parts.database ? parts.database.forWeb : db()),
    now,
    registry,
    metrics,
    condition,
    publicUrl,
    telling: () => ({
      channels: config.channels.map(({ id }) => id),
      nextUpdateMs: config.policy.nextUpdateMs,
      headline: (incident, at) => texts.localized(headline(incident, at)),
      words: (...args) => wordsOfWork(texts, ...args),
    }),
    copies,
    log,
    trustProxy: settings.trustProxy,
  });
  parts.server = server;
  await listening(server, settings);

  // ── the database, and whatever needs it ───────────────────────────────────────────────────────
  const sender = (): Sender =>
    createSender({
      db: db(),
      channels: () => voices.ready,
      letters: () => voices.letters,
      compose: (claim) => {
        const { reportId, body, at } = claim;
        const page = `${publicUrl()}${links.reportPath(reportId)}`;
        const ownerPage = `${publicUrl()}${links.ownerPath(reportId)}`;
        const confirm = `${publicUrl()}${links.confirmPath(reportId)}`;
        return {
          ...answering.compose(body, at, { page, ownerPage, confirm }),
          key: claim.key,
          to: claim.recipient,
          reportId,
          site: { name: config.site.name, url: publicUrl(), timezone: config.site.timezone },
        };
      },
      about: () => ({
        site: { name: config.site.name, url: publicUrl(), timezone: config.site.timezone },
        language: config.site.languages[0] ?? "en",
      }),
      now,
      log,
      observe: ({ channelId, outcome }) =>
        metrics.deliveries.inc({
          kind: channelId === CUSTOMERS ? "letter" : (voices.ready.get(channelId)?.kind ?? "gone"),
          result: outcome,
        }),
    });

  const lead = async (): Promise<Reign> => {
    await releaseClaims(db());
    const owed = sender();
    const begunWith = config;
    const begun = await beginLead({
      db: db(),
      config: begunWith,
      birth: { dataDir: settings.dataDir, logLevel: settings.logLevel },
      texts: () => texts,
      now,
      log,
      say,
      metrics,
      onOwed: () => owed.wake(),
    }).catch(async (error: unknown) => {
      await owed.stop();
      throw error;
    });
    parts.lead = begun;
    if (config !== begunWith) await begun.configure(config);
    const reading = readReports({
      db: db(),
      epoch: begun.epoch,
      loadInventory: () => loadInventory(db()),
      answering,
      telling: () => ({
        channels: config.channels.map(({ id }) => id),
        nextUpdateMs: config.policy.nextUpdateMs,
        speaker: { headline: (incident, at) => texts.localized(headline(incident, at)) },
        traceparent: null,
        text: () => texts.localized({ keys: ["incident.doubted"], params: {} }),
      }),
      wordsOfSuspicion: ({ key, accounts, expected }) => ({
        headline: Object.fromEntries(
          texts.languages.map((language) => [
            language,
            texts.t(language, "suspicion.headline", {
              what: texts.t(language, `report.symptom.${key.symptom}`),
              place: key.place ?? texts.t(language, "suspicion.anywhere"),
            }),
          ]),
        ),
        text: texts.localized({
          keys: ["suspicion.text"],
          params: { accounts, usual: expected < 0.1 ? "< 0.1" : expected.toFixed(1) },
        }),
      }),
      wordsOfFault: (place, symptom, at) => {
        const fault = symptom === "mail.login" ? "mail.login" : "mail.sending";
        const { title, text } = wordsFor(
          {
            fault: symptom === "mail.receive" ? "mail.down" : fault,
            places: [{ en: place }],
            host: null,
            working: [],
            since: at,
            until: null,
            nextUpdate: null,
            now: at,
          },
          "investigating",
        );
        return { title: texts.localized(title), text: texts.localized(text) };
      },
      lookOnce: (looks, allow) => begun.worker.lookOnce(looks, allow),
      timezone: () => site().timezone,
      now,
      log,
      metrics,
      onOwed: () => owed.wake(),
    });
    parts.reading = reading;
    return {
      stillLeads: () => begun.stillLeads(),
      async stop() {
        parts.lead = null;
        parts.reading = null;
        await reading.stop();
        await begun.stop();
        await owed.stop();
      },
    };
  };

  const useDatabase = async (): Promise<void> => {
    const database = await openDatabase({ ...settings, log, say, stopping: stopping.signal });
    if (!database) return;
    closing.add("database", () => database.stop());
    if (stopping.signal.aborted) return;
    parts.database = database;
    lastSite = await findSite(database.db).catch(() => null);
    if (config === NO_CONFIG && lastSite) texts = createTexts({ timezone: lastSite.timezone });
    const hearing = listen({
      connection: database.connection,
      channels: [
        "tudunk_page",
        "tudunk_reports",
        "tudunk_read",
        "tudunk_inventory",
        "tudunk_beats",
        "tudunk_alerts",
      ],
      onNotify: (channel, payload) => {
        switch (channel) {
          case "tudunk_page":
            pages.changed();
            break;
          case "tudunk_reports":
            parts.reading?.wake();
            break;
          case "tudunk_read":
            if (payload !== null) intake.heard(payload);
            break;
          case "tudunk_beats":
            parts.lead?.heard("beats");
            break;
          case "tudunk_alerts":
            parts.lead?.heard("alerts");
            break;
          case "tudunk_inventory":
            parts.reading?.forget();
            break;
        }
      },
      // Where nothing changes nobody reads; this connection notices all the same.
      onState: (state) => (parts.unheard = state === "away"),
      log,
    });
    closing.add("hearing", () => hearing.stop());
    closing.add("hand-over-beats", handOverBeats({ db: database.db, waiting: waitingBeats, log }));
    closing.add("hand-over", handOverReports({ db: database.db, waiting, now, log }));
    const reigning = reign({ connection: database.connection, lead, log, say });
    closing.add("reign", () => reigning.stop());
  };

  const opening = useDatabase();
  const failed = new Promise<never>((_done, reject) => {
    opening.catch(reject);
  });
  failed.catch(() => undefined);
  closing.add("opening", () => opening.catch(() => undefined));
  await Promise.race([served.passed, failed, aborted(ending)]);

  return {
    url: `http://localhost:${port()}`,
    failed,
    pids: () =>
      [parts.lead?.worker.pid, parts.database?.condition().pid].flatMap((pid) => pid ?? []),
    reload: () => void watching.reload(),
    async stop() {
      stopping.abort();
      // Intake, worker, outbox, database: what still comes in would find nobody.
      if (parts.server) await closeServer(parts.server);
      await parts.database?.abandonIfSilent();
      await closing.run();
    },
  };
}

const EMPTY_START = `There is no configuration yet. Begin with the example, which watches this very program:
  cp tudunk.example.yaml tudunk.yaml
It is applied within a second, and so is every later change of it.`;

interface Parts {
  server: Server | null;
  database: Database | null;
  lead: Lead | null;
  reading: Reading | null;
  /** The database has not answered for a while. */
  unheard: boolean;
}

const portOf = (server: Server | null): number | null => {
  const address = server?.address();
  return address && typeof address === "object" ? address.port : null;
};

function listening(server: Server, { port, host }: Settings): Promise<void> {
  return new Promise((done, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      failed(new Problem("conflict", advice(error, port), { cause: error })),
    );
    server.listen({ port, ...(host !== null && { host }) }, () => done());
  });
}

const advice = (error: NodeJS.ErrnoException, port: number): string =>
  error.code === "EADDRINUSE"
    ? `Port ${port} is taken by another program; set PORT to a free one.`
    : `Port ${port} cannot be opened: ${error.message}. Set PORT and HOST to what this user may use.`;

/** Ends keep-alive connections that are idle and lets answers under way finish. */
function closeServer(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2_000).unref();
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });

/** Something to wait for that happens once. */
function createGate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((done) => (open = done));
  return { passed, open: () => open() };
}
