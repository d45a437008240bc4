import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Problem } from "./errors.js";

/** Addresses that only their receiver can know; nothing of them is stored. */
export interface SecretLinks {
  /** The customer's own page of a report: a path below the site's address. */
  reportPath(reportId: string): string;
  /** The same page for the customer for certain, where anybody may have written: only their mail has it. */
  ownerPath(reportId: string): string;
  /** Where the owner of a mail address says that it is theirs: only their mail has it. */
  confirmPath(reportId: string): string;
  /** Whether `seal` is the one that was made for `purpose` and `id`. */
  isSealed(purpose: Purpose, id: string, seal: string): boolean;
  /** 128 bits in 22 letters, fit for an address. */
  seal(purpose: Purpose, id: string): string;
}

type Purpose = "report" | "owner" | "confirm";

/** Links signed with `key`: HMAC-SHA-256 (RFC 2104), cut to 128 bits. */
export function createSecretLinks(key: Buffer): SecretLinks {
  const seal: SecretLinks["seal"] = (purpose, id) =>
    createHmac("sha256", key)
      .update(`${purpose}:${id}`)
      .digest()
      .subarray(0, 16)
      .toString("base64url");
  return {
    seal,
    confirmPath: (id) => `/report/${id}/confirm/${seal("confirm", id)}`,
    ownerPath: (id) => `/report/${id}/${seal("owner", id)}`,
    reportPath: (id) => `/report/${id}/${seal("report", id)}`,
    isSealed(purpose, id, given) {
      const right = Buffer.from(seal(purpose, id));
      const brought = Buffer.from(given);
      return right.length === brought.length && timingSafeEqual(right, brought);
    },
  };
}

const BYTES = 32;

/**
 * The key of this installation: `SECRET_KEY`, else that in `DATA_DIR/secret.key`, made at the first
 * start and readable by its owner alone. Throws `Problem` where it can be neither read nor made.
 */
export function openSecretKey({
  secretKey,
  dataDir,
}: {
  readonly secretKey: string | null;
  readonly dataDir: string;
}): Buffer {
  if (secretKey !== null) return Buffer.from(secretKey);
  const file = join(dataDir, "secret.key");
  try {
    // As root the user that the embedded server runs as passes through here.
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    return readKey(file) ?? makeKey(file);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      "unavailable",
      `The key ${file} can be neither read nor made: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function readKey(file: string): Buffer | null {
  try {
    const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64url");
    if (key.length >= BYTES) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new Problem(
    "unavailable",
    `${file} holds no key: put the one of your backup there, or remove it – then links that were sent before are no longer valid.`,
  );
}

/** Written beside and linked into place: two starts at once come to the same key. */
function makeKey(file: string): Buffer {
  const beside = `${file}.${process.pid}.new`;
  const descriptor = openSync(beside, "w", 0o600);
  try {
    writeSync(descriptor, `${randomBytes(BYTES).toString("base64url")}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(beside, { force: true });
  }
  const key = readKey(file);
  if (!key) throw new Error("it vanished");
  return key;
}
