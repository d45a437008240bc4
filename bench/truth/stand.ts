import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncidentView } from "../../src/core/incident-view.js";
import type { Stage } from "../bench.js";
import { configText, startProgram, type MonitorText, type Program } from "../program.js";
import type { World } from "./world.js";

const EVERY_MS = 2_000;
const TIMEOUT_MS = 2_000;
const RECHECK_MS = 1_000;
const SLACK_MS = 5_000;
/** An interval, two looks that may both run out of time, the recheck between them, and what the bar allows. */
export const FOUND_WITHIN_MS = EVERY_MS + RECHECK_MS + 2 * TIMEOUT_MS + SLACK_MS;
const POLL_MS = 400;

/** What somebody outside got to know. */
export interface Told {
  readonly atMs: number;
  /** `incident.opened` and the like. */
  readonly event: string;
  readonly incident: IncidentView;
}

/** The program at work, and all that it says to anybody. */
export interface Stand {
  readonly program: Program;
  readonly world: World;
  told(fromMs: number): readonly Told[];
  /** The titles of public incidents that the page showed since `fromMs`. */
  shown(fromMs: number): readonly string[];
  /** The configuration that it started with. */
  readonly config: string;
  /** A job goes on telling of itself, unless it is held. */
  holdBeats(held: boolean): void;
  /** Resolves true once everything is well on the page again. */
  calm(withinMs: number): Promise<boolean>;
}

interface StandSettings {
  readonly monitors: readonly MonitorText[];
  readonly hosts: readonly Readonly<Record<string, unknown>>[];
  readonly env?: Readonly<Record<string, string>>;
  readonly within?: string;
}

/** The token of the job that tells of itself. */
export const TOKEN = randomBytes(16).toString("hex");
const BEAT_MS = 1_000;

/** Starts the program on what is to be watched; resolves once everything of it was seen to be well. */
export async function openStand(
  stage: Stage,
  world: World,
  { monitors, hosts, env, within }: StandSettings,
): Promise<Stand> {
  const sink = await openSink(stage);
  const components = [...new Set(monitors.map(({ component }) => String(component)))];
  const config = configText(monitors, {
    hosts,
    components: components.map((id) => ({ id })),
    references: world.references.map(({ port }) => `${world.address}:${port}`),
    resolvers: [world.names.place],
    defaults: {
      every: `${EVERY_MS / 1_000}s`,
      timeout: `${TIMEOUT_MS / 1_000}s`,
      confirm: { failures: 2, recheck: `${RECHECK_MS / 1_000}s`, recoveries: 2 },
    },
    policy: { reopen: "0s" },
    channels: [sink.channel],
  });
  const program = await startProgram(stage, {
    config,
    ...(env && { env }),
    ...(within && { within }),
  });

  const seen: { atMs: number; title: string }[] = [];
  let isFine = false;
  let isHeld = false;
  let isOpen = true;
  stage.later(() => (isOpen = false));
  const poll = async (): Promise<void> => {
    for (; isOpen; await sleep(POLL_MS)) {
      const summary = await summaryOf(program.url);
      if (!isOpen) return;
      isFine = summary?.status.indicator === "none" && summary.incidents.length === 0;
      for (const { name } of summary?.incidents ?? []) seen.push({ atMs: Date.now(), title: name });
    }
  };
  const beat = async (): Promise<void> => {
    for (; isOpen; await sleep(BEAT_MS)) if (!isHeld) await beatAt(program.url);
  };
  void poll();
  void beat();

  const stand: Stand = {
    program,
    world,
    config,
    told: (fromMs) => sink.told.filter(({ atMs }) => atMs >= fromMs),
    shown: (fromMs) => [
      ...new Set(seen.filter(({ atMs }) => atMs >= fromMs).map(({ title }) => title)),
    ],
    holdBeats: (held) => void (isHeld = held),
    async calm(withinMs) {
      isFine = false;
      for (const until = Date.now() + withinMs; Date.now() < until; await sleep(200))
        if (isFine) return true;
      return false;
    },
  };
  const isCalm = await stand.calm(30_000);
  await sleep(FOUND_WITHIN_MS - SLACK_MS);
  const failing = sink.told.map(({ incident }) =>
    incident.evidence.map(({ monitor, reason }) => `${monitor}: ${reason}`),
  );
  if (!isCalm || failing.length > 0)
    throw new Error(`what is watched did not become all green: ${failing.flat().join(", ")}`);
  return stand;
}

const beatAt = async (url: string): Promise<void> =>
  void (await fetch(`${url}/beat/${TOKEN}`, { signal: AbortSignal.timeout(1_500) }).catch(
    () => undefined,
  ));

interface Summary {
  readonly status: { readonly indicator: string };
  readonly incidents: readonly { readonly name: string }[];
}

/** Null while the page cannot be had. */
async function summaryOf(url: string): Promise<Summary | null> {
  try {
    const answer = await fetch(`${url}/api/v2/summary.json`, {
      signal: AbortSignal.timeout(3_000),
    });
    return (await answer.json()) as Summary;
  } catch {
    return null;
  }
}

/** Takes every message and remembers when it came. */
async function openSink({ later }: Stage) {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { type, data } = JSON.parse(body) as { type: string; data: { incident: IncidentView } };
      told.push({ atMs: Date.now(), event: type, incident: data.incident });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    told,
    channel: {
      id: "sink",
      kind: "webhook",
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      secret: "a secret of the bench, long enough",
    },
  };
}
