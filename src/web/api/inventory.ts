import express, { Router, type ErrorRequestHandler } from "express";
import { createDirectory } from "../../core/directory-of.js";
import type { Directory } from "../../core/directory.js";
import { Problem } from "../../errors.js";
import { LONGEST_FILE, readInventory, type ReadInventory } from "../../inventory/index.js";
import { readName } from "../../inventory/names.js";
import { refusal, reportOf } from "../../inventory/report.js";
import type { Db } from "../../store/db.js";
import {
  importedAt,
  importInventory,
  loadTopology,
  lookUp,
  type LookedUp,
} from "../../store/inventory.js";
import { nameOf, requireRole, SPEAKERS } from "../bearer.js";
import { read } from "./reading.js";
import { importQuery, lookupQuery } from "./inventory-schemas.js";

/** Domains shown of one account at most. */
const MOST_DOMAINS = 100;

/** Who lives on what: replaced by those on duty, looked up by everybody of the staff. */
export function inventory(db: () => Db, now: () => Date): Router {
  const routes = Router();
  const topology = createTopology(db);

  routes.put(
    "/",
    requireRole(db, now, SPEAKERS),
    express.text({ type: () => true, limit: LONGEST_FILE }),
    async (req, res) => {
      const { format, server, force, dryRun } = read(importQuery, req.query);
      const isCsv = /^text\/csv\b/i.test(req.headers["content-type"] ?? "");
      const body: unknown = req.body;
      const found = readInventory(typeof body === "string" ? body : "", {
        format: format ?? (isCsv ? "csv" : undefined),
        server,
      });
      if (!found.ok) {
        res
          .status(422)
          .type("application/problem+json")
          .send(JSON.stringify(unreadable(found)));
        return;
      }
      const { format: kind, source, contribution } = found;
      const imported = await importInventory(
        db(),
        { format: kind, source, ...contribution },
        { now: now(), by: nameOf(res), force, dryRun },
      );
      const report = reportOf(found, imported);
      if (report.outcome === "refused" && !dryRun) throw new Problem("conflict", refusal(report));
      res.json(report);
    },
  );

  routes.get("/lookup", async (req, res) => {
    const { q } = read(lookupQuery, req.query);
    const host = q.slice(q.lastIndexOf("@") + 1);
    const found = await lookUp(db(), { text: q, ascii: readName(host)?.ascii ?? null });
    const directory = found.accounts.length > 0 ? await topology() : null;
    res.json({
      q,
      places: found.places,
      accounts: found.accounts.map((each) => accountOf(each, directory)),
    });
  });

  routes.use(tooLong);
  return routes;
}

/** Places and what needs what, read again after an import. */
function createTopology(db: () => Db): () => Promise<Directory> {
  let kept: { readonly at: number; readonly directory: Directory } | null = null;
  return async () => {
    const at = (await importedAt(db()))?.getTime() ?? 0;
    if (kept?.at !== at) kept = { at, directory: createDirectory(await loadTopology(db())) };
    return kept.directory;
  };
}

function accountOf(
  { account, by, domain }: LookedUp["accounts"][number],
  directory: Directory | null,
) {
  const { domains } = account;
  return {
    id: account.id,
    company: account.company,
    contacts: account.contacts,
    language: account.language,
    timezone: account.timezone,
    php: account.php,
    addresses: account.addresses,
    serviceIds: account.serviceIds,
    by,
    matched: domain,
    livesOn: directory?.livesOn(account) ?? [],
    domainCount: domains.length,
    domains: domains.slice(0, MOST_DOMAINS).map((one) => ({
      name: one.name,
      ascii: one.ascii,
      kind: one.kind,
      mail: one.mail,
      suspended: one.suspended,
      livesOn: directory?.livesOn(account, one) ?? [],
    })),
  };
}

const unreadable = ({ mistakes, count }: Extract<ReadInventory, { ok: false }>) => ({
  type: "urn:tudunk:problem:unprocessable",
  title: "The inventory is not as expected; nothing was changed.",
  status: 422,
  detail: `${count} ${count === 1 ? "mistake" : "mistakes"}; the first: ${lineOf(mistakes[0])}`,
  count,
  mistakes,
});

const lineOf = (mistake: { readonly where: string; readonly message: string } | undefined) =>
  [mistake?.where ?? "", mistake?.message ?? ""].filter(Boolean).join(": ");

const tooLong: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  const isLong = error instanceof Error && "status" in error && error.status === 413;
  next(
    isLong
      ? new Problem("bad-input", `expected at most ${LONGEST_FILE / 1_000_000} MB`, {
          cause: error,
        })
      : error,
  );
};
