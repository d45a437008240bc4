import { blocklist } from "./blocklist.js";
import { dns } from "./dns.js";
import { domain } from "./domain.js";
import { ftp } from "./ftp.js";
import { http } from "./http.js";
import { icmp } from "./icmp.js";
import { mysql } from "./mysql.js";
import { postgres } from "./postgres.js";
import { imap } from "./imap.js";
import { mailTrip } from "./mail-trip.js";
import { pop3 } from "./pop3.js";
import type { Probe } from "./probe.js";
import { prometheus } from "./prometheus.js";
import { smtp } from "./smtp.js";
import { ssh } from "./ssh.js";
import { tcp } from "./tcp.js";
import { tls } from "./tls.js";

/** Every probe there is, by the word that a monitor names. */
export const PROBES: Readonly<Record<string, Probe>> = {
  http,
  tls,
  tcp,
  smtp,
  dns,
  blocklist,
  domain,
  ftp,
  ssh,
  mysql,
  postgres,
  icmp,
  imap,
  pop3,
  "mail-trip": mailTrip,
  prometheus,
};
