import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { StoredResult } from "./program.js";

/** What a target does with a request. */
type Manner = "well" | "slow" | "broken" | "silent";

/** How long a slow target takes (ms). */
const SLOW_MS = 1_500;

/** A real web server that is watched, and that remembers when it was looked at. */
export interface Target {
  readonly port: number;
  /** The address of monitor `id` on it. */
  url(id: string): string;
  /** When `id` was looked at (epoch ms, fractions kept), oldest first. */
  arrivals(id: string): readonly number[];
  behave(manner: Manner): void;
  /** Nothing listens there any more. */
  close(): Promise<void>;
  /** On the same port as before. */
  open(): Promise<void>;
}

/** Epoch ms by the monotonic clock. */
export const clock = (): number => performance.timeOrigin + performance.now();

export async function startTarget(): Promise<Target> {
  const times = new Map<string, number[]>();
  let manner: Manner = "well";
  let port = 0;
  let stop = async (): Promise<void> => undefined;
  const open = async (): Promise<void> => {
    const listening = await listen((request, response) => {
      const id = (request.url ?? "/").slice(1);
      times.set(id, [...(times.get(id) ?? []), clock()]);
      if (manner === "silent") return;
      const status = manner === "broken" ? 500 : 200;
      const reply = () => response.writeHead(status, { connection: "close" }).end("ok");
      if (manner === "slow") setTimeout(reply, SLOW_MS);
      else reply();
    }, port);
    ({ port, stop } = listening);
  };
  await open();
  onTestFinished(() => stop());
  return {
    get port() {
      return port;
    },
    url: (id) => `http://127.0.0.1:${port}/${id}`,
    arrivals: (id) => times.get(id) ?? [],
    behave(next) {
      manner = next;
    },
    close: () => stop(),
    open,
  };
}

/** One message as a webhook's receiver got it. */
export interface Received {
  /** Epoch ms. */
  readonly at: number;
  readonly key: string;
  readonly type: string;
  readonly incident: {
    readonly id: string;
    readonly cause: { readonly kind: string; readonly id: string };
  };
}

/** A receiver of webhooks that takes every message. */
export async function startSink(): Promise<{
  readonly channel: Readonly<Record<string, unknown>>;
  readonly received: readonly Received[];
}> {
  const received: Received[] = [];
  const { port, stop } = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString());
      received.push({
        at: clock(),
        key: String(request.headers["webhook-id"]),
        type,
        incident: data.incident,
      });
      response.writeHead(204, { connection: "close" }).end();
    });
  });
  onTestFinished(stop);
  const channel = {
    id: "hook",
    kind: "webhook",
    url: `http://127.0.0.1:${port}/`,
    secret: "a secret of twenty-four letters",
  };
  return { channel, received };
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

// ── comparing ────────────────────────────────────────────────────────────────────────────────

export interface Slip {
  /** The farthest an arrival is from the grid that most of them keep (ms). */
  readonly worstMs: number;
  /** Between two arrivals, or an arrival and an end of the time looked at (ms). */
  readonly longestGapMs: number;
  readonly count: number;
}

/** How well `times` keep a grid of `everyMs` from `from` to `until`. */
export function slipOf(
  times: readonly number[],
  everyMs: number,
  from: number,
  until: number,
): Slip {
  const inside = times.filter((at) => at >= from && at <= until);
  const [reference = 0] = inside;
  const offsets = inside
    .map((at) => ((((at - reference + everyMs / 2) % everyMs) + everyMs) % everyMs) - everyMs / 2)
    .toSorted((a, b) => a - b);
  const middle = offsets[Math.floor(offsets.length / 2)] ?? 0;
  const marks = [from, ...inside, until];
  return {
    worstMs: Math.max(0, ...offsets.map((offset) => Math.abs(offset - middle))),
    longestGapMs: Math.max(...marks.slice(1).map((at, n) => at - (marks[n] ?? at))),
    count: inside.length,
  };
}

export interface Comparison {
  /** Looks that arrived and are not stored (epoch ms). */
  readonly lost: readonly number[];
  /** Stored results that no look explains. */
  readonly invented: readonly StoredResult[];
  /** Results of one monitor at one instant that are stored more than once. */
  readonly doubled: number;
}

/** A look arrives at the target within this of its recorded begin (ms), on a busy machine. */
const TRAVEL_MS = 700;

/** Sets what arrived for one monitor before `until` against what is stored of it. */
export function compare(
  arrivals: readonly number[],
  stored: readonly StoredResult[],
  until: number,
): Comparison {
  const rest = stored.toSorted((a, b) => a.at - b.at);
  const lost: number[] = [];
  for (const at of arrivals) {
    const n = rest.findIndex((result) => at >= result.at - 5 && at - result.at < TRAVEL_MS);
    if (n >= 0) rest.splice(n, 1);
    else if (at < until) lost.push(at);
  }
  const invented = rest.filter((result) => result.outcome === "up");
  const instants = new Set(stored.map(({ at }) => at));
  return { lost, invented, doubled: stored.length - instants.size };
}

/** A configuration that looks at `ids` on a target, quickly, with short patience. */
export function watching(
  target: Target,
  ids: readonly string[],
  more: { readonly monitor?: object; readonly [section: string]: unknown } = {},
): { readonly monitors: readonly object[]; readonly [section: string]: unknown } {
  const { monitor, ...sections } = more;
  return {
    site: { name: "Faults", languages: ["en"] },
    defaults: {
      every: "1s",
      timeout: "3s",
      confirm: { failures: 2, recheck: "500ms", recoveries: 2 },
    },
    components: [{ id: "web", name: "Websites" }],
    monitors: ids.map((id) => ({
      id,
      probe: "http",
      target: target.url(id),
      component: "web",
      ...monitor,
    })),
    ...sections,
  };
}

/** Says what a test measured, where somebody asks for it with `MEASURED=1`. */
export function measured(figures: Readonly<Record<string, unknown>>): void {
  if (process.env["MEASURED"]) process.stdout.write(`measured ${JSON.stringify(figures)}\n`);
}
