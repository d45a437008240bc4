import { constants, createHash, publicEncrypt } from "node:crypto";
import { malformed } from "./cursor.js";
import { down, Failure } from "./failures.js";

/** How a password is shown to a server, by the name of its method; `null` where we do not know that one. */
export function firstAnswer(
  method: string,
  password: string,
  scramble: Buffer,
  isSecret: boolean,
): Buffer | null {
  switch (method) {
    case "mysql_native_password":
      return nativeToken(password, scramble);
    case "caching_sha2_password":
      return sha2Token(password, scramble);
    case "mysql_clear_password":
      return Buffer.from(`${password}\0`);
    case "sha256_password":
      // Without TLS it would be encrypted with a key that anybody on the way could have sent.
      return isSecret ? Buffer.from(`${password}\0`) : null;
    default:
      return null;
  }
}

/** SHA1(password) xor SHA1(scramble + SHA1(SHA1(password))). */
export function nativeToken(password: string, scramble: Buffer): Buffer {
  const once = hash("sha1", password);
  return xor(once, hash("sha1", scramble, hash("sha1", once)));
}

/** SHA256(password) xor SHA256(SHA256(SHA256(password)) + scramble). */
export function sha2Token(password: string, scramble: Buffer): Buffer {
  const once = hash("sha256", password);
  return xor(once, hash("sha256", hash("sha256", once), scramble));
}

/** The password for a server that has not cached it and has no TLS, by the key that it sent (PEM). */
export function encrypted(password: string, scramble: Buffer, key: string): Buffer {
  const plain = Buffer.from(`${password}\0`);
  const mixed = plain.map((byte, at) => byte ^ (scramble[at % scramble.length] ?? 0));
  try {
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, mixed);
  } catch {
    throw malformed();
  }
}

export const unknownMethod = (method: string): Failure =>
  new Failure(down("auth-missing", { method: method.slice(0, 64) }));

function hash(name: string, ...parts: readonly (string | Buffer)[]): Buffer {
  return parts.reduce((sum, part) => sum.update(part), createHash(name)).digest();
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));
