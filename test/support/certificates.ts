import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** What a test wants wrong (or right) about a certificate; everything has a healthy default. */
export interface Wish {
  /** Subject common name. */
  readonly name?: string;
  readonly key?: KeyKind;
  /** Who signs; without it the certificate signs itself. */
  readonly by?: Issued;
  readonly names?: readonly string[];
  readonly ca?: boolean;
  /** Days from now; negative is past. */
  readonly from?: number;
  readonly to?: number;
  readonly hash?: "md5" | "sha1" | "sha256" | "sha384";
  readonly usage?: "server" | "client" | null;
  /** Breaks the signature after signing. */
  readonly tampered?: boolean;
}

type KeyKind = "rsa-1024" | "rsa-2048" | "ec-192" | "ec-256" | "ec-384";

/** A certificate with its key, as PEM; `chain` is what a server sends: itself, then its issuers without the root. */
export interface Issued {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly chain: string;
  readonly root: string;
  readonly privateKey: KeyObject;
}

const DAY_MS = 86_400_000;

/** Makes a certificate in this process: plain X.509 v3 in DER (RFC 5280), signed by node:crypto. */
export function issue(wish: Wish = {}): Issued {
  const { name = "localhost", by, ca = false, from = -1, to = 90 } = wish;
  const privateKey = keyOf(wish.key ?? "ec-256", name);
  const signer = by?.privateKey ?? privateKey;
  const hash = wish.hash ?? "sha256";
  const algorithm = signatureAlgorithm(signer, hash);
  const serial = Buffer.from(`01${(serials++).toString(16).padStart(6, "0")}`, "hex");
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(serial),
    algorithm,
    commonName(by?.name ?? name),
    sequence(time(from), time(to)),
    commonName(name),
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions(wish, name, ca))),
  );
  const signature = sign(hash, body, signer);
  if (wish.tampered) signature.writeUInt8(signature.readUInt8(20) ^ 0xff, 20);
  const cert = pem(sequence(body, algorithm, bitString(signature)));
  return {
    name,
    cert,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    chain: by && by.chain !== by.root ? cert + by.chain : cert,
    root: by?.root ?? cert,
    privateKey,
  };
}

/** A root, an intermediate below it and a leaf for `localhost` and 127.0.0.1, each as wished. */
export function chainOf(wishes: { root?: Wish; middle?: Wish; leaf?: Wish } = {}): {
  root: Issued;
  middle: Issued;
  leaf: Issued;
} {
  const root = issue({ name: "Test Root", ca: true, to: 3650, usage: null, ...wishes.root });
  const middle = issue({
    name: "Test Middle",
    ca: true,
    to: 365,
    usage: null,
    by: root,
    ...wishes.middle,
  });
  const leaf = issue({
    name: "localhost",
    names: ["localhost", "127.0.0.1"],
    by: middle,
    ...wishes.leaf,
  });
  return { root, middle, leaf };
}

let serials = 1;
const keys = new Map<string, KeyObject>();

/** RSA keys take long to make, so each name has one key a kind and run. */
function keyOf(kind: KeyKind, name: string): KeyObject {
  const known = keys.get(`${kind} ${name}`);
  if (known) return known;
  const [family, size] = kind.split("-");
  const curve = { "192": "prime192v1", "256": "prime256v1", "384": "secp384r1" }[size ?? ""];
  const { privateKey } =
    family === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: Number(size) })
      : generateKeyPairSync("ec", { namedCurve: curve ?? "prime256v1" });
  keys.set(`${kind} ${name}`, privateKey);
  return privateKey;
}

function extensions({ names, usage }: Wish, name: string, ca: boolean): Buffer[] {
  const list = [extension("2.5.29.19", sequence(...(ca ? [tagged(0x01, Buffer.of(0xff))] : [])))];
  const sans = names ?? (ca ? [] : [name]);
  if (sans.length > 0) list.push(extension("2.5.29.17", sequence(...sans.map(generalName))));
  if (usage !== null && !ca) {
    const purpose = usage === "client" ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1";
    list.push(extension("2.5.29.37", sequence(oid(purpose))));
  }
  return list;
}

const extension = (id: string, value: Buffer) => sequence(oid(id), tagged(0x04, value));

function generalName(name: string): Buffer {
  if (isIP(name) === 4) return tagged(0x87, Buffer.from(name.split(".").map(Number)));
  if (name === "::1") return tagged(0x87, Buffer.from([...Array(15).fill(0), 1]));
  return tagged(0x82, Buffer.from(name, "latin1"));
}

function signatureAlgorithm(signer: KeyObject, hash: NonNullable<Wish["hash"]>): Buffer {
  if (signer.asymmetricKeyType === "rsa") {
    const last = { md5: 4, sha1: 5, sha256: 11, sha384: 12 }[hash];
    return sequence(oid(`1.2.840.113549.1.1.${last}`), tagged(0x05, Buffer.alloc(0)));
  }
  if (hash === "md5") throw new Error("there is no ECDSA with MD5");
  return sequence(
    oid(
      { sha1: "1.2.840.10045.4.1", sha256: "1.2.840.10045.4.3.2", sha384: "1.2.840.10045.4.3.3" }[
        hash
      ],
    ),
  );
}

const commonName = (name: string) =>
  sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from(name)))));

/** GeneralizedTime works for every year; RFC 5280 would want UTCTime before 2050, and nobody minds. */
function time(days: number): Buffer {
  const at = new Date(Date.now() + days * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, "");
  return tagged(0x18, Buffer.from(at));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const group = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return tagged(0x06, Buffer.from(bytes));
}

const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts));
const integer = (bytes: Buffer) => tagged(0x02, bytes);
const bitString = (bytes: Buffer) => tagged(0x03, Buffer.concat([Buffer.of(0), bytes]));

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length);
  const significant = size.subarray(size.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tag, 0x80 | significant.length), significant, content]);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
