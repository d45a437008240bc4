import type { Localized } from "../core/incident-view.js";
import type { Db } from "./db.js";
import { openByHand } from "./incident-by-hand.js";
import type { OweOptions } from "./incident-messages.js";
import { postUpdate } from "./incident-updates.js";

/** The open incident that says that a location sees nothing; `null` while it sees. */
export async function findBlindness(
  db: Db,
  location: string,
): Promise<{ readonly id: string; readonly openedAt: Date } | null> {
  const row: { id: string; opened_at: Date } | undefined = await db("incidents")
    .where({ cause_kind: "blindness", cause_id: location })
    .whereNull("resolved_at")
    .first("id", "opened_at");
  return row ? { id: row.id, openedAt: row.opened_at } : null;
}

type Owing = OweOptions & {
  readonly nextUpdateMs: number;
  /** Runs first; throws where we may not decide any more. */
  readonly guard: (tx: Db) => Promise<void>;
};

/** Tells staff, and nobody else, that a location sees nothing; returns the incident's id. */
export async function openBlindness(
  db: Db,
  location: string,
  said: { readonly title: Localized; readonly text: Localized; readonly since: Date },
  options: Owing,
): Promise<string> {
  return db.transaction(async (tx) => {
    await options.guard(tx);
    const { title, text, since } = said;
    const cause = { kind: "blindness", id: location } as const;
    const view = await openByHand(
      tx,
      {
        cause,
        title,
        text,
        components: [],
        public: false,
        openedAt: since,
        nextUpdateAt: null,
        by: "engine",
      },
      options,
    );
    return view.id;
  });
}

/** It sees again. */
export async function endBlindness(
  db: Db,
  id: string,
  text: Localized,
  options: Owing,
): Promise<void> {
  await db.transaction(async (tx) => {
    await options.guard(tx);
    const statement = { text, state: "resolved", public: false, nextUpdateAt: null } as const;
    await postUpdate(tx, id, { ...statement, by: "engine" }, options);
  });
}
