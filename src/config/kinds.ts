import type { z } from "zod";
import { PROBES } from "../../probes/index.js";
import { heartbeat } from "./heartbeat.js";

/** What the file may say of one kind of monitor, whether it is looked at or tells of itself. */
export interface MonitorKind {
  readonly kind: string;
  readonly target: z.ZodType<string>;
  /** The kind's own keys; strict. */
  readonly options: z.ZodObject;
}

/** Every kind of monitor that may be declared, by the word that names it under `probe`. */
export const KINDS: Readonly<Record<string, MonitorKind>> = { ...PROBES, heartbeat };
