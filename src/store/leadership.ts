import { Problem } from "../errors.js";
import type { Db } from "./db.js";

/** Begins a new leader's time; every earlier epoch is refused from now on. */
export async function beginEpoch(db: Db): Promise<number> {
  const { rows } = await db.raw<{ rows: { epoch: number }[] }>(
    `update leadership set epoch = epoch + 1 returning epoch`,
  );
  return Number(rows[0]?.epoch);
}

/**
 * Throws `conflict` unless `epoch` is the present leader's; holds until the transaction ends, so a
 * leader that was paused past its lock can write nothing.
 */
export async function requireEpoch(tx: Db, epoch: number): Promise<void> {
  if (!(await isEpoch(tx, epoch))) throw new Problem("conflict", "Another instance leads now.");
}

/** Whether `epoch` is the present leader's; in a transaction, until it ends. */
export async function isEpoch(db: Db, epoch: number): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from leadership where epoch = :epoch for share`,
    { epoch },
  );
  return rows.length > 0;
}
