import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { icmp, icmpWith } from "../../probes/icmp.js";
import { readPing, type PingTool } from "../../probes/ping.js";
import type { Probe, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { installed, ownFolder } from "../support/daemons.js";

const eyes = { resolver: createResolver() };

const look = (
  probe: Probe,
  target: string,
  options: object = {},
  timeoutMs = 10_000,
): Promise<Result> => runProbe(probe.prepare(target, options, eyes), timeoutMs, () => new Date());

/** A program of ours in the place of `ping`. */
async function acting(script: string): Promise<Probe> {
  const file = join(await ownFolder(), "ping");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return icmpWith(() => [file]);
}

const answers = (...times: readonly number[]): string =>
  times
    .map((ms, at) => `echo "64 bytes from 192.0.2.1: icmp_seq=${at + 1} ttl=64 time=${ms} ms"`)
    .join("\n");
const summary = (sent: number): string => `echo "${sent} packets transmitted, x received"`;

const noPing = installed("ping") === null;
describe.skipIf(noPing)(`the system's ping${noPing ? " (skipped: not installed)" : ""}`, () => {
  test.each(["127.0.0.1", "localhost"])("icmp: %s answers", async (target) => {
    expect(await look(icmp, target, { count: 3 })).toMatchObject({
      outcome: "up",
      facts: {
        address: "127.0.0.1",
        sent: 3,
        received: 3,
        lossPercent: 0,
        rttMs: { min: expect.any(Number), avg: expect.any(Number), max: expect.any(Number) },
      },
    });
  });

  test("icmp: a deadline in the middle counts what came until then", async () => {
    const result = await look(icmp, "127.0.0.1", { count: 20, spacing: "1s" }, 2_500);
    expect(result).toMatchObject({ outcome: "up", facts: { lossPercent: 0 } });
    expect(result.facts["received"]).toBeLessThan(5);
  });
});

const noBusybox = installed("busybox") === null;
describe.skipIf(noBusybox)(`busybox${noBusybox ? " (skipped: not installed)" : ""}`, () => {
  const busybox: PingTool = () => ["busybox", "ping"];
  // Only root may, and only where it is allowed to open raw sockets.
  test("icmp: busybox's ping answers, or may not", async () => {
    const { reason } = await look(icmpWith(busybox), "127.0.0.1", { count: 2 });
    expect(["ok", "ping-not-permitted"]).toContain(reason);
  });
});

test.each<[name: string, script: string, options: object, expected: object]>([
  [
    "one of five lost is fine",
    `${answers(1, 2, 3, 4)}\n${summary(5)}`,
    {},
    { outcome: "up", facts: { lossPercent: 20, rttMs: { min: 1, avg: 2.5, max: 4 } } },
  ],
  [
    "two of five lost are too many",
    `${answers(1, 2, 3)}\n${summary(5)}`,
    {},
    { outcome: "degraded", reason: "packets-lost", facts: { sent: 5, received: 3 } },
  ],
  [
    "loss from the limit on is down",
    `${answers(1, 2, 3)}\n${summary(5)}`,
    { loss: { down: 40 } },
    { outcome: "down", reason: "packets-lost" },
  ],
  ["all lost", summary(5), {}, { outcome: "down", reason: "no-reply", facts: { received: 0 } }],
  [
    "all lost, and a router says why",
    `echo "From 192.0.2.9 icmp_seq=1 Destination Host Unreachable"\n${summary(5)}`,
    {},
    { outcome: "down", reason: "host-unreachable" },
  ],
  [
    "slow",
    `${answers(90, 110)}\n${summary(2)}`,
    { count: 2, rtt: { degraded: "100ms" } },
    { outcome: "degraded", reason: "slow" },
  ],
  [
    "far too slow",
    `${answers(900)}\n${summary(1)}`,
    { count: 1, rtt: { degraded: "100ms", down: "500ms" } },
    { outcome: "down", reason: "slow" },
  ],
  [
    "an answer that comes twice counts once",
    `${answers(1)}\n${answers(1)}\n${summary(2)}`,
    { count: 2 },
    { outcome: "degraded", facts: { received: 1 } },
  ],
  [
    "may not send",
    'echo "ping: socktype: SOCK_RAW" >&2; echo "ping: socket: Operation not permitted" >&2; exit 2',
    {},
    { outcome: "unknown", reason: "ping-not-permitted" },
  ],
  [
    "no way there",
    'echo "ping: connect: Network is unreachable" >&2; exit 2',
    {},
    { outcome: "down", reason: "network-unreachable" },
  ],
  [
    "our own firewall",
    `echo "ping: sendmsg: Operation not permitted" >&2; ${summary(5)}; exit 1`,
    {},
    { outcome: "unknown", reason: "local-failure" },
  ],
  ["no word at all", "exit 3", {}, { outcome: "unknown", reason: "local-failure" }],
  [
    "another language of options",
    'echo "ping: invalid option -- i" >&2; exit 64',
    {},
    {
      outcome: "unknown",
      reason: "local-failure",
      facts: { error: expect.stringMatching(/-- i/) },
    },
  ],
])("icmp: %s", async (_name, script, options, expected) => {
  expect(await look(await acting(script), "192.0.2.1", options)).toMatchObject(expected);
});

test("icmp: who waits for ever is told to end, and says what was sent", async () => {
  const waiting = await acting(`${answers(1)}
trap 'echo "4 packets transmitted, 1 received"; exit 1' INT
while :; do sleep 0.1; done`);
  const options = { count: 4, wait: "300ms", loss: { down: 75 } };
  expect(await look(waiting, "192.0.2.1", options)).toMatchObject({
    outcome: "down",
    reason: "packets-lost",
    facts: { sent: 4, received: 1, lossPercent: 75 },
  });
});

test("icmp: who ignores that is killed, at the deadline at the latest", async () => {
  const deaf = await acting("trap '' INT TERM; while :; do echo x; done");
  const result = await look(deaf, "192.0.2.1", {}, 400);
  expect(result).toMatchObject({ outcome: "down", reason: "no-reply" });
});

test("icmp: without ping nothing is known", async () => {
  const none = icmpWith(() => ["no-such-ping-here"]);
  expect(await look(none, "127.0.0.1")).toMatchObject({
    outcome: "unknown",
    reason: "ping-missing",
  });
});

test("icmp: a name that does not exist is down before anything is started", async () => {
  const probe = icmpWith(() => ["no-such-ping-here"]);
  const resolver = { resolve: () => Promise.resolve({ kind: "not-found" as const }) };
  const run = probe.prepare("nowhere.example", {}, { resolver });
  expect(await runProbe(run, 1_000, () => new Date())).toMatchObject({
    outcome: "down",
    reason: "name-not-found",
  });
});

const REPLIES = {
  iputils: `PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.075 ms
64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=0.043 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 203ms
rtt min/avg/max/mdev = 0.043/0.059/0.075/0.016 ms`,
  busybox: `PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.075 ms
64 bytes from 127.0.0.1: seq=1 ttl=64 time=0.043 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
round-trip min/avg/max = 0.043/0.059/0.075 ms`,
  inetutils: `PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: icmp_seq=0 ttl=64 time=0.075 ms
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.043 ms
--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
round-trip min/avg/max/stddev = 0.043/0.059/0.075/0.016 ms`,
  macOS: `PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: icmp_seq=0 ttl=64 time=0.075 ms
Request timeout for icmp_seq 1
64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=0.043 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 packets received, 33.3% packet loss
round-trip min/avg/max/stddev = 0.043/0.059/0.075/0.016 ms`,
  "FreeBSD over IPv6": `PING(56=40+8+8 bytes) ::1 --> ::1
16 bytes from ::1, icmp_seq=0 hlim=64 time=0.075 ms
16 bytes from ::1, icmp_seq=1 hlim=64 time=0.043 ms

--- ::1 ping statistics ---
3 packets transmitted, 2 packets received, 33.3% packet loss
round-trip min/avg/max/stddev = 0.043/0.059/0.075/0.016 ms`,
};

test.each(Object.entries(REPLIES))("icmp: the words of %s are read", (_name, output) => {
  expect(readPing(output)).toEqual({ sent: 3, rttsMs: [0.075, 0.043], complaint: null });
});

test.each([
  ["an option", "-f"],
  ["two words", "a -f"],
  ["a port", "web3.example.hu:80"],
  ["a shell", "$(reboot)/"],
  ["a scheme", "icmp://web3"],
])("icmp: %s is no target", (_name, target) => {
  expect(() => icmp.prepare(target, {}, eyes)).toThrow("target: expected a host name");
});

test.each([
  [
    "a spacing for root alone",
    { spacing: "100ms" },
    "icmp.spacing: expected a duration from 200ms",
  ],
  ["a hundred requests", { count: 100 }, "icmp.count"],
  ["no loss at all", { loss: { degraded: 0 } }, "icmp.loss.degraded: expected a percentage"],
])("icmp: %s cannot be prepared", (_name, options, message) => {
  expect(() => icmp.prepare("127.0.0.1", options, eyes)).toThrow(message);
});
