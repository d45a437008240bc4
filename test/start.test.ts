import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** A checkout in small: the real launcher and packages, and `sources` as the program. */
function checkout(sources: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "tudunk-start-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const file of ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"])
    cpSync(join(ROOT, file), join(root, file));
  mkdirSync(join(root, "src"));
  cpSync(join(ROOT, "src/start.mjs"), join(root, "src/start.mjs"));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  for (const [file, text] of Object.entries({ "src/main.ts": "export {};\n", ...sources }))
    writeFileSync(join(root, file), text);
  return root;
}

interface Running {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

function run(root: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [join(root, "src/start.mjs"), ...args], { cwd: root });
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
  const ended = once(child, "close").then(([code, signal]: unknown[]) => ({
    code: typeof code === "number" ? code : null,
    signal: typeof signal === "string" ? signal : null,
  }));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, out: () => out, err: () => err, ended };
}

/** Waits until the program has printed `text` and gives what stands after it on the line. */
async function said(running: Running, text: string): Promise<string> {
  return vi.waitFor(
    () => {
      const out = running.out();
      const at = out.lastIndexOf(text);
      if (at < 0) throw new Error(`not said: ${text}`);
      return (
        out
          .slice(at + text.length)
          .split("\n")[0]
          ?.trim() ?? ""
      );
    },
    { timeout: 15_000, interval: 20 },
  );
}

/** A zombie that nobody has collected yet is dead. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const LIVING = `
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => { console.log("draining"); setTimeout(() => process.exit(0), 100); });
process.on("SIGINT", () => {});
setInterval(() => {}, 1_000);
console.log("main", process.pid);
export {};
`;

test("a start builds once, and the next one only looks", async () => {
  const root = checkout({ "src/main.ts": `console.log("ran");\nexport {};\n` });
  const first = run(root);
  expect((await first.ended).code).toBe(0);
  expect(first.err()).toContain("building");
  expect(first.out()).toBe("ran\n");
  const since = Date.now();
  const second = run(root);
  expect((await second.ended).code).toBe(0);
  expect(second.err()).toBe("");
  expect(Date.now() - since).toBeLessThan(2_000);
  writeFileSync(join(root, "src/main.ts"), `console.log("changed");\nexport {};\n`);
  const third = run(root);
  await third.ended;
  expect(third.out()).toBe("changed\n");
});

test("two starts at once build one after the other and both run", async () => {
  const root = checkout({ "src/main.ts": `console.log("ran");\nexport {};\n` });
  const both = [run(root), run(root)];
  for (const each of both) expect((await each.ended).code).toBe(0);
  expect(both.map((each) => each.out())).toEqual(["ran\n", "ran\n"]);
  expect(both.filter((each) => each.err().includes("building"))).toHaveLength(1);
});

test("SIGTERM twice drains the program once and leaves no process behind", async () => {
  const running = run(checkout({ "src/main.ts": LIVING }));
  const pid = Number(await said(running, "main"));
  running.child.kill("SIGTERM");
  running.child.kill("SIGTERM");
  running.child.kill("SIGINT");
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(running.out().match(/draining/g)).toHaveLength(1);
  expect(isAlive(pid)).toBe(false);
});

test("a program that dies is started again", async () => {
  const running = run(checkout({ "src/main.ts": LIVING }));
  const first = Number(await said(running, "main"));
  process.kill(first, "SIGKILL");
  await vi.waitFor(async () => expect(Number(await said(running, "main"))).not.toBe(first), {
    timeout: 10_000,
  });
  expect(running.err()).toContain("main ended unexpectedly (SIGKILL); again in 0.5 s");
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
});

test("a program told of wrong settings is not started again, and its exit code is passed on", async () => {
  const running = run(checkout({ "src/main.ts": "process.exit(2);\nexport {};\n" }));
  expect((await running.ended).code).toBe(2);
});

test("a program whose launcher is killed hears of it and ends", async () => {
  const running = run(checkout({ "src/main.ts": LIVING }));
  const pid = Number(await said(running, "main"));
  running.child.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
});

test(
  "a program that does not drain is ended by force with what it owns",
  { timeout: 30_000 },
  async () => {
    const running = run(
      checkout({
        "src/main.ts": `
import { spawn } from "node:child_process";
process.on("SIGTERM", () => {});
const owned = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
process.send?.({ owns: [owned.pid] });
setInterval(() => {}, 1_000);
console.log("main", process.pid, owned.pid);
`,
      }),
    );
    const pids = (await said(running, "main")).split(" ").map(Number);
    const since = Date.now();
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect(Date.now() - since).toBeLessThan(10_000);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]));
  },
);

test("a command's arguments, output and exit code pass through, and nothing else is printed", async () => {
  const root = checkout({
    "src/cli.ts": `console.log(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = 3;\nexport {};\n`,
  });
  await run(root, "--command").ended;
  const running = run(root, "--command", "probe", "http", "a b");
  expect((await running.ended).code).toBe(3);
  expect(running.out()).toBe(`["probe","http","a b"]\n`);
  expect(running.err()).toBe("");
});

test("sources that do not compile are shown and start nothing", async () => {
  const running = run(checkout({ "src/main.ts": `export const n: number = "text";\n` }));
  expect((await running.ended).code).toBe(1);
  expect(running.err()).toContain("TS2322");
  expect(running.err()).toContain("could not be built");
});

test("an argument that the launcher does not know is wrong use", async () => {
  const running = run(checkout({}), "--tset");
  expect((await running.ended).code).toBe(2);
  expect(running.err()).toContain("unknown argument --tset");
});

test("a built checkout that may only be read runs", async (context) => {
  if (process.getuid?.() !== 0) context.skip("needs root, to run as somebody else");
  if (!runsAsNobody(process.execPath)) context.skip("this Node is where nobody else may run it");
  const root = checkout({ "src/main.ts": `console.log("ran");\nexport {};\n` });
  await run(root).ended;
  execFileSync("chmod", ["-R", "a+rX", root]);
  // The packages are in a checkout that another user may not enter; a copy of what is looked at will do.
  const ran = execFileSync(process.execPath, [join(root, "src/start.mjs")], {
    cwd: dirname(root),
    uid: 65_534,
    gid: 65_534,
    encoding: "utf8",
  });
  expect(ran).toBe("ran\n");
  expect(readFileSync(join(root, "dist/.built"), "utf8")).toHaveLength(64);
});

/** Whether another user may run this program: a Node from a private cache is root's alone. */
function runsAsNobody(program: string): boolean {
  const { status } = spawnSync(program, ["--version"], { cwd: "/", uid: 65_534, gid: 65_534 });
  return status === 0;
}
