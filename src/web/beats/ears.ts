import { createHash } from "node:crypto";
import type { Config } from "../../config/config.js";
import { tokenOf } from "../../config/heartbeat.js";

/** Knows the monitor that a token is the secret of. */
export type Ears = (token: string) => string | null;

/**
 * The ears of a configuration. A token is looked up by its hash, so that how long it takes says nothing of
 * how much of it was right.
 */
export function earsOf({ monitors }: Config): Ears {
  const byHash = new Map(
    monitors.flatMap((monitor) => {
      const token = tokenOf(monitor);
      return token === null ? [] : [[hashOf(token), monitor.id] as const];
    }),
  );
  return (token) => byHash.get(hashOf(token)) ?? null;
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64");
