import { setTimeout as sleep } from "node:timers/promises";
import { round, type Bench, type Stage } from "./bench.js";
import type { LoopQuestion } from "./bare-loop.js";
import { forkChild } from "./child.js";
import { cpuMsOf, hasProc, NEEDS_PROC } from "./machine.js";
import { startPeers } from "./peers.js";
import { configText, manyMonitors, ROLES, startProgram } from "./program.js";
import { KINDS, openTarget, type Kind, type Target } from "./targets.js";

/** Looks a second, and the interval that makes them: with TLS the target needs room as well. */
const PER_SECOND: Readonly<Record<Kind, number>> = {
  http: 1_000,
  https: 300,
  tcp: 1_000,
  smtp: 1_000,
};
const EVERY_S: Readonly<Record<Kind, number>> = { http: 1, https: 4, tcp: 1, smtp: 1 };
const BARS: Readonly<Record<Kind, { readonly bar: number; readonly aim: number }>> = {
  http: { bar: 3, aim: 2 },
  https: { bar: 1.4, aim: 1.2 },
  tcp: { bar: 3, aim: 2 },
  smtp: { bar: 3, aim: 2 },
};
const WARM_MS = 12_000;
const MEASURE_MS = 12_000;
const LOOP_WARM_MS = 2_000;
const LOOP_MS = 6_000;

/**
 * CPU time of one check – worker, main and PostgreSQL together, the target apart – against a bare
 * Node loop at the same rate, which runs before and after, and against Prometheus with blackbox_exporter.
 */
export const checkCpu: Bench = async ({ print, part }) => {
  if (!hasProc()) return print({ bench: "check-cpu", skipped: NEEDS_PROC });
  for (const kind of KINDS) await part((stage) => measureKind(kind, stage));
};

async function measureKind(kind: Kind, stage: Stage): Promise<void> {
  const perSecond = PER_SECOND[kind];
  const target = await openTarget(stage, kind);
  const before = await bareLoop(stage, kind, target);
  const tudunk = await wholeProgram(stage, kind, target);
  const after = await bareLoop(stage, kind, target);
  const bareLoopCpuMs = (before + after) / 2;
  const ratio = tudunk.all / bareLoopCpuMs;
  const { bar, aim } = BARS[kind];
  stage.print({
    bench: "check-cpu",
    probe: kind,
    perSecond,
    seenPerSecond: Math.round(tudunk.perSecond),
    // On a crowded machine the target may not keep up.
    foundFailing: tudunk.failing,
    tudunkCpuMs: round(tudunk.all),
    workerMs: round(tudunk.worker),
    mainMs: round(tudunk.main),
    postgresMs: round(tudunk.postgres),
    bareLoopCpuMs: round(bareLoopCpuMs),
    bareLoopRunsCpuMs: [round(before), round(after)],
    ratio: round(ratio),
    bar,
    aim,
    ok: ratio <= bar,
  });
  await stage.part(async (own) => {
    const peers = await prometheus(own, kind, target);
    const names = { bench: "check-cpu", probe: kind, perSecond, peer: "prometheus + blackbox" };
    if (!peers)
      return stage.print({
        ...names,
        skipped: "prometheus and prometheus-blackbox-exporter are not installed",
      });
    const peerCpuMs = peers.blackbox + peers.prometheus;
    stage.print({
      ...names,
      seenPerSecond: Math.round(peers.perSecond),
      peerCpuMs: round(peerCpuMs),
      blackboxMs: round(peers.blackbox),
      prometheusMs: round(peers.prometheus),
      tudunkCpuMs: round(tudunk.all),
      ratio: round(tudunk.all / peerCpuMs),
    });
  });
}

async function wholeProgram(stage: Stage, kind: Kind, target: Target) {
  let measured = { all: 0, worker: 0, main: 0, postgres: 0, perSecond: 0, failing: 0 };
  await stage.part(async (own) => {
    const program = await startProgram(own, {
      config: configText(
        manyMonitors(PER_SECOND[kind] * EVERY_S[kind], (index) => ({
          ...OPTIONS[kind](target, index),
          every: `${EVERY_S[kind]}s`,
          timeout: `${EVERY_S[kind] * 900}ms`,
        })),
      ),
    });
    await sleep(WARM_MS);
    const from = { cpu: program.cpuMs(), seen: await target.count(), at: performance.now() };
    await sleep(MEASURE_MS);
    const to = { cpu: program.cpuMs(), seen: await target.count(), at: performance.now() };
    const seen = to.seen - from.seen;
    const [start = 0, main = 0, worker = 0, postgres = 0] = ROLES.map(
      (role) => (to.cpu[role] - from.cpu[role]) / seen,
    );
    const perSecond = (seen * 1_000) / (to.at - from.at);
    const failing = program.logged.filter(({ event }) => event === "monitor.confirmed").length;
    const all = start + main + worker + postgres;
    measured = { all, worker, main, postgres, perSecond, failing };
  });
  return measured;
}

const OPTIONS: Readonly<
  Record<Kind, (target: Target, index: number) => { probe: string; target: string }>
> = {
  http: ({ port }, index) => ({ probe: "http", target: `http://127.0.0.1:${port}/m/${index}` }),
  https: ({ port, ca }, index) => ({
    probe: "http",
    target: `https://127.0.0.1:${port}/m/${index}`,
    tls: { ca },
  }),
  tcp: ({ port }) => ({ probe: "tcp", target: `127.0.0.1:${port}` }),
  smtp: ({ port }) => ({ probe: "smtp", target: `127.0.0.1:${port}`, starttls: "never" }),
};

async function bareLoop(stage: Stage, kind: Kind, { port, ca }: Target): Promise<number> {
  let cpuMs = 0;
  await stage.part(async (own) => {
    const child = forkChild(own, "bare-loop");
    const ask = <T>(question: LoopQuestion): Promise<T> => child.ask<T>(question);
    await ask({ do: "run", kind, port, ca, perSecond: PER_SECOND[kind] });
    await sleep(LOOP_WARM_MS);
    const from = { cpu: cpuMsOf(child.pid), ...(await ask<Counted>({ do: "count" })) };
    await sleep(LOOP_MS);
    const to = { cpu: cpuMsOf(child.pid), ...(await ask<Counted>({ do: "count" })) };
    if (to.failed > 0) throw new Error(`${to.failed} looks of the bare loop failed`);
    cpuMs = (to.cpu - from.cpu) / (to.done - from.done);
  });
  return cpuMs;
}

interface Counted {
  readonly done: number;
  readonly failed: number;
}

async function prometheus(stage: Stage, kind: Kind, target: Target) {
  const peers = await startPeers(stage, kind, target, PER_SECOND[kind]);
  if (!peers) return null;
  await sleep(4_000);
  const from = { ...peers.cpuMs(), seen: await target.count(), at: performance.now() };
  await sleep(LOOP_MS * 1.5);
  const to = { ...peers.cpuMs(), seen: await target.count(), at: performance.now() };
  const seen = to.seen - from.seen;
  return {
    blackbox: (to.blackbox - from.blackbox) / seen,
    prometheus: (to.prometheus - from.prometheus) / seen,
    perSecond: (seen * 1_000) / (to.at - from.at),
  };
}
