import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askServer } from "../../probes/dns-exchange.js";

const FOLDERS = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin"];

/** Where a server's program is, also where the path leaves it out for ordinary users; `null` for nowhere. */
export function program(name: string): string | null {
  const found = FOLDERS.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

const PROGRAMS = ["knotd", "keymgr", "unbound", "nsd"];
export const missingPrograms = PROGRAMS.filter((name) => program(name) === null);

/** A little world of names, with a root that is signed. */
const ZONES = ["good", "bogus", "plain", "twin", "half"] as const;

const SIGNED: ReadonlySet<string> = new Set(["good", "bogus"]);

/** Records below their zone's head, for knot; the head is the same for all. */
const RECORDS: Readonly<Record<(typeof ZONES)[number], string>> = {
  good: [
    "www 60 A 192.0.2.1",
    "www 60 AAAA 2001:db8::1",
    "@ 60 MX 10 mx",
    '@ 60 TXT "v=spf1 " "mx -all"',
    '@ 60 CAA 0 issue "letsencrypt.org"',
    "_sip._tcp 60 SRV 1 2 5060 sip",
    "alias 60 CNAME www",
    // More than a datagram holds.
    ...Array.from({ length: 20 }, (_, index) => `many 60 TXT "${`${index}`.padEnd(200, "x")}"`),
    'many 60 TXT "end"',
    // Nobody listens where these lead: see unbound's configuration.
    "dead 60 NS ns.dead",
    "ns.dead 60 A 127.0.0.1",
  ].join("\n"),
  bogus: "www 60 A 192.0.2.2",
  plain: "www 60 A 192.0.2.3",
  twin: "@ 60 NS ns2\nns2 60 A 127.0.0.2\nns1 60 AAAA ::1",
  half: "@ 60 NS ns2\nns2 60 A 127.0.0.2",
};

const zoneText = (zone: string, serial: number, more: string): string =>
  `$ORIGIN ${zone}.\n@ 60 SOA ns1 host ${serial} 3600 600 86400 60\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n${more}\n`;

export interface RealDns {
  /** Knot: authoritative for all zones. */
  readonly authority: string;
  /** Unbound: validates from the root on. */
  readonly resolver: string;
  /** Where knot (127.0.0.1, ::1) and NSD (127.0.0.2, `twin` alone) listen. */
  readonly port: number;
  /** Starts NSD anew with this serial for `twin`; knot has 7. */
  setTwin(serial: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts knot, NSD and unbound on loopback, in a folder of their own, as whoever runs the tests. */
export async function startRealDns(): Promise<RealDns> {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-dns-"));
  const running = new Map<string, ChildProcess>();
  const port = await freePort();
  const resolverPort = await freePort();
  const start = (name: string, args: readonly string[]): void => {
    const child = spawn(program(name) ?? name, args, { cwd: folder, stdio: "ignore" });
    child.on("error", () => undefined);
    running.set(name, child);
  };
  const end = async (name: string): Promise<void> => {
    const child = running.get(name);
    running.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(late);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...running.keys()].map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    mkdirSync(join(folder, "db"));
    writeFileSync(join(folder, "knot.conf"), knotConfig(folder, port));
    for (const zone of ZONES)
      writeFileSync(join(folder, `${zone}.zone`), zoneText(zone, 7, RECORDS[zone]));
    const keys = (...args: string[]): string =>
      execFileSync(program("keymgr") ?? "", ["-c", "knot.conf", ...args], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const digestOf = (zone: string): string => {
      keys(zone, "generate", "ksk=yes", "zsk=yes", "algorithm=ecdsap256sha256");
      return (
        keys(zone, "ds")
          .split("\n")
          .find((line) => / DS \d+ 13 2 /.test(line)) ?? ""
      );
    };
    const anchor = digestOf(".");
    const good = digestOf("good.");
    const bogus = digestOf("bogus.").replace(/[0-9a-f]{8}$/, "deadbeef");
    const cuts = ZONES.map((zone) => `${zone}. 60 NS ns1.${zone}.\nns1.${zone}. 60 A 127.0.0.1`);
    writeFileSync(
      join(folder, "root.zone"),
      `$ORIGIN .\n@ 60 SOA ns1.good. host.good. 1 3600 600 86400 60\n@ 60 NS ns1.good.\n${[...cuts, good, bogus].join("\n")}\n`,
    );
    writeFileSync(join(folder, "unbound.conf"), unboundConfig(folder, resolverPort, port, anchor));
    writeFileSync(join(folder, "nsd.conf"), nsdConfig(folder, port));
    start("knotd", ["-c", join(folder, "knot.conf")]);
    start("unbound", ["-d", "-c", join(folder, "unbound.conf")]);
    const setTwin = async (serial: number): Promise<void> => {
      await end("nsd");
      writeFileSync(join(folder, "twin-nsd.zone"), zoneText("twin", serial, RECORDS.twin));
      start("nsd", ["-d", "-c", join(folder, "nsd.conf")]);
      await untilAnswered("127.0.0.2", port, "twin");
    };
    await untilAnswered("127.0.0.1", port, "good");
    await untilAnswered("127.0.0.1", resolverPort, "good");
    await setTwin(7);
    const [authority, resolver] = [`127.0.0.1:${port}`, `127.0.0.1:${resolverPort}`];
    return { authority, resolver, port, setTwin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until a server answers for a zone, at most half a minute. */
export async function untilAnswered(address: string, port: number, name: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const asked = await askServer(
      { address, port },
      { name, type: "SOA", recursion: true },
      { transport: "udp", waits: [500] },
      new AbortController().signal,
    );
    if (asked.kind === "answered" && asked.reply.records.length > 0) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${address}:${port} does not answer for ${name}`);
}

/** A UDP port of 127.0.0.1 that nobody has just now. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

const knotConfig = (folder: string, port: number): string => `
server:
    rundir: "${folder}"
    listen: [127.0.0.1@${port}, ::1@${port}]
database:
    storage: "${folder}/db"
policy:
  - id: ours
    manual: on
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: "${folder}"
    file: "%s.zone"
  - id: signed
    storage: "${folder}"
    file: "%s.zone"
    dnssec-signing: on
    dnssec-policy: ours
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
zone:
  - domain: .
    file: root.zone
    template: signed
${ZONES.map((zone) => `  - domain: ${zone}.\n${SIGNED.has(zone) ? "    template: signed\n" : ""}`).join("")}`;

const unboundConfig = (folder: string, port: number, authority: number, anchor: string): string =>
  `server:
  interface: 127.0.0.1@${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  logfile: "unbound.log"
  num-threads: 1
  do-not-query-localhost: no
  module-config: "validator iterator"
  ede: yes
  trust-anchor: "${anchor}"
remote-control:
  control-enable: no
${[".", ...ZONES.map((zone) => `${zone}.`)].map((zone) => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${authority}\n`).join("")}stub-zone:
  name: "dead.good."
  stub-addr: 127.0.0.1@1
`;

const nsdConfig = (folder: string, port: number): string => `server:
  ip-address: 127.0.0.2@${port}
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  logfile: "${folder}/nsd.log"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: twin
  zonefile: twin-nsd.zone
`;
