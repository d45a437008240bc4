import { http } from "./http.js";
import type { Probe } from "./probe.js";
import { prometheus } from "./prometheus.js";
import { smtp } from "./smtp.js";
import { tcp } from "./tcp.js";
import { tls } from "./tls.js";

/** Every probe there is, by the word that a monitor names. */
export const PROBES: Readonly<Record<string, Probe>> = { http, tls, tcp, smtp, prometheus };
