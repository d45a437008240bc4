import { createSocket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** What a name has; a family that is left out is answered with "no such data". */
export type Zone =
  | { readonly a?: readonly string[]; readonly aaaa?: readonly string[]; readonly ttl?: number }
  | "nxdomain"
  | "servfail"
  | "refused"
  | "silent";

const RCODES = { servfail: 2, nxdomain: 3, refused: 5 } as const;

/**
 * A DNS server on loopback; names it does not have do not exist, and the root exists unless told otherwise.
 * `asked` gathers `name/type`, without the root.
 */
export async function startDns(
  zones: Readonly<Record<string, Zone>>,
  { root = true }: { readonly root?: boolean } = {},
) {
  const asked: string[] = [];
  const server = createSocket("udp4");
  server.on("message", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
      labels.push(query.toString("latin1", at + 1, at + 1 + size));
      at += size + 1;
    }
    const type = query.readUInt16BE(at + 1);
    const question = query.subarray(12, at + 5);
    const name = labels.join(".").toLowerCase();
    if (name === "" && root) {
      // `. NS .`: enough to show that there is one.
      const head = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
      query.copy(head, 0, 0, 2);
      const record = Buffer.from([0, 0, type, 0, 1, 0, 0, 0, 60, 0, 1, 0]);
      server.send(Buffer.concat([head, question, record]), from.port, from.address);
      return;
    }
    asked.push(`${name}/${type === 28 ? "AAAA" : type === 1 ? "A" : type}`);
    const zone = zones[name] ?? "nxdomain";
    if (zone === "silent") return;
    const [rcode, records, ttl] =
      typeof zone === "string"
        ? [RCODES[zone], [], 0]
        : [0, type === 28 ? (zone.aaaa ?? []) : type === 1 ? (zone.a ?? []) : [], zone.ttl ?? 60];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | rcode, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    const answers = records.map((address) => {
      const bytes = addressBytes(address);
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(ttl, 6);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, bytes]);
    });
    server.send(Buffer.concat([head, question, ...answers]), from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { server: `127.0.0.1:${server.address().port}`, asked };
}

/** Of IPv6 only whole addresses and a leading `::` with one group are understood. */
function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const groups = address.startsWith("::")
    ? [...Array<string>(7).fill("0"), address.slice(2)]
    : address.split(":");
  return Buffer.from(
    groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]),
  );
}
