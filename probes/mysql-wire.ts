import { cursorOver, malformed, type Cursor } from "./cursor.js";
import { down, Failure } from "./failures.js";
import type { Packets } from "./packets.js";

/** A packet (MySQL internals, "Protocol Basics"): its number within an exchange and what it holds. */
export interface Packet {
  readonly number: number;
  readonly body: Buffer;
}

const LARGEST = 0xff_ff_ff;

export async function readPacket(packets: Packets): Promise<Packet> {
  const head = await packets.take(4);
  const length = head.readUIntLE(0, 3);
  // One of exactly this size has a continuation, and is much too large anyway.
  if (length === LARGEST) throw new Failure(down("reply-too-large"));
  if (length === 0) throw malformed();
  return { number: head.readUInt8(3), body: await packets.take(length) };
}

export function packet(number: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head.writeUInt8(number & 0xff, 3);
  return Buffer.concat([head, body]);
}

export const OK = 0x00;
export const MORE = 0x01;
export const LOCAL_INFILE = 0xfb;
export const END = 0xfe;
export const ERROR = 0xff;

/** The first byte, which says what a packet is. */
export const kindOf = ({ body }: Packet): number => body[0] ?? ERROR;

const CAN = {
  longPassword: 1 << 0,
  connectWithDatabase: 1 << 3,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
} as const;
const MAX_PACKET = 64 * 1024;
const UTF8MB4 = 45;

/** What a server says first: who it is, and what a login is to be mixed with. */
export interface Hello {
  readonly version: string;
  readonly isMariaDb: boolean;
  readonly offersTls: boolean;
  readonly method: string;
  readonly scramble: Buffer;
}

/** Reads a server's greeting, version 10, which all since 1998 send. */
export function readHello({ body }: Packet): Hello {
  const cursor = cursorOver(body);
  if (cursor.take(1)[0] !== 10) throw malformed();
  const version = cursor.text();
  cursor.take(4);
  const scramble = [cursor.take(8)];
  cursor.take(1);
  let can = cursor.take(2).readUInt16LE();
  cursor.take(3);
  can += cursor.take(2).readUInt16LE() * 0x1_00_00;
  const scrambleLength = cursor.take(1).readUInt8();
  cursor.take(10);
  if (!(can & CAN.protocol41) || !(can & CAN.secureConnection)) throw malformed();
  scramble.push(cursor.take(Math.max(13, scrambleLength - 8)).subarray(0, 12));
  return {
    // Replicas of old wanted to see a 5.
    version: version.replace(/^5\.5\.5-(?=\d+\.\d+\.\d+-MariaDB)/, "").slice(0, 100),
    isMariaDb: /mariadb/i.test(version),
    offersTls: (can & CAN.ssl) !== 0,
    method: can & CAN.pluginAuth && cursor.left() > 0 ? nameOf(cursor) : "mysql_native_password",
    scramble: Buffer.concat(scramble),
  };
}

/** A last text, whose NUL some servers leave away. */
const nameOf = (cursor: Cursor): string => cursor.rest().toString("latin1").split("\0")[0] ?? "";

/**
 * Neither LOCAL INFILE, by which a server could ask for our files, nor several statements at once: what is
 * not offered here no server may use.
 */
function capabilities(withTls: boolean, database: string | undefined): Buffer {
  const { longPassword, protocol41, transactions, secureConnection, pluginAuth } = CAN;
  const bits = Buffer.alloc(4);
  bits.writeUInt32LE(
    longPassword +
      protocol41 +
      transactions +
      secureConnection +
      pluginAuth +
      (withTls ? CAN.ssl : 0) +
      (database === undefined ? 0 : CAN.connectWithDatabase),
  );
  return bits;
}

/** What stands before a login and, alone, asks for TLS. */
export function prologue(withTls: boolean, database: string | undefined): Buffer {
  const largest = Buffer.alloc(4);
  largest.writeUInt32LE(MAX_PACKET);
  return Buffer.concat([
    capabilities(withTls, database),
    largest,
    Buffer.of(UTF8MB4),
    Buffer.alloc(23),
  ]);
}

/** The login itself: who, the answer by `method` (at most 255 bytes), which database. */
export const loginBody = (
  username: string,
  answer: Buffer,
  database: string | undefined,
  method: string,
): Buffer =>
  Buffer.concat([
    Buffer.from(`${username}\0`),
    Buffer.of(answer.length),
    answer,
    Buffer.from(database === undefined ? "" : `${database}\0`),
    Buffer.from(`${method}\0`),
  ]);

export const COM_QUIT = packet(0, Buffer.of(0x01));
export const query = (text: string): Buffer => packet(0, Buffer.of(0x03), Buffer.from(text));

/** A server's refusal: its number, its SQLSTATE (none before the login) and its words. */
export function readError({ body }: Packet): { number: number; sqlstate: string; text: string } {
  const cursor = cursorOver(body.subarray(1));
  const number = cursor.take(2).readUInt16LE();
  const rest = cursor.rest().toString("utf8");
  const [, sqlstate = "", text = ""] = /^(?:#([0-9A-Z]{5}))?(.*)$/s.exec(rest) ?? [];
  return { number, sqlstate, text };
}

/** How many columns are announced. */
export function columnsIn({ body }: Packet): number {
  const count = lengthAt(cursorOver(body));
  if (count === null) throw malformed();
  return count;
}

/** The first column of a row as text; `null` for NULL. */
export function firstColumn({ body }: Packet): string | null {
  const cursor = cursorOver(body);
  const length = lengthAt(cursor);
  return length === null ? null : cursor.take(length).toString("utf8");
}

/** A length-encoded number; `null` for the byte that means NULL. */
function lengthAt(cursor: Cursor): number | null {
  const first = cursor.take(1).readUInt8();
  if (first < 0xfb) return first;
  if (first === 0xfb) return null;
  if (first === 0xfc) return cursor.take(2).readUInt16LE();
  // What is longer is longer than a packet that we read.
  if (first === 0xfd) return cursor.take(3).readUIntLE(0, 3);
  throw malformed();
}

/** Whether a packet ends columns or rows: an end is shorter than any row beginning with this byte. */
export const isEnd = (got: Packet): boolean => kindOf(got) === END && got.body.length < 9;
