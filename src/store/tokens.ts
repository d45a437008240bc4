import { createHash, randomBytes } from "node:crypto";
import type { Db } from "./db.js";

export const ROLES = ["admin", "operator", "agent", "viewer", "source"] as const;
export type Role = (typeof ROLES)[number];

export interface Bearer {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

const PREFIX = "tdk_";

/** Makes a token of 256 random bits; it is returned once and kept only as a hash. */
export async function createToken(
  db: Db,
  { name, role, now }: { readonly name: string; readonly role: Role; readonly now: Date },
): Promise<string> {
  const token = `${PREFIX}${randomBytes(32).toString("base64url")}`;
  await db("api_tokens").insert({ name, role, hash: hashOf(token), created_at: now });
  return token;
}

/** Whose token this is; `null` for nobody's. Notes the use, at most once a minute. */
export async function findBearer(db: Db, token: string, now: Date): Promise<Bearer | null> {
  if (!token.startsWith(PREFIX) || token.length > 100) return null;
  const { rows } = await db.raw<{ rows: Bearer[] }>(
    `with found as (select id, name, role, last_used_at from api_tokens where hash = :hash),
          used as (update api_tokens set last_used_at = :now
                    where id in (select id from found
                                  where coalesce(last_used_at, '-infinity') < cast(:now as timestamptz) - interval '1 minute'))
     select id, name, role from found`,
    { hash: hashOf(token), now },
  );
  return rows[0] ?? null;
}

/** Every token by age, without the tokens themselves. */
export async function listTokens(
  db: Db,
): Promise<(Bearer & { readonly createdAt: Date; readonly lastUsedAt: Date | null })[]> {
  return db("api_tokens")
    .select("id", "name", "role", { createdAt: "created_at", lastUsedAt: "last_used_at" })
    .orderBy("id");
}

/** Withdraws a token; false where there is none of this id. */
export async function revokeToken(db: Db, id: number): Promise<boolean> {
  return (await db("api_tokens").where({ id }).delete()) === 1;
}

/** A hash is enough, unsalted and fast: 256 random bits cannot be guessed. */
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();
