import { createHash } from "node:crypto";
import type { Client } from "ssh2";
import { z } from "zod";
import { down, Failure, up } from "./failures.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe, Verdict } from "./probe.js";
import { masked } from "./secrets.js";
import { readSettings } from "./settings.js";
import { listFolder } from "./sftp.js";
import { openShell, type Greeting, type Login } from "./ssh-session.js";
import { ssh2 } from "./ssh2.js";
import { familyWord, visitPlace, type Visit } from "./visit.js";

const target = placeTarget(false);

const FINGERPRINT = "expected SHA256:… as ssh-keygen -l prints it, or several of them";
const fingerprint = z
  .string({ error: FINGERPRINT })
  .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, { error: FINGERPRINT })
  .transform((text) => text.replace(/=$/, ""));
const LOGIN = "expected { username, password } or { username, privateKey }";
const PATH = "expected a path such as /var/www, or false";

const options = z.strictObject({
  /** The host key it must show; several where it has several. */
  fingerprint: z
    .union([fingerprint, z.array(fingerprint).min(1).max(20)], { error: FINGERPRINT })
    .optional(),
  auth: z
    .strictObject(
      {
        username: z.string({ error: LOGIN }).min(1).max(255),
        password: z.string({ error: LOGIN }).min(1).max(1_024).optional(),
        /** OpenSSH's form or PEM. */
        privateKey: z.string({ error: LOGIN }).min(1).max(16_384).optional(),
        /** What the private key is encrypted with. */
        passphrase: z.string({ error: LOGIN }).max(1_024).optional(),
      },
      { error: LOGIN },
    )
    .refine(({ password, privateKey }) => (password === undefined) !== (privateKey === undefined), {
      error: LOGIN,
    })
    .optional(),
  /** A folder to be listed by SFTP after the login. */
  list: z
    .union(
      [
        z.literal(false),
        z
          .string()
          .min(1)
          .max(1_000)
          .regex(/^[^\0]+$/),
      ],
      { error: PATH },
    )
    .default(false),
  family: familyWord,
});
type Options = z.output<typeof options>;

/**
 * A server that shows its banner, agrees on keys and proves its host key, lets us log in and lists a folder –
 * as far as each is asked for – is up. A host key that is not the expected one is down and ends the look before any
 * login. A password goes out only where `fingerprint` says to whom. Facts: `banner`, `hostKey { type,
 * fingerprint }`, `login`, `list`.
 */
export const ssh: Probe = {
  kind: "ssh",
  target,
  options,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "ssh");
    const place = readPlace(readSettings(target, aim, "target"), 22);
    if (!place) throw new Error("target: expected host[:port]");
    const { auth, fingerprint: expected, list } = settings;
    if (auth?.password !== undefined && expected === undefined)
      throw new Error("ssh.auth: a password needs the fingerprint of the server that may have it");
    if (list !== false && !auth) throw new Error("ssh.list: a folder needs a login: auth");
    const login = auth ? readLogin(auth) : null;
    const where = { ...place, family: settings.family };
    return (signal) => visitPlace(eyes, where, signal, (visit) => converse(settings, login, visit));
  },
};

function readLogin(auth: NonNullable<Options["auth"]>): Login {
  const { username, password, privateKey, passphrase } = auth;
  if (password !== undefined) return { username, password };
  const parsed = ssh2().utils.parseKey(privateKey ?? "", passphrase);
  if (parsed instanceof Error || !parsed.isPrivateKey())
    throw new Error(
      "ssh.auth.privateKey: expected a private key, with its passphrase if it has one",
    );
  return { username, privateKey: parsed };
}

async function converse(
  { fingerprint: expected, list, auth }: Options,
  login: Login | null,
  visit: Visit,
): Promise<Verdict> {
  const { facts, signal } = visit;
  const secrets = [auth?.password ?? "", auth?.passphrase ?? ""];
  const greeting = (seen: Greeting): void => {
    facts["banner"] = seen.banner;
    if (seen.before !== "") facts["greeting"] = seen.before;
  };
  const judgeHostKey = (key: Buffer): Verdict => {
    const shown = fingerprintOf(key);
    facts["hostKey"] = { type: keyType(key), fingerprint: shown };
    if (expected === undefined || [expected].flat().includes(shown)) return up();
    return down("host-key-changed", { expected });
  };
  const talk = async (client: Client): Promise<void> => {
    facts["login"] = login?.password === undefined ? "publickey" : "password";
    if (list !== false) facts["list"] = { ...(await listFolder(client, list, signal)) };
  };
  try {
    await openShell(visit, { login, greeting, judgeHostKey, talk });
    return up();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { verdict } = error;
    const texts = Object.entries(verdict.facts ?? {}).map(([name, fact]) => [
      name,
      typeof fact === "string" ? masked(fact, secrets) : fact,
    ]);
    throw new Failure({ ...verdict, facts: Object.fromEntries(texts) });
  }
}

/** As OpenSSH prints it: SHA-256 of the key's wire form, base64 without padding. */
const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** The name at the beginning of a key's wire form (RFC 4253, section 6.6). */
const keyType = (key: Buffer): string =>
  key.length < 4 ? "" : key.toString("latin1", 4, 4 + Math.min(64, key.readUInt32BE(0)));
