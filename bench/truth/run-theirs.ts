import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "../bench.js";
import type { Arranged, RealFault } from "./case.js";
import type { Network } from "./network.js";
import { FOUND_WITHIN_MS, openStand, type Stand, type Told } from "./stand.js";
import type { Judged } from "./table.js";
import { THEIRS_CERTIFICATES } from "./theirs-certificates.js";
import { THEIRS_MAIL } from "./theirs-mail.js";
import { THEIRS_OTHERS } from "./theirs-others.js";
import { THEIRS_AMID, THEIRS_PLACES, THEIRS_TOTAL } from "./theirs-places.js";
import { THEIRS_WEB } from "./theirs-web.js";
import { openWorld } from "./world.js";

/** Each concerns what belongs to it alone, so they may overlap. */
const APART = [
  ...THEIRS_WEB,
  ...THEIRS_CERTIFICATES,
  ...THEIRS_MAIL,
  ...THEIRS_OTHERS,
  ...THEIRS_PLACES,
];
export const THEIRS = [...APART, ...THEIRS_AMID, THEIRS_TOTAL];

/** So far apart they begin (ms). */
const APART_MS = 700;
/** So long after it was found a fault is mended (ms). */
const FOUND_FOR_MS = 3_000;
/** A host's incident ends two minutes after it is back; and some looks to see it. */
const OVER_WITHIN_MS = 150_000;
const LOOK_MS = 100;

type Note = (judged: Judged) => void;

/** Real faults, on one program; a total outage on one that watches nothing else. */
export async function runTheirs(
  stage: Stage,
  network: Network,
  wanted: (name: string) => boolean,
  note: Note,
): Promise<void> {
  const chosen = (faults: readonly RealFault[]) => faults.filter(({ name }) => wanted(name));
  const apart = chosen(APART);
  const amid = chosen(THEIRS_AMID);
  if (apart.length + amid.length > 0)
    await stage.part(async (inner) => {
      const cases = await arrangeAll(inner, network, [...apart, ...amid]);
      const judging: Promise<void>[] = [];
      for (const { fault, arranged } of cases.all) {
        const judged = judge(cases.stand, fault, arranged).then(note);
        judging.push(judged);
        judged.catch(() => undefined);
        // What troubles us too is waited for: it would trouble the others.
        await (amid.includes(fault) ? judged : sleep(APART_MS));
        if (fault === apart.at(-1)) await Promise.all(judging);
      }
    });
  for (const total of chosen([THEIRS_TOTAL]))
    await stage.part(async (inner) => {
      const { stand, all } = await arrangeAll(inner, network, [total]);
      for (const { fault, arranged } of all) note(await judge(stand, fault, arranged));
    });
}

async function arrangeAll(stage: Stage, network: Network, faults: readonly RealFault[]) {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-truth-"));
  stage.later(() => rmSync(folder, { recursive: true, force: true }));
  const world = await openWorld(stage, network, folder);
  const all: { fault: RealFault; arranged: Arranged }[] = [];
  for (const fault of faults) all.push({ fault, arranged: await fault.arrange(world) });
  const monitors = all.flatMap(({ arranged }) => arranged.monitors);
  const declared = all.flatMap(({ arranged }) => arranged.hosts ?? []);
  const known = new Set(declared.map(({ id }) => id));
  const lone = [...new Set(monitors.map(({ host }) => host))].filter((host) => !known.has(host));
  const stand = await openStand(stage, world, {
    monitors,
    hosts: [...declared, ...lone.map((id) => ({ id }))],
  });
  return { stand, all };
}

async function judge(stand: Stand, fault: RealFault, arranged: Arranged): Promise<Judged> {
  const { cause, monitors, graceMs = 0 } = arranged;
  const own = new Set(monitors.map(({ id }) => id));
  const beganMs = Date.now();
  const withinMs = FOUND_WITHIN_MS + graceMs;
  const heard = (): readonly Told[] =>
    stand
      .told(beganMs)
      .filter(
        ({ incident }) =>
          incident.public && incident.evidence.some(({ monitor }) => own.has(monitor)),
      );
  // The page has the wider name at once; the message of it waits for a still wider one.
  const named = new RegExp(`(?:^|\\s)${cause}(?:\\s|$)`);
  const isRight = (): boolean =>
    heard().some(({ incident }) => incident.cause.id === cause) ||
    stand.shown(beganMs).some((title) => named.test(title));
  await arranged.strike(stand);
  await until(() => heard().length > 0, withinMs + SURPLUS_MS);
  const foundMs = (heard()[0]?.atMs ?? Infinity) - beganMs;
  await until(isRight, FOUND_WITHIN_MS);
  await sleep(FOUND_FOR_MS);
  const right = isRight();
  const mendedMs = Date.now();
  await arranged.mend(stand);
  /** What was opened and is neither over nor part of another. */
  const lasting = (): string[] => {
    const ended = new Set(
      heard().flatMap(({ event, incident: { id, mergedInto } }) =>
        event === "incident.resolved" || mergedInto !== null ? [id] : [],
      ),
    );
    return [...new Set(heard().flatMap(({ incident: { id } }) => (ended.has(id) ? [] : [id])))];
  };
  // Of one that became part of another the channels hear no more; its address leads to the other.
  const isOver = async (): Promise<boolean> => {
    for (const id of lasting()) if (!(await leadsOn(stand, id))) return false;
    return true;
  };
  if (heard().length > 0) await until(isOver, OVER_WITHIN_MS);
  const over = await isOver();
  const said = new Set(
    heard().flatMap(({ event, incident }) =>
      event === "incident.opened" ? [incident.cause.id] : [],
    ),
  );
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const wrong = [
    ...(foundMs > withinMs
      ? [Number.isFinite(foundMs) ? `found after ${seconds(foundMs)}` : "not found"]
      : []),
    ...(right ? [] : [`as ${[...said].join(", ")} and not as ${cause}`]),
    ...(over ? [] : [`not over after it was mended: ${lasting().join(", ")}`]),
  ];
  return {
    side: "theirs",
    name: fault.name,
    verdict: wrong.length === 0 ? "well" : "failed",
    words:
      wrong.length > 0
        ? wrong.join("; ")
        : `found after ${seconds(foundMs)}, over ${seconds(Date.now() - mendedMs)} after it was mended`,
  };
}

/** Late is told apart from never. */
const SURPLUS_MS = 15_000;

async function until(is: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  for (const end = Date.now() + withinMs; !(await is()) && Date.now() < end;) await sleep(LOOK_MS);
}

async function leadsOn({ program }: Stand, incident: string): Promise<boolean> {
  const answer = await fetch(`${program.url}/incidents/${incident}`, { redirect: "manual" }).catch(
    () => null,
  );
  return answer?.status === 302;
}
