import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../errors.js";

/** How the embedded server is run: PostgreSQL refuses to be root. */
export interface Account {
  /** Words before the command, like `setpriv … --`; empty where it is spawned directly. */
  readonly prefix: readonly string[];
  /** What `spawn` switches to; `null` keeps our own. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
  /** Who owns the files it works on; `null` leaves them as they are made. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

interface Entry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const OWN: Account = { prefix: [], ids: null, owner: null };

/**
 * Who can run `binary` on `dataDir`. Ordinary users run it themselves. Root runs it as another
 * user; where that user cannot come in, in a user namespace that shows root as that user; else
 * with the one right to pass closed directories. Throws `Problem` naming the `chmod` that helps.
 */
export function chooseAccount(binary: string, dataDir: string): Account {
  const uid = process.getuid?.() ?? -1;
  const entries = readPasswd();
  if (uid !== 0) {
    if (uid < 0 || process.platform !== "linux" || entries.some((entry) => entry.uid === uid))
      return OWN;
    // A container's made-up user: initdb wants a name for it, so lend it one.
    const lent = entries.find(({ name }) => name === "nobody");
    const inside = lent && namespace(lent, null);
    return inside && canRun(inside, binary, dataDir) ? inside : OWN;
  }
  const user = otherUser(entries, dataDir);
  if (!user)
    throw new Problem(
      "unavailable",
      "The embedded PostgreSQL refuses to run as root, and there is no other user (postgres, nobody) to run it as. Start Tudunk as an ordinary user, or set DATABASE_URL.",
    );
  const ways = [
    { prefix: [], ids: user, owner: user },
    namespace(user, { uid: 0, gid: 0 }),
    passing(user),
  ];
  const way = ways.find((each) => canRun(each, binary, dataDir));
  if (way) return way;
  const closed = [...ancestors(dataDir), ...ancestors(binary)].find((dir) => !enters(user, dir));
  throw new Problem(
    "unavailable",
    `The embedded PostgreSQL cannot run as root, and user ${user.name} cannot enter ${closed ?? dataDir}: chmod o+x ${closed ?? dataDir} (or start Tudunk as an ordinary user, or set DATABASE_URL).`,
  );
}

/** Root outside, `user` inside: the files stay root's, no closed directory is in the way. */
function namespace(user: Entry, owner: Account["owner"]): Account {
  return {
    prefix: ["unshare", "--user", `--map-user=${user.uid}`, "--"],
    ids: null,
    owner,
  };
}

/** `user` with the right to pass directories; without the securebit the switch would drop it. */
function passing(user: Entry): Account {
  const caps = "+dac_override,+dac_read_search";
  return {
    prefix: [
      "setpriv",
      "--securebits=+no_setuid_fixup",
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      "--clear-groups",
      `--inh-caps=${caps}`,
      `--ambient-caps=${caps}`,
      "--",
    ],
    ids: null,
    owner: user,
  };
}

function canRun({ prefix, ids }: Account, binary: string, dataDir: string): boolean {
  const script = 'cd "$1" && exec "$2" --version';
  const [command, ...rest] = [...prefix, "sh", "-c", script, "sh", dataDir, binary];
  const ran = spawnSync(command, rest, {
    cwd: "/",
    stdio: "ignore",
    timeout: 10_000,
    ...ids,
  });
  return ran.status === 0;
}

/** The owner of what is there already, so that this user can later start it alone; else a usual one. */
function otherUser(entries: readonly Entry[], dataDir: string): Entry | undefined {
  const owners = [`${dataDir}/pg`, dataDir].map(ownerOf).filter((uid) => uid > 0);
  return (
    entries.find(({ uid }) => uid > 0 && uid === owners[0]) ??
    ["tudunk", "postgres", "nobody"]
      .map((name) => entries.find((entry) => entry.name === name))
      .find((entry) => entry !== undefined)
  );
}

function ownerOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? -1;
}

function readPasswd(): Entry[] {
  try {
    accessSync("/etc/passwd", constants.R_OK);
  } catch {
    return [];
  }
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4)
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

function ancestors(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...ancestors(above), path];
}

function enters(user: Entry, dir: string): boolean {
  const { mode, uid, gid } = statSync(dir);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === user.gid ? 0o010 : 0o001)) !== 0;
}
