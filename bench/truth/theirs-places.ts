import type { MonitorText } from "../program.js";
import type { Arranged, RealFault } from "./case.js";
import { page, silence, type Door } from "./door.js";
import { resolving } from "./names.js";
import { kill, databaseOf, killDatabase, pause } from "./ours-processes.js";
import type { Stand } from "./stand.js";
import type { World } from "./world.js";

const WELL = page(200);
const EACH = 3;

interface Server {
  readonly doors: readonly Door[];
  readonly monitors: readonly MonitorText[];
}

/** A server of three sites. */
async function openServer({ door: open, address }: World, host: string): Promise<Server> {
  const doors = await Promise.all(Array.from({ length: EACH }, () => open(WELL)));
  return {
    doors,
    monitors: doors.map(({ port }, n) => ({
      id: `${host}-${n}`,
      probe: "http",
      target: `http://${address}:${port}/`,
      host,
      component: host,
    })),
  };
}

const silent = (servers: readonly Server[]) => ({
  strike: () => {
    for (const { doors } of servers) for (const door of doors) door.become(silence);
  },
  mend: () => {
    for (const { doors } of servers) for (const door of doors) door.become(WELL);
  },
});

/** `n` servers on a rack of their own. */
async function openRack(
  world: World,
  rack: string,
  n: number,
): Promise<Arranged & { servers: readonly Server[] }> {
  const hosts = Array.from({ length: n }, (_, index) => `${rack}-s${index}`);
  const servers = await Promise.all(hosts.map((host) => openServer(world, host)));
  return {
    servers,
    cause: rack,
    monitors: servers.flatMap(({ monitors }) => monitors),
    hosts: [{ id: rack, kind: "rack" }, ...hosts.map((id) => ({ id, parents: [rack] }))],
    ...silent(servers),
  };
}

/** Whole servers and racks, while our references answer. */
export const THEIRS_PLACES: readonly RealFault[] = [
  {
    name: "one server wholly silent",
    async arrange(world) {
      const server = await openServer(world, "lone");
      return {
        cause: "lone",
        monitors: server.monitors,
        hosts: [{ id: "lone" }],
        ...silent([server]),
      };
    },
  },
  { name: "a rack wholly silent", arrange: (world) => openRack(world, "rack-s", 4) },
  {
    name: "half of a rack silent",
    async arrange(world) {
      const rack = await openRack(world, "rack-h", 6);
      return { ...rack, ...silent(rack.servers.slice(0, 3)) };
    },
  },
];

/** Everything there is, while our references answer. */
export const THEIRS_TOTAL: RealFault = {
  name: "total outage, references answer",
  async arrange(world) {
    const racks = await Promise.all(
      ["rack-a", "rack-b", "rack-c"].map((id) => openRack(world, id, 2)),
    );
    return {
      cause: "site",
      monitors: racks.flatMap(({ monitors }) => monitors),
      hosts: [
        { id: "site", kind: "site" },
        ...racks.flatMap(({ hosts = [] }) => hosts).map((host) => ({ parents: ["site"], ...host })),
      ],
      ...silent(racks.flatMap(({ servers }) => servers)),
    };
  },
};

/** A site that fails while something of ours is in trouble. */
const amid = (name: string, id: string, trouble: (stand: Stand) => () => unknown): RealFault => ({
  name,
  async arrange({ door: open, address }) {
    const door = await open(WELL);
    return {
      cause: id,
      graceMs: TROUBLE_MS + 5_000,
      monitors: [
        {
          id,
          probe: "http",
          target: `http://${address}:${door.port}/`,
          host: `host-${id}`,
          component: id,
        },
      ],
      async strike(stand) {
        const over = trouble(stand);
        setTimeout(() => void over(), TROUBLE_MS);
        await door.shut();
      },
      mend: () => door.reopen(),
    };
  },
});

const TROUBLE_MS = 5_000;
const nothing = (): void => undefined;

/** One after the other: what they do to us concerns all. */
export const THEIRS_AMID: readonly RealFault[] = [
  amid("fails while the worker is killed", "amid-worker", (stand) => {
    kill(stand, "worker");
    return nothing;
  }),
  amid("fails while the main process is killed", "amid-main", (stand) => {
    kill(stand, "main");
    return nothing;
  }),
  amid("fails while the database stands still", "amid-still", (stand) => pause(databaseOf(stand))),
  amid("fails while the database is killed", "amid-database", (stand) => {
    killDatabase(stand);
    return nothing;
  }),
  amid("fails while our resolver is silent", "amid-names", ({ world: { names, zone } }) => {
    names.become(() => undefined);
    return () => names.become(resolving(zone));
  }),
];
