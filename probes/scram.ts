import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { malformed } from "./cursor.js";

const derive = promisify(pbkdf2);

/** A server could ask for hours of work: PostgreSQL's own default is 4,096. */
const MAX_ITERATIONS = 200_000;

/** A login by SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, which proves both sides. */
export interface Scram {
  readonly first: string;
  /** The answer to the server's first message; fails as `malformed-reply` where that makes no sense. */
  answer(serverFirst: string): Promise<string>;
  /** Whether the server's last message proves that it knows the password, too. */
  isProven(serverFinal: string): boolean;
}

export function startScram(password: string): Scram {
  const nonce = randomBytes(18).toString("base64");
  // The name goes with the start-up; here it is left empty (PostgreSQL, section 54.3.1).
  const bare = `n=,r=${nonce}`;
  let expected: Buffer = Buffer.alloc(0);
  return {
    first: `n,,${bare}`,
    async answer(serverFirst) {
      const [, joined = "", salt = "", count = "0"] =
        /^r=([\x21-\x2b\x2d-\x7e]{1,256}),s=([A-Za-z0-9+/]{1,256}={0,2}),i=(\d{1,9})(?:,|$)/.exec(
          serverFirst,
        ) ?? [];
      const iterations = Number(count);
      const isOurs = joined.startsWith(nonce) && joined.length > nonce.length;
      if (!isOurs || iterations < 1 || iterations > MAX_ITERATIONS) throw malformed();
      const normal = password.normalize("NFKC");
      const salted = await derive(normal, Buffer.from(salt, "base64"), iterations, 32, "sha256");
      const withoutProof = `c=biws,r=${joined}`;
      const authMessage = `${bare},${serverFirst},${withoutProof}`;
      const clientKey = hmac(salted, "Client Key");
      const signature = hmac(createHash("sha256").update(clientKey).digest(), authMessage);
      const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0));
      expected = hmac(hmac(salted, "Server Key"), authMessage);
      return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
    },
    isProven(serverFinal) {
      const [, proof = ""] = /^v=([A-Za-z0-9+/]{1,100}={0,2})/.exec(serverFinal) ?? [];
      const shown = Buffer.from(proof, "base64");
      return shown.length === 32 && expected.length === 32 && timingSafeEqual(shown, expected);
    },
  };
}

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
