import type { RealFault } from "./case.js";
import { lines, page, reset, silence, type Door, type Talk } from "./door.js";
import { always, openNameServer, resolving } from "./names.js";
import { database, FILES } from "./services.js";
import { TOKEN } from "./stand.js";

const idOf = (name: string): string => name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();

/** A server on a port of its own that is well until another stands in its place. */
const server = (name: string, probe: string, well: Talk, wrong: Talk, more: object): RealFault => ({
  name,
  async arrange({ door: open, address }) {
    const door = await open(well);
    const id = idOf(name);
    return {
      cause: id,
      monitors: [
        {
          id,
          probe,
          target: `${address}:${door.port}`,
          host: `host-${id}`,
          component: id,
          ...more,
        },
      ],
      strike: () => door.become(wrong),
      mend: () => door.become(well),
    };
  },
});

/** PostgreSQL's own word where no connection is left: SQLSTATE 53300. */
const full: Talk = (socket) =>
  void socket.once("data", () => {
    const fields = "SFATAL\0C53300\0Msorry, too many clients already\0\0";
    const head = Buffer.alloc(5, "E");
    head.writeInt32BE(fields.length + 4, 1);
    socket.end(Buffer.concat([head, Buffer.from(fields)]));
  });

const flapping = (door: Door): (() => void) => {
  let n = 0;
  const turning = setInterval(() => door.become((n += 1) % 2 ? page(500) : page(200)), 7_000);
  return () => clearInterval(turning);
};

/** Names, databases, files, jobs. */
export const THEIRS_OTHERS: readonly RealFault[] = [
  {
    name: "DNS: the name is gone",
    async arrange({ zone, door: open, address }) {
      const door = await open(page(200));
      zone["shop.truth.test"] = [address];
      return {
        cause: "dns-gone",
        monitors: [
          {
            id: "dns-gone",
            probe: "http",
            target: `http://shop.truth.test:${door.port}/`,
            host: "host-dns-gone",
            component: "dns-gone",
          },
        ],
        strike: () => delete zone["shop.truth.test"],
        mend: () => (zone["shop.truth.test"] = [address]),
      };
    },
  },
  ...(["servfail", "silent", "wrong address"] as const).map((how): RealFault => ({
    name: `DNS: the customer's name server: ${how}`,
    async arrange({ stage, address }) {
      const well = resolving({ "zone.test": ["192.0.2.1"] });
      const names = await openNameServer(stage, address, well);
      const id = idOf(`dns ${how}`);
      const wrong = {
        servfail: always("servfail"),
        silent: () => undefined,
        "wrong address": resolving({ "zone.test": ["192.0.2.66"] }),
      }[how];
      return {
        cause: id,
        monitors: [
          {
            id,
            probe: "dns",
            target: "zone.test",
            server: names.place,
            expect: { only: ["192.0.2.1"] },
            host: `host-${id}`,
            component: id,
          },
        ],
        strike: () => names.become(wrong),
        mend: () => names.become(well),
      };
    },
  })),
  server("TCP: another banner", "tcp", lines("SSH-2.0-x", {}), lines("go away", {}), {
    dialogue: [{ expect: "SSH-2.0" }],
  }),
  server(
    "FTP: login refused",
    "ftp",
    lines("220 ready", FILES),
    lines("220 ready", { ...FILES, PASS: "530 no" }),
    { mode: "plain", auth: { username: "probe", password: "word", plaintext: true } },
  ),
  server("PostgreSQL: no connection left", "postgres", database, full, { encrypt: "offered" }),
  server("PostgreSQL: silent", "postgres", database, silence, { encrypt: "offered" }),
  server("PostgreSQL: reset", "postgres", database, reset, { encrypt: "offered" }),
  {
    name: "heartbeat: missing",
    arrange: () =>
      Promise.resolve({
        cause: "backup",
        graceMs: 10_000,
        monitors: [
          {
            id: "backup",
            probe: "heartbeat",
            target: "backup",
            token: TOKEN,
            period: "3s",
            grace: "3s",
            host: "host-backup",
            component: "backup",
          },
        ],
        strike: (stand) => stand.holdBeats(true),
        mend: (stand) => stand.holdBeats(false),
      }),
  },
  {
    name: "flapping website",
    async arrange({ door: open, address }) {
      const door = await open(page(200));
      let still = (): void => undefined;
      return {
        cause: "flapping",
        monitors: [
          {
            id: "flapping",
            probe: "http",
            target: `http://${address}:${door.port}/`,
            host: "host-flapping",
            component: "flapping",
          },
        ],
        strike() {
          door.become(page(500));
          still = flapping(door);
        },
        mend() {
          still();
          door.become(page(200));
        },
      };
    },
  },
];
