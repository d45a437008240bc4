import { createHash, randomBytes } from "node:crypto";
import { publicId } from "../../core/ids.js";
import { Problem } from "../../errors.js";
import type { Reencoder } from "../../images/reencode.js";
import type { Log } from "../../log.js";
import { keepAttachment } from "../../store/attachments.js";
import { isDatabaseAway, type Db } from "../../store/db.js";
import type { PostedFile } from "./form-body.js";

const REASONS = ["unreadable", "large", "many", "later"] as const;

/** The `n`th picture was not kept, and why. */
export interface Refusal {
  readonly n: number;
  readonly why: (typeof REASONS)[number];
}

/** Makes each picture anew and keeps it with its report. A failing one stops no other; never rejects. */
export async function keepPictures(
  files: readonly PostedFile[],
  reportId: string,
  {
    db,
    reencoder,
    now,
    log,
  }: {
    readonly db: () => Db;
    readonly reencoder: Reencoder;
    readonly now: () => Date;
    readonly log: Log;
  },
): Promise<Refusal[]> {
  const fate = async (file: PostedFile): Promise<Refusal["why"] | null> => {
    if ("refused" in file) return file.refused;
    const made = await reencoder.reencode(file.bytes);
    if (!made.ok) return made.why;
    const kept = await keepAttachment(db(), {
      id: publicId(randomBytes(12)),
      reportId,
      addedAt: now(),
      digest: createHash("sha256").update(file.bytes).digest(),
      ...made.picture,
    });
    // A report that waits on disk has no row yet that a picture could belong to.
    return kept === "kept" ? null : kept === "full" ? "many" : "later";
  };
  const refusals: Refusal[] = [];
  for (const [index, file] of files.entries()) {
    const why = await fate(file).catch((error: unknown): Refusal["why"] => {
      const away = isDatabaseAway(error) || error instanceof Problem;
      log[away ? "warn" : "error"]({ err: error, report: reportId }, "picture.not-kept");
      return "later";
    });
    if (why) refusals.push({ n: index + 1, why });
  }
  return refusals;
}

/** `2-unreadable.3-large`: the address carries what is said once. */
export const writeRefusals = (refusals: readonly Refusal[]): string =>
  refusals.map(({ n, why }) => `${n}-${why}`).join(".");

export function readRefusals(text: unknown): Refusal[] {
  if (typeof text !== "string") return [];
  return text
    .slice(0, 200)
    .split(".")
    .flatMap((part) => {
      const [, n, given] = /^(\d{1,2})-([a-z]{1,12})$/.exec(part) ?? [];
      const why = REASONS.find((one) => one === given);
      return why ? [{ n: Number(n), why }] : [];
    });
}
