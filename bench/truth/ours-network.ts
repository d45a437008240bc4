import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { OwnFault } from "./case.js";
import type { Stand } from "./stand.js";
import type { Wires } from "./network.js";
import { silence } from "./door.js";

const needs = ["network namespace"] as const;

const wiresOf = ({ world: { wires } }: Stand): Wires => {
  if (!wires) throw new Error("there is no network of our own");
  return wires;
};

/** The path is gone for `gone` ms of every `of`, at no regular beat: looks have one of their own. */
function lossy(wires: Wires, gone: number, of: number): () => Promise<void> {
  let isOver = false;
  const about = (ms: number): Promise<void> => sleep(ms * (0.3 + 1.4 * Math.random()));
  const losing = (async () => {
    while (!isOver) {
      wires.cut();
      await about(gone);
      wires.mend();
      await about(of - gone);
    }
  })();
  return async () => {
    isOver = true;
    await losing;
  };
}

const FIRST_PORT = 50_000;
const LAST_PORT = 50_015;

/** Holds every port that outgoing connections may have. */
async function takePorts(wires: Wires): Promise<() => void> {
  wires.portsBetween(FIRST_PORT, LAST_PORT);
  const held: Server[] = [];
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    const server = createServer();
    server.on("error", () => undefined);
    server.listen(port, "0.0.0.0");
    held.push(server);
  }
  return () => {
    for (const server of held) server.close();
    wires.portsBetween(32_768, 60_999);
  };
}

/** Our way to the world. */
export const OURS_NETWORK: readonly OwnFault[] = [
  {
    name: "uplink cut: everything silent",
    needs,
    strike(stand) {
      wiresOf(stand).cut();
      return () => wiresOf(stand).mend();
    },
  },
  {
    name: "uplink cut: no route",
    needs,
    strike(stand) {
      wiresOf(stand).unroute();
      return () => wiresOf(stand).mend();
    },
  },
  {
    name: "uplink cut for longer than a minute",
    needs,
    lastsS: 75,
    isTold: true,
    strike(stand) {
      wiresOf(stand).cut();
      return () => wiresOf(stand).mend();
    },
  },
  {
    name: "uplink comes and goes",
    needs,
    strike: (stand) => lossy(wiresOf(stand), 1_500, 3_000),
  },
  {
    name: "path lossy",
    needs,
    strike: (stand) => lossy(wiresOf(stand), 100, 500),
  },
  { name: "ports for outgoing connections used up", needs, strike: (s) => takePorts(wiresOf(s)) },
  {
    name: "one reference dead",
    async strike({ world: { references } }) {
      await references[0]?.shut();
      return () => references[0]?.reopen();
    },
  },
  {
    name: "references silent, all else well",
    strike({ world: { references } }) {
      for (const reference of references) reference.become(silence);
      return () => {
        for (const reference of references) reference.become((socket) => socket.end("hello\r\n"));
      };
    },
  },
  {
    name: "IPv6 of ours broken",
    strike({ world: { zone } }) {
      const before = { ...zone };
      for (const [name, addresses] of Object.entries(before))
        zone[name] = ["2001:db8::1", ...addresses];
      return () => void Object.assign(zone, before);
    },
  },
];
