import type { MonitorText } from "../program.js";
import { encrypted, lines, page, type Script, type Talk } from "./door.js";
import { openNameServer, resolving } from "./names.js";
import { TOKEN } from "./stand.js";
import type { World } from "./world.js";

export const MAIL: Script = {
  EHLO: "250-mail\r\n250 STARTTLS",
  STARTTLS: "220 go",
  QUIT: "221 bye",
};
export const MAILBOX: Script = {
  CAPABILITY: "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n% OK done",
  LOGOUT: "* BYE\r\n% OK bye",
};
export const FILES: Script = {
  FEAT: "211-Features:\r\n EPSV\r\n211 End",
  USER: "331 password?",
  PASS: "230 in",
  QUIT: "221 bye",
};

/** PostgreSQL up to its answer to the question for encryption, which it has none of. */
export const database: Talk = (socket) => void socket.once("data", () => socket.write("N"));

/** A company's services, all well, of most kinds, by name and by address; for our own faults to be seen at. */
export async function healthyServices(
  world: World,
): Promise<{ monitors: MonitorText[]; hosts: Readonly<Record<string, unknown>>[] }> {
  const { address, certificate, root, houseCertificate } = world;
  const own = { cert: certificate.chain, key: certificate.key };
  const house = { cert: houseCertificate.chain, key: houseCertificate.key };
  const tls = { ca: root.cert, warnDays: 0 };
  const plain = await world.door(page(200));
  const secret = await world.door(encrypted(own, page(200)));
  const homely = await world.door(encrypted(house, page(200)));
  const mail = await world.door(lines("220 mail1 ESMTP", MAIL, own));
  const mailbox = await world.door(lines("* OK ready", MAILBOX));
  const files = await world.door(lines("220 ready", FILES));
  const base = await world.door(database);
  const dns = await openNameServer(world.stage, address, resolving(world.zone));
  const of = (host: string, id: string, probe: string, target: string, more = {}): MonitorText => ({
    id: `${host}-${id}`,
    probe,
    target,
    host,
    component: host,
    ...more,
  });
  return {
    hosts: [
      { id: "rack-a", kind: "rack" },
      ...["web1", "web2", "mail1", "dns1", "db1"].map((id) => ({ id, parents: ["rack-a"] })),
    ],
    monitors: [
      of("web1", "http", "http", `http://web1.truth.test:${plain.port}/`),
      of("web1", "https", "http", `https://web1.truth.test:${secret.port}/`, { tls }),
      of("web1", "address", "http", `http://${address}:${plain.port}/`),
      of("web2", "http", "http", `http://web2.truth.test:${plain.port}/`, {
        expect: { body: "all is well" },
      }),
      of("web2", "house", "http", `https://web2.truth.test:${homely.port}/`, {
        tls: { ca: { file: world.houseFile }, warnDays: 0 },
      }),
      of("web2", "tls", "tls", `web2.truth.test:${secret.port}`, tls),
      of("mail1", "smtp", "smtp", `mail1.truth.test:${mail.port}`, { tls, starttls: "required" }),
      of("mail1", "imap", "imap", `mail1.truth.test:${mailbox.port}`, { starttls: "never" }),
      of("mail1", "banner", "tcp", `${address}:${mail.port}`, {
        dialogue: [{ expect: "220 mail1" }],
      }),
      of("dns1", "asked", "dns", "web1.truth.test", { expect: { only: [address] } }),
      of("dns1", "own", "dns", "web1.truth.test", {
        server: dns.place,
        expect: { only: [address] },
      }),
      of("db1", "postgres", "postgres", `${address}:${base.port}`, {
        encrypt: "offered",
      }),
      of("db1", "ftp", "ftp", `db1.truth.test:${files.port}`, {
        mode: "plain",
        auth: { username: "probe", password: "word", plaintext: true },
      }),
      {
        id: "db1-backup",
        probe: "heartbeat",
        token: TOKEN,
        target: "the backup of db1",
        period: "3s",
        grace: "3s",
        host: "db1",
        component: "db1",
      },
    ],
  };
}
