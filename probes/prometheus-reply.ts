import { z } from "zod";

/** A series of an instant query's result; `value` is `null` where it has none (NaN, a histogram). */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | null;
}

/** What a server of Prometheus' HTTP API said to a query. */
export type QueryReply =
  | {
      readonly kind: "series";
      readonly series: readonly Series[];
      readonly warnings: readonly string[];
    }
  /** It refused the query: `bad_data`, `execution`, `timeout`, … */
  | { readonly kind: "failed"; readonly errorType: string; readonly error: string }
  | { readonly kind: "malformed" };

const point = z.tuple([z.number(), z.string()]);
const texts = z.array(z.string()).catch([]);
const reply = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    warnings: texts,
    data: z.discriminatedUnion("resultType", [
      z.object({
        resultType: z.literal("vector"),
        result: z.array(
          z.object({ metric: z.record(z.string(), z.string()), value: point.optional() }),
        ),
      }),
      z.object({ resultType: z.literal("scalar"), result: point }),
      z.object({ resultType: z.enum(["matrix", "string"]), result: z.unknown() }),
    ]),
  }),
  z.object({
    status: z.literal("error"),
    errorType: z.string().catch(""),
    error: z.string().catch(""),
  }),
]);

/** Reads the JSON of `/api/v1/query` (prometheus.io, HTTP API, "Instant queries"). */
export function readQueryReply(text: string): QueryReply {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed" };
  }
  const read = reply.safeParse(json);
  if (!read.success) return { kind: "malformed" };
  if (read.data.status === "error") {
    const { errorType, error } = read.data;
    return { kind: "failed", errorType, error };
  }
  const { data, warnings } = read.data;
  switch (data.resultType) {
    case "vector": {
      const series = data.result.map(({ metric, value }) => ({
        labels: metric,
        value: value === undefined ? null : numberOf(value[1]),
      }));
      return { kind: "series", series, warnings };
    }
    case "scalar":
      return {
        kind: "series",
        series: [{ labels: {}, value: numberOf(data.result[1]) }],
        warnings,
      };
    case "matrix":
    case "string":
      return { kind: "failed", errorType: "result", error: `a ${data.resultType}, not a vector` };
  }
}

/** Sample values are texts: `0.5`, `1e+06`, `+Inf`, `NaN`. */
function numberOf(text: string): number | null {
  const value = Number(text.replace(/^([+-]?)Inf$/, "$1Infinity"));
  return text.trim() === "" || Number.isNaN(value) ? null : value;
}
