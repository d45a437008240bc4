import { cursorOver, malformed } from "./cursor.js";
import type { Packets } from "./packets.js";

/** One message of the server: its letter and what is behind its length (PostgreSQL, chapter 54). */
export interface Message {
  readonly type: string;
  readonly body: Buffer;
}

export async function readMessage(packets: Packets): Promise<Message> {
  const head = await packets.take(5);
  const length = head.readInt32BE(1) - 4;
  if (length < 0) throw malformed();
  return { type: head.toString("latin1", 0, 1), body: await packets.take(length) };
}

/** One message to the server; texts end with a NUL, bytes go as they are. */
export function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const int16s = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, at) => bytes.writeInt16BE(value, 2 * at));
  return bytes;
};

export const SSL_REQUEST = Buffer.concat([int32(8), int32(80_877_103)]);
export const TERMINATE = message("X");

/** Protocol 3.0, which all servers since 2003 speak. */
export function startup(settings: Readonly<Record<string, string>>): Buffer {
  const words = Object.entries(settings).flatMap(([name, value]) => [name, value]);
  const body = Buffer.from(`${words.join("\0")}\0\0`);
  return Buffer.concat([int32(body.length + 8), int32(196_608), body]);
}

/**
 * One statement by the extended protocol, which takes no second one behind a semicolon, of which the server
 * sends one row.
 */
export const oneRowOf = (query: string): Buffer =>
  Buffer.concat([
    message("P", "", query, int16s(0)),
    message("B", "", "", int16s(0, 0, 0)),
    message("E", "", int32(1)),
    message("S"),
  ]);

/** What an ErrorResponse or a notice says: its SQLSTATE and its text. */
export function readComplaint(body: Buffer): { sqlstate: string; text: string } {
  const cursor = cursorOver(body);
  const fields = new Map<string, string>();
  while (cursor.left() > 1) fields.set(cursor.take(1).toString("latin1"), cursor.text());
  return { sqlstate: fields.get("C") ?? "", text: fields.get("M") ?? "" };
}

/** The first column of a row as text; `null` for NULL and for a row without columns. */
export function firstColumn(body: Buffer): string | null {
  const cursor = cursorOver(body);
  if (cursor.take(2).readInt16BE() < 1) return null;
  const length = cursor.take(4).readInt32BE();
  return length < 0 ? null : cursor.take(length).toString("utf8");
}
