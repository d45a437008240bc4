import { randomBytes } from "node:crypto";
import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type SpanContext,
} from "@opentelemetry/api";

/** W3C Trace Context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Runs `fn` inside a span, below `parent` (a traceparent kept with the work) or the active span. `fn`
 * is given the span's own traceparent; where no SDK is installed, the parent's or a new one, so that
 * logs always have a trace id. What `fn` throws is noted on the span and thrown on.
 */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  parent: string | null,
  fn: (traceparent: string) => Promise<T>,
): Promise<T> {
  const tracer = trace.getTracer("tudunk");
  return tracer.startActiveSpan(name, { attributes }, contextOf(parent), async (span) => {
    try {
      return await fn(written(span.spanContext()) ?? newTraceparent());
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The active span's traceparent, to be kept with work that is done later; `null` outside of spans. */
export function currentTraceparent(): string | null {
  const span = trace.getActiveSpan();
  return span ? written(span.spanContext()) : null;
}

/** A random traceparent that is not sampled: an id for the logs of work that nobody traces. */
export const newTraceparent = (): string =>
  `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;

/** The trace id in a traceparent; `null` for what is none. */
export const traceIdOf = (traceparent: string | null): string | null =>
  traceparent === null ? null : (TRACEPARENT.exec(traceparent)?.[1] ?? null);

function contextOf(parent: string | null): Context {
  const [, traceId, spanId, flags] = (parent && TRACEPARENT.exec(parent)) || [];
  if (!traceId || !spanId || !flags) return context.active();
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function written({ traceId, spanId, traceFlags }: SpanContext): string | null {
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return null;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** What exporting needs beside us: not installed by default, since most never ask for it. */
const SDK_PACKAGES = [
  "@opentelemetry/sdk-trace-node@^2",
  "@opentelemetry/resources@^2",
  "@opentelemetry/exporter-trace-otlp-http@>=0.200 <0.300",
];

export interface Tracing {
  /** One line for the terminal: where spans go, or what is missing; `null` where nobody asked. */
  readonly note: string | null;
  /** Sends what is still held back, for at most two seconds. */
  stop(): Promise<void>;
}

/** Exports spans where `OTEL_EXPORTER_OTLP_ENDPOINT` is set and the SDK is installed. Never throws. */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Tracing> {
  const endpoint = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const nothing = { stop: () => Promise.resolve() };
  if (!endpoint) return { note: null, ...nothing };
  try {
    const provider = await startProvider(env["OTEL_SERVICE_NAME"] ?? "tudunk");
    return {
      note: `Traces go to ${withoutSecrets(endpoint)}.`,
      stop: () => withinMs(2_000, provider.shutdown()),
    };
  } catch (error) {
    const missing =
      error instanceof Error && "code" in error && /MODULE_NOT_FOUND/.test(String(error.code));
    // The SDK does not know our newer API package yet, which is compatible; npm has to be told.
    const help = `npm i --no-save ${SDK_PACKAGES.map((name) => `"${name}"`).join(" ")}`;
    return {
      note: missing
        ? `OTEL_EXPORTER_OTLP_ENDPOINT is set, but the OpenTelemetry SDK is not installed. Run: ${help}`
        : `Traces are not exported: the OpenTelemetry SDK could not be started (${String(error).split("\n")[0]?.slice(0, 200)}).`,
      ...nothing,
    };
  }
}

/** The little of the SDK that is used; its types are not here, as it is not. */
interface Sdk {
  NodeTracerProvider: new (options: object) => {
    register(): void;
    shutdown(): Promise<void>;
  };
  BatchSpanProcessor: new (exporter: object) => object;
}
interface Exporter {
  OTLPTraceExporter: new () => object;
}
interface Resources {
  readonly resourceFromAttributes: (attributes: Attributes) => object;
}

async function startProvider(serviceName: string) {
  const sdk: Sdk = await load("@opentelemetry/sdk-trace-node");
  const { OTLPTraceExporter }: Exporter = await load("@opentelemetry/exporter-trace-otlp-http");
  const { resourceFromAttributes }: Resources = await load("@opentelemetry/resources");
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    // The exporter reads its address and headers from the environment, as its own manual says.
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  return provider;
}

/** By a name the compiler cannot follow: whether it is installed shows only now. */
const load = async <T>(name: string): Promise<T> => (await import(name)) as T;

function withoutSecrets(address: string): string {
  try {
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}`;
  } catch {
    return "the address given";
  }
}

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  await Promise.race([
    work.catch(() => undefined),
    new Promise<void>((done) => void setTimeout(done, ms).unref()),
  ]);
}
