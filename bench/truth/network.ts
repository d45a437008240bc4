import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";

const INSIDE = "TUDUNK_BENCH_NETWORK";

/** Everybody whom we watch lives here; we are on 127.0.0.1. */
const OUTSIDE = "198.51.100.0/24";
const ADDRESS = "198.51.100.1";

/** A network of our own, in which the way to the outside can be cut. */
export interface Network {
  /** Where what we watch listens. */
  readonly address: string;
  /** Null where there is no network of our own. */
  readonly wires: Wires | null;
}

export interface Wires {
  /** What goes to the outside vanishes. */
  cut(): void;
  /** There is no way to the outside at all, and the system says so. */
  unroute(): void;
  mend(): void;
  /** Outgoing connections have these ports alone. */
  portsBetween(first: number, last: number): void;
}

/** Whether `name` runs without a complaint. */
export const runs = (name: string, ...args: readonly string[]): boolean =>
  spawnSync(name, args, { stdio: "ignore" }).status === 0;

/** Runs this very command in a network of its own where that may be; its exit code, or null where not. */
export async function enterNetwork(): Promise<number | null> {
  if (process.env[INSIDE] || !runs("unshare", "--net", "--mount", "ip", "link", "set", "lo", "up"))
    return null;
  const child = spawn(
    "unshare",
    ["--net", "--mount", process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: "inherit", env: { ...process.env, [INSIDE]: "own" } },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** The network in which this process is, laid out. */
export function layNetwork(): Network {
  if (!process.env[INSIDE]) return { address: "127.0.0.1", wires: null };
  ip("link set lo up");
  // Behind this interface lives nobody: what is sent there is neither answered nor refused.
  ip("link add up0 type veth peer name up1");
  ip("link set up1 up");
  ip("link set up0 up");
  ip("addr add 203.0.113.2/24 dev up0");
  ip("neigh add 203.0.113.1 lladdr 02:00:00:00:00:01 dev up0 nud permanent");
  const isolate = (): void => {
    tryIp("route del default");
    tryIp(`route del local ${OUTSIDE} dev lo`);
  };
  const mend = (): void => {
    isolate();
    ip("route add default via 203.0.113.1");
    ip(`route add local ${OUTSIDE} dev lo`);
  };
  mend();
  return {
    address: ADDRESS,
    wires: {
      cut: () => tryIp(`route del local ${OUTSIDE} dev lo`),
      unroute: isolate,
      mend,
      portsBetween: (first, last) =>
        writeFileSync("/proc/sys/net/ipv4/ip_local_port_range", `${first} ${last}`),
    },
  };
}

function ip(words: string): void {
  const { status, stderr } = spawnSync("ip", words.split(" "), { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words}: ${stderr}`);
}

const tryIp = (words: string): void => void spawnSync("ip", words.split(" "), { stdio: "ignore" });
