import { expect, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { readableReport } from "../../probes/report.js";

const RESULT: Result = {
  at: "2026-11-21T10:58:00.000Z",
  outcome: "down",
  reason: "mailbox-refused",
  ms: 1234.5678,
  timings: { resolve: 0.4, connect: 12.25, transfer: 1_221.9 },
  facts: {
    address: "192.0.2.13",
    code: 550,
    tls: { version: "TLS 1.3", names: ["mx1.example.hu", "mx2.example.hu"], trusted: true },
    families: [{ family: 4 }, { family: 6 }],
    login: null,
    offers: [],
  },
};

test("a report says the verdict first, then the phases and the facts", () => {
  expect(readableReport("smtp", "mx1.example.hu:25", RESULT)).toBe(`✗ down  smtp mx1.example.hu:25
  mailbox-refused: The mailbox is refused or does not exist (550).
  2026-11-21T10:58:00.000Z, 1234.6 ms in all

phases
  resolve      0.4 ms
  connect     12.3 ms
  transfer  1221.9 ms

facts
  address: 192.0.2.13
  code: 550
  tls:
    version: TLS 1.3
    names: mx1.example.hu, mx2.example.hu
    trusted: true
  families:
    1:
      family: 4
    2:
      family: 6
  login: none
  offers: none
`);
});

test.each([
  ["up", "✓ up"],
  ["degraded", "▲ degraded"],
  ["down", "✗ down"],
  ["unknown", "? unknown"],
] as const)("a report tells %s by word and by shape", (outcome, expected) => {
  const report = readableReport("tcp", "x:1", { ...RESULT, outcome });
  expect(report.startsWith(`${expected}  tcp`)).toBe(true);
  expect(report).not.toContain("\u001b");
});

test("a report paints the verdict alone, where that is asked for", () => {
  const report = readableReport("tcp", "x:1", RESULT, { colour: true });
  expect(report.split("\n")[0]).toBe("\u001b[31m✗ down\u001b[0m  tcp x:1");
  expect(report.split("\u001b")).toHaveLength(3);
});

test("a report cannot be steered by what a server says", () => {
  const evil = "\u001b[2J\u009b31m\u202egnp.exe\u2066\r\nup\u0000\u200b\ud800";
  const report = readableReport("tcp", `x${evil}`, {
    ...RESULT,
    facts: { [`na${evil}me`]: evil, list: [evil], deep: { er: [{ est: evil }] } },
  });
  expect(report).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
  expect(report).toContain("list: ·[2J·31m·gnp.exe···up···");
});

test("a report without phases and facts has no empty parts", () => {
  const report = readableReport("tcp", "x:1", { ...RESULT, timings: {}, facts: {} });
  expect(report.split("\n")).toHaveLength(4);
});
