import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { median, round, type Bench, type Stage } from "./bench.js";
import { configText, manyMonitors, startProgram } from "./program.js";
import { openTarget } from "./targets.js";

const EVERY_S = 5;
const CONFIRM = { failures: 2, recheck: "1s", recoveries: 1 };
/** Interval + recheck × (failures − 1) + 3 s. */
const BAR_S = EVERY_S + 1 + 3;
const ROUNDS = 3;
const AT_ONCE = 6;
const HOST_MONITORS = 50;
const LOOK_EVERY_MS = 50;

/** From the moment a server begins to fail to the word of it: confirmed, at the webhook, on the page. */
export const telling: Bench = async ({ part }) => {
  await part(singleFaults);
  await part(hostDown);
  await part(rackDown);
};

async function singleFaults(stage: Stage): Promise<void> {
  const target = await openTarget(stage, "http");
  const sink = await openSink(stage);
  const path = (index: number): string => `/m/${index}`;
  const program = await startProgram(stage, {
    config: configText(
      manyMonitors(AT_ONCE, (index) => ({
        probe: "http",
        target: `http://127.0.0.1:${target.port}${path(index)}`,
        every: `${EVERY_S}s`,
        timeout: "2s",
        component: `c-${index}`,
        confirm: CONFIRM,
      })),
      {
        components: Array.from({ length: AT_ONCE }, (_, index) => ({ id: `c-${index}` })),
        policy: { reopen: "0s" },
        channels: [sink.channel],
      },
    ),
  });
  const statuses = async (): Promise<Map<string, string>> => {
    const reply = await fetch(`${program.url}/api/v2/summary.json`);
    const { components = [] } = (await reply.json()) as {
      components?: { name: string; status: string }[];
    };
    return new Map(components.map(({ name, status }) => [name, status]));
  };
  const isFailing = (status: string | undefined): boolean =>
    status !== undefined && status !== "operational";
  const settled = async (): Promise<void> => {
    for (const until = Date.now() + 30_000; Date.now() < until; await sleep(200)) {
      const now = await statuses();
      if (now.size === AT_ONCE && ![...now.values()].some(isFailing)) return;
    }
    throw new Error("the page did not become all green");
  };

  const times = { confirmed: [] as number[], message: [] as number[], page: [] as number[] };
  await sleep(EVERY_S * 1_000);
  for (let round = 0; round < ROUNDS; round += 1) {
    await settled();
    const roundMs = Date.now();
    const failing: string[] = [];
    const begun = new Map<number, number>();
    const shown = new Map<number, number>();
    const breaking = (async () => {
      // One after the other, so that each strikes at another moment of its interval.
      for (let index = 0; index < AT_ONCE; index += 1) {
        failing.push(path(index));
        begun.set(index, Date.now());
        await target.fail(failing);
        await sleep((EVERY_S * 1_000) / AT_ONCE + 37);
      }
    })();
    for (
      const until = roundMs + 2 * BAR_S * 1_000;
      Date.now() < until;
      await sleep(LOOK_EVERY_MS)
    ) {
      const now = await statuses();
      for (const index of begun.keys())
        if (!shown.has(index) && isFailing(now.get(`c-${index}`))) shown.set(index, Date.now());
      if (shown.size === AT_ONCE && sink.since(roundMs, "incident.opened").length >= AT_ONCE) break;
    }
    await breaking;
    for (const [index, beganMs] of begun) {
      const monitor = `m-${index}`;
      const confirmed = program.logged.find(
        ({ event, atMs, monitor: id, state }) =>
          event === "monitor.confirmed" && id === monitor && state === "down" && atMs >= beganMs,
      );
      const message = sink
        .since(beganMs, "incident.opened")
        .find(({ body }) => body.includes(`"id":"${monitor}"`));
      times.confirmed.push(((confirmed?.atMs ?? Infinity) - beganMs) / 1_000);
      times.message.push(((message?.atMs ?? Infinity) - beganMs) / 1_000);
      times.page.push(((shown.get(index) ?? Infinity) - beganMs) / 1_000);
    }
    await target.fail([]);
  }
  const worst = Math.max(...times.page, ...times.message);
  stage.print({
    bench: "telling",
    faults: times.page.length,
    everyS: EVERY_S,
    confirm: CONFIRM,
    confirmedS: spread(times.confirmed),
    messageS: spread(times.message),
    pageS: spread(times.page),
    theoryS: { min: 1, max: EVERY_S + 1 },
    barS: BAR_S,
    ok: worst <= BAR_S,
  });
}

/** Many monitors of one host fail at once: one incident, and one message or two. */
async function hostDown(stage: Stage): Promise<void> {
  const target = await openTarget(stage, "http");
  const sink = await openSink(stage);
  const paths = Array.from({ length: HOST_MONITORS }, (_, index) => `/m/${index}`);
  const program = await startProgram(stage, {
    config: configText(
      manyMonitors(HOST_MONITORS, (index) => ({
        probe: "http",
        target: `http://127.0.0.1:${target.port}/m/${index}`,
        every: `${EVERY_S}s`,
        timeout: "2s",
        host: "web3",
        component: `c-${index % 5}`,
        confirm: CONFIRM,
      })),
      {
        hosts: [{ id: "web3" }],
        components: Array.from({ length: 5 }, (_, index) => ({ id: `c-${index}` })),
        channels: [sink.channel],
      },
    ),
  });
  await sleep(2 * EVERY_S * 1_000);
  const beganMs = Date.now();
  await target.fail(paths);
  await sleep(15_000);
  const onFailure = sink.since(beganMs);
  const recoveredMs = Date.now();
  await target.fail([]);
  await sleep(12_000);
  const onRecovery = sink.since(recoveredMs);
  const reply = await fetch(`${program.url}/api/v2/summary.json`);
  const { status } = (await reply.json()) as { status: { indicator: string } };
  stage.print({
    bench: "telling-host-down",
    monitors: HOST_MONITORS,
    messages: onFailure.length,
    events: onFailure.map(({ event }) => event),
    firstMessageS: round(((onFailure[0]?.atMs ?? Infinity) - beganMs) / 1_000),
    messagesOnRecovery: onRecovery.length,
    greenAgain: status.indicator === "none",
    uptimeKumaMessages: 2 * HOST_MONITORS,
    bar: 2,
    ok: onFailure.length >= 1 && onFailure.length <= 2 && onRecovery.length <= 2,
  });
}

const SERVERS = 40;
const EACH = 6;
/** From the first server's death to the last one's. */
const DYING_MS = 55_000;
/** Two minutes after the last recovery what still fails is split off; and a look to see it. */
const SETTLED_MS = 150_000;

/** Servers that can be taken from the network, each with a port of its own. */
async function openServers({ later }: Stage, count: number) {
  const servers: Server[] = [];
  const ports: number[] = [];
  const listen = async (n: number): Promise<void> => {
    const server = createServer((_req, res) => res.end("ok"));
    await new Promise<void>((done) => server.listen(ports[n] ?? 0, "127.0.0.1", done));
    ports[n] = (server.address() as AddressInfo).port;
    servers[n] = server;
  };
  for (let n = 0; n < count; n += 1) await listen(n);
  const kill = (n: number): void => {
    servers[n]?.close();
    servers[n]?.closeAllConnections();
  };
  later(() => servers.forEach((_server, n) => kill(n)));
  return { ports, kill, revive: listen };
}

/** A rack's servers die one after the other, in any order; then all but one come back. */
async function rackDown(stage: Stage): Promise<void> {
  const servers = await openServers(stage, SERVERS);
  const sink = await openSink(stage);
  const serverOf = (index: number): number => Math.floor(index / EACH);
  const program = await startProgram(stage, {
    config: configText(
      manyMonitors(SERVERS * EACH, (index) => ({
        probe: "http",
        target: `http://127.0.0.1:${servers.ports[serverOf(index)]}/m/${index}`,
        every: `${EVERY_S}s`,
        timeout: "2s",
        host: `s-${serverOf(index)}`,
        component: `c-${serverOf(index) % 5}`,
        confirm: CONFIRM,
      })),
      {
        hosts: [
          { id: "rack-a", kind: "rack" },
          ...Array.from({ length: SERVERS }, (_, n) => ({ id: `s-${n}`, parents: ["rack-a"] })),
        ],
        components: Array.from({ length: 5 }, (_, index) => ({ id: `c-${index}` })),
        channels: [sink.channel],
      },
    ),
  });
  await sleep(3 * EVERY_S * 1_000);
  const order = Array.from({ length: SERVERS }, (_, n) => n).toSorted(
    (a, b) => ((a * 7 + 3) % SERVERS) - ((b * 7 + 3) % SERVERS),
  );
  const beganMs = Date.now();
  for (const server of order) {
    servers.kill(server);
    await sleep(DYING_MS / SERVERS);
  }
  await sleep(SETTLED_MS);
  const onFailure = sink.since(beganMs);
  const namesOf = async (): Promise<string[]> => {
    const reply = await fetch(`${program.url}/api/v2/summary.json`);
    const { incidents } = (await reply.json()) as { incidents: { name: string }[] };
    return incidents.map(({ name }) => name);
  };
  const down = await namesOf();
  const backMs = Date.now();
  const [last = 0, ...others] = order;
  for (const server of others) await servers.revive(server);
  await sleep(SETTLED_MS);
  const onRecovery = sink.since(backMs);
  const back = await namesOf();
  stage.print({
    bench: "telling-rack-down",
    servers: SERVERS,
    monitors: SERVERS * EACH,
    dyingS: DYING_MS / 1_000,
    events: onFailure.map(({ event }) => event),
    page: down,
    eventsOnRecovery: onRecovery.map(({ event }) => event),
    pageOnRecovery: back,
    bar: "one opening, at most one wider; then one resolution, one split off",
    ok:
      onFailure.filter(({ event }) => event === "incident.opened").length === 1 &&
      onFailure.length <= 2 &&
      down.length === 1 &&
      down[0]?.includes("rack-a") === true &&
      onRecovery.length === 2 &&
      back.length === 1 &&
      back[0]?.includes(`s-${last}`) === true,
  });
}

const spread = (values: readonly number[]) => ({
  min: round(Math.min(...values)),
  median: round(median(values)),
  max: round(Math.max(...values)),
});

interface Told {
  readonly atMs: number;
  readonly event: string;
  readonly body: string;
}

/** Takes every message and remembers when it came. */
async function openSink({ later }: Stage) {
  const told: Told[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text: string) => (body += text));
    req.on("end", () => {
      const { type } = JSON.parse(body) as { type: string };
      told.push({ atMs: Date.now(), event: type, body });
      res.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    channel: {
      id: "sink",
      kind: "webhook",
      url: `http://127.0.0.1:${port}/`,
      secret: "a secret of the bench, long enough",
    },
    since: (fromMs: number, event?: string): Told[] =>
      told.filter((one) => one.atMs >= fromMs && (event === undefined || one.event === event)),
  };
}
