import { http } from "./http.js";
import { imap } from "./imap.js";
import { mailTrip } from "./mail-trip.js";
import { pop3 } from "./pop3.js";
import type { Probe } from "./probe.js";
import { smtp } from "./smtp.js";
import { tcp } from "./tcp.js";
import { tls } from "./tls.js";

/** Every probe there is, by the word that a monitor names. */
export const PROBES: Readonly<Record<string, Probe>> = {
  http,
  tls,
  tcp,
  smtp,
  imap,
  pop3,
  "mail-trip": mailTrip,
};
