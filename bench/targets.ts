import { chainOf } from "../test/support/certificates.js";
import type { Stage } from "./bench.js";
import { forkChild } from "./child.js";
import type { TargetQuestion } from "./target.js";

export const KINDS = ["http", "https", "tcp", "smtp"] as const;
export type Kind = (typeof KINDS)[number];

/** A healthy server that counts who looks. */
export interface Target {
  readonly port: number;
  /** The root that its certificate hangs on (PEM). */
  readonly ca: string;
  count(): Promise<number>;
  /** Path → when it was asked for since `fromMs` (epoch ms). */
  arrivals(fromMs: number): Promise<Map<string, number[]>>;
  /** Only these paths fail from now on, with 503. */
  fail(paths: readonly string[]): Promise<void>;
}

export async function openTarget(stage: Stage, kind: Kind): Promise<Target> {
  const child = forkChild(stage, "target");
  const ask = <T>(question: TargetQuestion): Promise<T> => child.ask<T>(question);
  // RSA 2048, as most of the web still has it.
  const { leaf, root } = chainOf({ leaf: { key: "rsa-2048", names: ["localhost", "127.0.0.1"] } });
  const port = await ask<number>({ do: "listen", kind, cert: leaf.chain, key: leaf.key });
  return {
    port,
    ca: root.cert,
    count: () => ask({ do: "count" }),
    arrivals: async (fromMs) =>
      new Map(await ask<[string, number[]][]>({ do: "arrivals", fromMs })),
    fail: (paths) => ask({ do: "fail", paths }),
  };
}
