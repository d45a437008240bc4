import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { median, round, type Bench, type Stage } from "./bench.js";
import { forkChild } from "./child.js";
import { cpuMsOf, hasProc } from "./machine.js";
import { configText, manyMonitors, startProgram } from "./program.js";
import { openTarget } from "./targets.js";

const COMPONENTS = 200;
const CONNECTIONS = 64;
const ROUNDS = 3;
const ROUND_S = 5;
const BAR = 0.5;
const AIM = 0.7;
/** What a browser says. */
const ASKED = { "accept-encoding": "gzip, br", "accept-language": "hu,en;q=0.8" };

/**
 * The page with 200 components at 64 connections against a bare `node:http` server that sends the
 * same bytes and headers, by turns; the load comes from a process of its own.
 */
export const page: Bench = async (stage) => {
  const target = await openTarget(stage, "http");
  const config = configText(
    manyMonitors(COMPONENTS, (index) => ({
      probe: "http",
      target: `http://127.0.0.1:${target.port}/m/${index}`,
      every: "60s",
      component: `c-${index}`,
    })),
    { components: groups() },
  );
  const program = await startProgram(stage, { config });
  // Until every monitor has been looked at, and the page is at rest.
  await sleep(8_000);
  const reply = await request(program.url, { headers: ASKED });
  const body = Buffer.from(await reply.body.arrayBuffer());
  const bare = forkChild(stage, "bare-page");
  const port = await bare.ask<number>({
    headers: Object.fromEntries(
      Object.entries(reply.headers).filter(([name]) => !PER_CONNECTION.has(name)),
    ),
    body: body.toString("base64"),
  });
  const mainPid = program.pid("main") ?? 0;
  const tudunk: Round[] = [];
  const node: Round[] = [];
  await load(stage, program.url, 2, mainPid);
  await load(stage, `http://127.0.0.1:${port}`, 2, bare.pid);
  for (let n = 0; n < ROUNDS; n += 1) {
    tudunk.push(await load(stage, program.url, ROUND_S, mainPid));
    node.push(await load(stage, `http://127.0.0.1:${port}`, ROUND_S, bare.pid));
  }
  const ratio = middle(tudunk, "perSecond") / middle(node, "perSecond");
  stage.print({
    bench: "page",
    components: COMPONENTS,
    connections: CONNECTIONS,
    bytes: body.length,
    encoding: reply.headers["content-encoding"],
    perSecond: Math.round(middle(tudunk, "perSecond")),
    p99Ms: middle(tudunk, "p99Ms"),
    errors: tudunk.reduce((sum, { errors }) => sum + errors, 0),
    barePerSecond: Math.round(middle(node, "perSecond")),
    bareP99Ms: middle(node, "p99Ms"),
    ...(hasProc() && {
      cpuUsPerView: round(middle(tudunk, "cpuUs")),
      bareCpuUsPerView: round(middle(node, "cpuUs")),
    }),
    ratio: round(ratio),
    bar: BAR,
    aim: AIM,
    ok: ratio >= BAR,
  });
};

/** Said anew by whoever answers. */
const PER_CONNECTION = new Set(["date", "connection", "keep-alive"]);

const groups = () =>
  Array.from({ length: COMPONENTS / 20 }, (_, group) => ({
    id: `g-${group}`,
    name: `Group ${group}`,
    components: Array.from({ length: 20 }, (_each, n) => ({ id: `c-${group * 20 + n}` })),
  }));

interface Round {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly cpuUs: number;
}

const require = createRequire(import.meta.url);
const AUTOCANNON = require.resolve("autocannon");

async function load(
  { later }: Stage,
  url: string,
  seconds: number,
  serverPid: number,
): Promise<Round> {
  const headers = Object.entries(ASKED).flatMap(([name, value]) => ["-H", `${name}=${value}`]);
  const args = ["-c", String(CONNECTIONS), "-d", String(seconds), "-j", ...headers, url];
  const cpuMs = hasProc() ? cpuMsOf(serverPid) : 0;
  const child = spawn(process.execPath, [AUTOCANNON, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  later(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  await once(child, "close");
  const { requests, latency, errors, non2xx } = JSON.parse(text) as {
    requests: { average: number; total: number };
    latency: { p99: number };
    errors: number;
    non2xx: number;
  };
  return {
    perSecond: requests.average,
    p99Ms: latency.p99,
    errors: errors + non2xx,
    cpuUs: hasProc() ? ((cpuMsOf(serverPid) - cpuMs) * 1_000) / requests.total : 0,
  };
}

const middle = (rounds: readonly Round[], name: keyof Round): number =>
  median(rounds.map((one) => one[name]));
