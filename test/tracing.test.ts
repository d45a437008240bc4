import {
  INVALID_SPAN_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type SpanContext,
  type TracerProvider,
} from "@opentelemetry/api";
import { expect, onTestFinished, test } from "vitest";
import {
  currentTraceparent,
  newTraceparent,
  startTracing,
  traceIdOf,
  withSpan,
} from "../src/tracing.js";

const PARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
const SPAN_ID = "fedcba9876543210";

interface Seen {
  readonly name: string;
  readonly attributes: Attributes;
  readonly parent: SpanContext | undefined;
  ended: boolean;
  status: SpanStatusCode | null;
}

/** The far end of the API: a tracer that notes what it is given. */
function noteSpans(): Seen[] {
  const seen: Seen[] = [];
  const provider: TracerProvider = {
    getTracer: () => ({
      startSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
      startActiveSpan: (name: string, ...rest: unknown[]) => {
        const [options, context, run] = rest as [
          { attributes: Attributes },
          Context,
          (span: unknown) => unknown,
        ];
        const parent = trace.getSpanContext(context);
        const span: Seen = {
          name,
          attributes: options.attributes,
          parent,
          ended: false,
          status: null,
        };
        seen.push(span);
        const traceId = parent?.traceId ?? "f".repeat(32);
        return run({
          spanContext: () => ({ traceId, spanId: SPAN_ID, traceFlags: 1 }),
          recordException: () => undefined,
          setStatus: ({ code }: { code: SpanStatusCode }) => void (span.status = code),
          end: () => void (span.ended = true),
        }) as never;
      },
    }),
  };
  trace.setGlobalTracerProvider(provider);
  onTestFinished(() => trace.disable());
  return seen;
}

test("a span continues the trace that was kept with the work", async () => {
  const seen = noteSpans();
  const inside = await withSpan("delivery.send", { "tudunk.channel": "x" }, PARENT, (traceparent) =>
    Promise.resolve(traceparent),
  );
  expect(inside).toBe(`00-0123456789abcdef0123456789abcdef-${SPAN_ID}-01`);
  expect(seen).toMatchObject([
    {
      name: "delivery.send",
      attributes: { "tudunk.channel": "x" },
      parent: { traceId: "0123456789abcdef0123456789abcdef", isRemote: true },
      ended: true,
      status: null,
    },
  ]);
});

test("what fails inside a span is noted on it and passed on", async () => {
  const seen = noteSpans();
  await expect(
    withSpan("x", {}, null, () => Promise.reject(new Error("a broken promise"))),
  ).rejects.toThrow("a broken promise");
  expect(seen).toMatchObject([{ ended: true, status: SpanStatusCode.ERROR }]);
});

test("without an SDK there is still a trace id, the parent's where there is one", async () => {
  const ids = await Promise.all(
    [PARENT, null, null, "not a traceparent"].map((parent) =>
      withSpan("x", {}, parent, (traceparent) => Promise.resolve(traceIdOf(traceparent))),
    ),
  );
  expect(ids[0]).toBe("0123456789abcdef0123456789abcdef");
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(currentTraceparent()).toBeNull();
});

test("a new traceparent is well-formed and not sampled", () => {
  expect(newTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test.each([
  null,
  "",
  "00-xyz-1-01",
  `${PARENT}x`,
  "01-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
])("%j has no trace id", (text) => {
  expect(traceIdOf(text)).toBeNull();
});

test("without an endpoint nothing is said about traces", async () => {
  expect((await startTracing({})).note).toBeNull();
});

test("an endpoint without the SDK gives one line that says what to run", async () => {
  const tracing = await startTracing({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:secret@127.0.0.1:4318",
  });
  expect(tracing.note).toMatch(/^OTEL_EXPORTER_OTLP_ENDPOINT is set.*Run: npm i [^\n]+$/);
  expect(tracing.note).not.toContain("secret");
  await tracing.stop();
});
