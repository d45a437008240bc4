import { setTimeout as sleep } from "node:timers/promises";
import { chainOf } from "../test/support/certificates.js";
import type { TripQuestion } from "./bare-trips.js";
import { quantile, round, type Bench, type Stage } from "./bench.js";
import { forkChild } from "./child.js";
import { cpuMsOf, hasProc, NEEDS_PROC } from "./machine.js";
import type { MailCounts, MailPorts, MailQuestion } from "./mail-target.js";
import { configText, manyMonitors, startProgram } from "./program.js";

const MONITORS = 1_000;
/** What is promised is five minutes; five times as many in the same time leave room. */
const EVERY_S = 60;
const PROMISED_S = 300;
const WARM_MS = 75_000;
const MEASURE_MS = 60_000;
const BARE_WARM_MS = 2_000;
const BARE_MS = 10_000;

/**
 * Round trips of mail to one mailbox, encrypted both ways: how many one worker makes, what one costs, and how
 * many logins they take, against a bare loop in which each trip opens the mailbox for itself.
 */
export const trips: Bench = async (stage) => {
  if (!hasProc()) return stage.print({ bench: "trips", skipped: NEEDS_PROC });
  const { leaf, root } = chainOf({ leaf: { key: "rsa-2048", names: ["localhost", "127.0.0.1"] } });
  const child = forkChild(stage, "mail-target");
  const ask = <T>(question: MailQuestion): Promise<T> => child.ask<T>(question);
  const ports = await ask<MailPorts>({ do: "listen", cert: leaf.chain, key: leaf.key });
  const count = (): Promise<MailCounts> => ask<MailCounts>({ do: "count" });

  let worker = {
    cpuMs: 0,
    logins: 0,
    commands: 0,
    perFiveMinutes: 0,
    p95S: 0,
    failing: 0,
    left: 0,
  };
  await stage.part(async (own) => {
    worker = await shared(own, ports, root.cert, count);
  });
  let bare = { cpuMs: 0, logins: 0 };
  await stage.part(async (own) => {
    bare = await each(own, ports, root.cert, count);
  });
  stage.print({
    bench: "trips",
    monitors: MONITORS,
    everyS: EVERY_S,
    tripsIn5Minutes: Math.round(worker.perFiveMinutes),
    foundFailing: worker.failing,
    tripP95Ms: round(worker.p95S * 1_000),
    workerCpuMs: round(worker.cpuMs),
    coreSharePercent: round((worker.cpuMs * MONITORS) / PROMISED_S / 10),
    loginsATrip: round(worker.logins),
    imapCommandsATrip: round(worker.commands),
    leftBehind: worker.left,
    bareLoopCpuMs: round(bare.cpuMs),
    bareLoginsATrip: round(bare.logins),
    ratio: round(worker.cpuMs / bare.cpuMs),
    bar: MONITORS,
    ok: worker.perFiveMinutes >= MONITORS && worker.failing === 0,
  });
};

async function shared(
  stage: Stage,
  { smtp, imap }: MailPorts,
  ca: string,
  count: () => Promise<MailCounts>,
) {
  const login = { username: "probe", password: "secret" };
  const program = await startProgram(stage, {
    config: configText(
      manyMonitors(MONITORS, (index) => ({
        probe: "mail-trip",
        target: `127.0.0.1:${smtp}`,
        every: `${EVERY_S}s`,
        timeout: "50s",
        from: `m-${index}@sink.test`,
        to: "inbox@sink.test",
        implicitTls: true,
        tls: { ca },
        auth: login,
        read: { imap: `127.0.0.1:${imap}`, implicitTls: true, tls: { ca }, ...login },
      })),
    ),
  });
  await sleep(WARM_MS);
  const from = { cpu: program.cpuMs().worker, at: performance.now(), ...(await count()) };
  await sleep(MEASURE_MS);
  const to = { cpu: program.cpuMs().worker, at: performance.now(), ...(await count()) };
  const made = to.submitted - from.submitted;
  const metrics = await program.metrics();
  const valuesOf = (name: string): number[] =>
    [...metrics.matchAll(new RegExp(`^${name}\\{[^\\n]*\\} (\\S+)`, "gm"))].map(([, value]) =>
      Number(value),
    );
  return {
    cpuMs: (to.cpu - from.cpu) / made,
    // From the first trip on, as the one connection was opened before.
    logins: to.imapLogins / to.submitted,
    commands: (to.imapCommands - from.imapCommands) / made,
    perFiveMinutes: (made * PROMISED_S * 1_000) / (to.at - from.at),
    p95S: quantile(valuesOf("probe_duration_seconds"), 0.95),
    failing: valuesOf("probe_success").filter((value) => value !== 1).length,
    left: to.left,
  };
}

async function each(
  stage: Stage,
  { smtp, imap }: MailPorts,
  ca: string,
  count: () => Promise<MailCounts>,
) {
  const child = forkChild(stage, "bare-trips");
  const ask = <T>(question: TripQuestion): Promise<T> => child.ask<T>(question);
  await ask({ do: "run", smtp, imap, ca, perSecond: MONITORS / EVERY_S });
  await sleep(BARE_WARM_MS);
  const counted = (): Promise<{ done: number; failed: number }> => ask({ do: "count" });
  const from = { cpu: cpuMsOf(child.pid), ...(await counted()), ...(await count()) };
  await sleep(BARE_MS);
  const to = { cpu: cpuMsOf(child.pid), ...(await counted()), ...(await count()) };
  if (to.failed > 0) throw new Error(`${to.failed} trips of the bare loop failed`);
  const made = to.done - from.done;
  return { cpuMs: (to.cpu - from.cpu) / made, logins: (to.imapLogins - from.imapLogins) / made };
}
