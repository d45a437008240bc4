import { PROBES } from "../probes/index.js";
import { createResolver } from "../probes/resolver.js";
import { runProbe } from "../probes/run.js";
import { answering } from "./child.js";

/** Looks at one target again and again, `atOnce` at a time, for so long; what came of it. */
export interface LookQuestion {
  readonly kind: string;
  readonly target: string;
  readonly options: object;
  readonly atOnce: number;
  readonly forMs: number;
}
export interface Looked {
  readonly looks: number;
  readonly failed: number;
  readonly spentMs: number;
}

const eyes = { resolver: createResolver() };

answering(async ({ kind, target, options, atOnce, forMs }: LookQuestion): Promise<Looked> => {
  const probe = PROBES[kind];
  if (!probe) throw new Error(`there is no probe ${kind}`);
  const run = probe.prepare(target, options, eyes);
  const started = performance.now();
  let looks = 0;
  let failed = 0;
  const again = async (): Promise<void> => {
    while (performance.now() - started < forMs) {
      const { outcome } = await runProbe(run, 10_000, () => new Date());
      looks += 1;
      if (outcome !== "up" && outcome !== "degraded") failed += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, again));
  return { looks, failed, spentMs: performance.now() - started };
});
