import { http } from "./http.js";
import type { Probe } from "./probe.js";

/** Every probe there is, by the word that a monitor names. */
export const PROBES: Readonly<Record<string, Probe>> = { http };
