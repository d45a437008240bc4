import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chainOf } from "./certificates.js";

const MASTER = "/usr/lib/postfix/sbin/master";
const DOVECOT = "/usr/sbin/dovecot";
const READY_MS = 15_000;
const END_MS = 5_000;

/** Why a real mail server cannot be started here; `null` where it can. */
export function mailServerMissing(): string | null {
  if (process.platform !== "linux") return "needs Linux";
  if (!existsSync(MASTER) || !existsSync("/usr/sbin/postconf")) return "postfix is not installed";
  if (!existsSync(DOVECOT)) return "dovecot is not installed";
  for (const part of ["imap", "pop3", "lmtp"])
    if (!existsSync(`/usr/lib/dovecot/${part}`)) return `dovecot-${part}d is not installed`;
  return process.getuid?.() === 0 ? null : "postfix needs root";
}

/** Postfix and Dovecot of this machine, on loopback, with configuration, queue and mail in a folder of their own. */
export interface MailServer {
  /** Submission with STARTTLS and a login. */
  readonly submission: number;
  /** With STARTTLS. */
  readonly imap: number;
  readonly pop3: number;
  /** Encrypted from the first byte. */
  readonly imaps: number;
  readonly pop3s: number;
  readonly ca: string;
  readonly user: string;
  readonly password: string;
  /** What both logged. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts both; resolves once all ports accept. A mail to `user` or `other@real.test` arrives at once, one to
 * `gone@real.test` comes back, one to `stuck@real.test` stays in the queue, and one from `proven@real.test` bears a
 * verdict on its sender.
 */
export async function startMailServer(): Promise<MailServer> {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-mail-"));
  chmodSync(folder, 0o755);
  const { leaf, root } = chainOf();
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const cert = file("cert.pem", leaf.chain);
  const key = file("key.pem", leaf.key);
  const [submission = 0, imap = 0, pop3 = 0, imaps = 0, pop3s = 0, auth = 0, lmtp = 0] =
    await freePorts(7);
  const ports = { submission, imap, pop3, imaps, pop3s, auth, lmtp };
  const user = "inbox@real.test";
  const password = 'a "good" \\ secret';

  file(
    "users",
    [user, "other@real.test"].map((one) => `${one}:{PLAIN}${password}::::::\n`).join(""),
  );
  const mail = join(folder, "mail");
  mkdirSync(mail);
  const [uid, gid] = [idOf("-u", "nobody"), idOf("-g", "nogroup")];
  chownSync(mail, uid, gid);
  const dovecotConf = file(
    "dovecot.conf",
    dovecotText({ folder, mail, cert, key, ports, uid, gid }),
  );

  const queue = join(folder, "queue");
  const state = join(folder, "state");
  mkdirSync(queue);
  mkdirSync(state);
  chownSync(state, idOf("-u", "postfix"), idOf("-g", "postfix"));
  mkdirSync(join(folder, "postfix"));
  file("postfix/main.cf", postfixText({ folder, queue, state, cert, key, ports }));
  file("postfix/master.cf", servicesText(submission));
  const parts =
    "active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace pid";
  for (const part of parts.split(" ")) {
    mkdirSync(join(queue, part));
    const group = part === "maildrop" || part === "public" ? idOf("-g", "postdrop") : 0;
    if (part !== "pid") chownSync(join(queue, part), idOf("-u", "postfix"), group);
  }

  const said: string[] = [];
  const children = [
    run(DOVECOT, ["-F", "-c", dovecotConf], said),
    run(MASTER, ["-c", join(folder, "postfix"), "-d"], said),
  ];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await Promise.all(Object.values(ports).map((port) => accepts(port, children)));
  } catch (error) {
    await stop();
    throw new Error(`the mail server did not start:\n${said.join("")}`, { cause: error });
  }
  return { ...ports, ca: root.cert, user, password, log: () => said.join(""), stop };
}

interface Ports {
  readonly submission: number;
  readonly imap: number;
  readonly pop3: number;
  readonly imaps: number;
  readonly pop3s: number;
  readonly auth: number;
  readonly lmtp: number;
}

const dovecotText = ({
  folder,
  mail,
  cert,
  key,
  ports,
  uid,
  gid,
}: {
  folder: string;
  mail: string;
  cert: string;
  key: string;
  ports: Ports;
  uid: number;
  gid: number;
}): string => `
base_dir = ${folder}/dovecot
state_dir = ${folder}/dovecot-state
log_path = /dev/stderr
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <${cert}
ssl_key = <${key}
ssl_dh =
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_home = ${mail}/%u
mail_uid = ${uid}
mail_gid = ${gid}
first_valid_uid = 1
first_valid_gid = 1
mail_plugins = quota
passdb {
  driver = passwd-file
  args = scheme=PLAIN ${folder}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${mail}/%u
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=10M
}
protocol imap {
  mail_plugins = quota imap_quota
}
service imap-login {
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = ${ports.auth}
  }
}
`;

const postfixText = ({
  folder,
  queue,
  state,
  cert,
  key,
  ports,
}: {
  folder: string;
  queue: string;
  state: string;
  cert: string;
  key: string;
  ports: Ports;
}): string => `
compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${state}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = ${folder}/postfix.log
maillog_file_prefixes = ${folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.real.test
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = real.test
virtual_mailbox_maps = inline:{ { inbox@real.test = x }, { other@real.test = x }, { gone@real.test = x }, { stuck@real.test = x } }
virtual_transport = lmtp:inet:127.0.0.1:${ports.lmtp}
smtp_tls_security_level = none
smtpd_tls_cert_file = ${cert}
smtpd_tls_key_file = ${key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${ports.auth}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access inline:{ { proven@real.test = PREPEND Authentication-Results: mx.real.test; spf=pass smtp.mailfrom=real.test; dkim=pass (2048-bit key) header.d=real.test } }
transport_maps = inline:{ { stuck@real.test = smtp:127.0.0.1:1 } }
smtpd_peername_lookup = no
smtputf8_enable = no
maximal_idle = 5s
`;

const servicesText = (submission: number): string => `
127.0.0.1:${submission} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

/** Numeric id of a user (`-u`), or of a group (`-g`); 0 where there is none. */
function idOf(flag: "-u" | "-g", name: string): number {
  const list = readFileSync(flag === "-u" ? "/etc/passwd" : "/etc/group", "utf8");
  const line = list.split("\n").find((one) => one.startsWith(`${name}:`));
  return Number(line?.split(":")[2] ?? 0);
}

function run(command: string, args: readonly string[], said: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => void said.push(chunk.toString()));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const isGone = await Promise.race([gone.then(() => true), sleep(END_MS, false, { ref: false })]);
  // Each leads a process group of its own, which is ours alone.
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of it is left.
  }
  if (!isGone) await gone;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

async function accepts(port: number, children: readonly ChildProcess[]): Promise<void> {
  const until = Date.now() + READY_MS;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (Date.now() > until || children.some(({ exitCode }) => exitCode !== null)) throw error;
    } finally {
      socket.destroy();
    }
    await sleep(50);
  }
}
