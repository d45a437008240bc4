import { expect, test } from "vitest";
import type { DeepLook } from "../../src/core/deep-probe.js";
import { createTracer } from "../../src/work/trace-names.js";

const OURS = ["192.0.2.1", "2001:DB8::2"];

/** A tracer with a worker to whom `zone` is the whole DNS, and what it was asked for. */
function tracing(zone: Readonly<Record<string, readonly string[]>>) {
  let at = 0;
  const asked: string[] = [];
  const tracer = createTracer({
    now: () => new Date(at),
    lookOnce: (looks: readonly DeepLook[]) => {
      asked.push(...looks.map(({ target, options }) => `${String(options["of"])} ${target}`));
      return Promise.resolve(
        looks.map(({ target, options }) => ({
          facts: { addresses: zone[`${String(options["of"])} ${target}`] ?? [] },
        })),
      );
    },
  });
  return { tracer, asked, pass: (ms: number) => void (at += ms) };
}

test("site and mail of a name are traced to our addresses, and to no others", async () => {
  const { tracer } = tracing({
    "web a.example": ["192.0.2.1", "198.51.100.1"],
    "mail a.example": ["2001:db8::2"],
    "web b.example": ["198.51.100.1"],
  });
  expect(await tracer.trace(["a.example", "b.example"], OURS)).toEqual([
    { name: "a.example", web: ["192.0.2.1"], mail: ["2001:db8::2"], dns: [] },
  ]);
});

test("a name that only our name servers answer for is traced by them", async () => {
  const { tracer } = tracing({ "web c.example": ["198.51.100.1"], "dns c.example": ["192.0.2.1"] });
  expect(await tracer.trace(["c.example"], OURS)).toEqual([
    { name: "c.example", web: [], mail: [], dns: ["192.0.2.1"] },
  ]);
});

test("a name is asked for once in ten minutes, and strangers cannot make us ask without end", async () => {
  const { tracer, asked, pass } = tracing({});
  await tracer.trace(["a.example"], OURS);
  await tracer.trace(["a.example"], OURS);
  expect(asked).toEqual(["web a.example", "mail a.example", "dns a.example"]);
  for (let n = 0; n < 100; n++) await tracer.trace([`n${n}.example`], OURS);
  expect(asked).toHaveLength(90);
  pass(600_001);
  await tracer.trace(["a.example"], OURS);
  expect(asked).toHaveLength(93);
});

test("a worker that does not answer tells nothing", async () => {
  const tracer = createTracer({ now: () => new Date(0), lookOnce: () => Promise.resolve(null) });
  expect(await tracer.trace(["a.example"], OURS)).toEqual([]);
});
