import type { OwnFault } from "./case.js";
import { always, reply, resolving, type Answering } from "./names.js";
import type { Stand } from "./stand.js";

/** Until it is undone our resolver answers like this. */
const answering =
  (answer: (stand: Stand) => Answering) =>
  (stand: Stand): (() => void) => {
    const { names, zone } = stand.world;
    names.become(answer(stand));
    return () => names.become(resolving(zone));
  };

const SLOW_MS = 3_000;
const TXT = { type: "TXT", ttl: 0, data: "what?" } as const;

/** Our resolver, in every way in which resolvers fail. */
export const OURS_NAMES: readonly OwnFault[] = [
  { name: "resolver silent", strike: answering(() => () => undefined) },
  {
    name: "resolver gone",
    strike({ world: { names } }) {
      names.shut();
      return () => names.reopen();
    },
  },
  { name: "resolver refuses", strike: answering(() => always("refused")) },
  { name: "resolver fails (SERVFAIL)", strike: answering(() => always("servfail")) },
  {
    name: "resolver slow",
    strike: answering(({ world: { zone } }) => {
      const well = resolving(zone);
      return (asked) => void setTimeout(well, SLOW_MS, asked);
    }),
  },
  {
    name: "resolver answers with wrong ids",
    strike: answering(() => (asked) => asked.send(reply(asked, "nxdomain", { idOff: 1 }))),
  },
  {
    name: "resolver answers garbage",
    strike: answering(() => (asked) => asked.send(Buffer.alloc(40, 0xff))),
  },
  {
    name: "resolver answers another question",
    strike: answering(
      () => (asked) => asked.send(reply(asked, [{ ...TXT, name: "elsewhere.test" }])),
    ),
  },
  {
    name: "resolver cuts its answers, no TCP",
    strike: answering(() => (asked) => asked.send(reply(asked, [], { truncated: true }))),
  },
  { name: "resolver denies every name", strike: answering(() => always("nxdomain")) },
  { name: "resolver empty for every name", strike: answering(() => always("noerror")) },
  {
    name: "resolver loses every second question",
    strike: answering(({ world: { zone } }) => {
      const well = resolving(zone);
      let n = 0;
      return (asked) => void ((n += 1) % 2 === 0 && well(asked));
    }),
  },
];
