import { expect, test } from "vitest";
import { down, Failure, unknown, up } from "../../probes/failures.js";
import { phasesOf, type Phase } from "../../probes/phases.js";
import type { Run } from "../../probes/probe.js";
import { isReason, REASONS, SILENT } from "../../probes/reasons.js";
import { capFacts, capText, runProbe } from "../../probes/run.js";

const at = new Date("2026-11-21T10:00:00.000Z");
const now = () => at;
const errno = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" });

test("a run's verdict comes back with its start and duration", async () => {
  const result = await runProbe(async () => up({ status: 200 }), 1_000, now);
  expect(result).toMatchObject({
    at: "2026-11-21T10:00:00.000Z",
    outcome: "up",
    reason: "ok",
    timings: {},
    facts: { status: 200 },
  });
  expect(result.ms).toBeGreaterThanOrEqual(0);
});

test.each<[code: string, outcome: string, reason: string]>([
  ["ECONNREFUSED", "down", "refused"],
  ["ECONNRESET", "down", "reset"],
  ["EPIPE", "down", "reset"],
  ["EHOSTUNREACH", "down", "host-unreachable"],
  ["ENETUNREACH", "down", "network-unreachable"],
  ["ETIMEDOUT", "down", "timed-out-connect"],
  ["EADDRNOTAVAIL", "unknown", "local-failure"],
  ["EMFILE", "unknown", "local-failure"],
  ["ENFILE", "unknown", "local-failure"],
  ["EACCES", "unknown", "local-failure"],
  ["EPERM", "unknown", "local-failure"],
  ["EWHATEVER", "unknown", "probe-failed"],
])("an error %s while connecting is %s: %s", async (code, outcome, reason) => {
  const run: Run = async (signal) => {
    phasesOf(signal).enter("connect");
    throw errno(code);
  };
  expect(await runProbe(run, 1_000, now)).toMatchObject({ outcome, reason });
});

test.each<[phase: Phase | null, outcome: string, reason: string]>([
  [null, "down", "timed-out"],
  ["resolve", "unknown", "resolver-timed-out"],
  ["connect", "down", "timed-out-connect"],
  ["tls", "down", "timed-out-tls"],
  ["firstByte", "down", "timed-out-first-byte"],
  ["transfer", "down", "timed-out-transfer"],
])(
  "a probe that hangs in phase %s and ignores its signal is %s: %s",
  async (phase, outcome, reason) => {
    const started = performance.now();
    const result = await runProbe(
      (signal) => {
        if (phase) phasesOf(signal).enter(phase);
        return new Promise(() => {});
      },
      40,
      now,
    );
    expect(result).toMatchObject({ outcome, reason });
    expect(performance.now() - started).toBeLessThan(150);
    expect(phase ? result.timings[phase] : 50).toBeGreaterThan(30);
  },
);

test("at the deadline a probe may still say what it saw", async () => {
  const result = await runProbe(
    (signal) =>
      new Promise((_settle, fail) => {
        signal.addEventListener("abort", () => fail(new Failure(unknown("proxy-failed"))));
      }),
    30,
    now,
  );
  expect(result).toMatchObject({ outcome: "unknown", reason: "proxy-failed" });
});

test("a probe that throws before its first await is unknown and does not reject", async () => {
  const result = await runProbe(
    () => {
      throw new TypeError("oops");
    },
    1_000,
    now,
  );
  expect(result).toMatchObject({ outcome: "unknown", reason: "probe-failed" });
});

test("facts are capped to two kilobytes, whole ones, and say that some were left out", () => {
  const facts = capFacts({
    status: 200,
    names: Array.from({ length: 100 }, (_, nth) => `host-${nth}.${"x".repeat(60)}.test`),
    deep: { a: { b: { c: { d: { e: 1 } } } } },
    small: "still here",
    bad: Number.NaN,
  });
  expect(Buffer.byteLength(JSON.stringify(facts))).toBeLessThanOrEqual(2_048);
  expect(facts).toMatchObject({ status: 200, truncated: true, bad: null });
  expect(capFacts({ status: 200, list: [1, "a", null, { b: true }] })).toEqual({
    status: 200,
    list: [1, "a", null, { b: true }],
  });
});

test("text from outside becomes one harmless line of at most 256 characters", () => {
  expect(capText("a\u0000b\r\nc\u001b[31m\u202e\ud800d")).toBe("a�b��c�[31m��d");
  expect(capText("ű".repeat(500))).toHaveLength(256);
  expect(capText(`${"x".repeat(254)}😀tail`)).toBe(`${"x".repeat(254)}\ufffd…`);
  expect(capText("árvíztűrő 😀")).toBe("árvíztűrő 😀");
});

test("the phases of a run that fails are kept", async () => {
  const result = await runProbe(
    async (signal) => {
      const phases = phasesOf(signal);
      phases.enter("resolve");
      phases.enter("connect");
      return down("refused");
    },
    1_000,
    now,
  );
  expect(Object.keys(result.timings)).toEqual(["resolve", "connect"]);
});

test("reason codes are kebab-case with a sentence each, and silence alone may be blindness", () => {
  for (const [code, sentence] of Object.entries(REASONS)) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
  expect(isReason("refused")).toBe(true);
  expect(isReason("toString")).toBe(false);
  expect([...SILENT].toSorted()).toEqual([
    "host-unreachable",
    "name-unresolvable",
    "nameserver-silent",
    "network-unreachable",
    "no-reply",
    "timed-out",
    "timed-out-connect",
  ]);
});
