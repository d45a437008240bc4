import { spawn, spawnSync, type SpawnOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, onTestFinished } from "vitest";

/** Where servers live, beside the places of `PATH`. */
const PLACES = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec", "/usr/lib/openssh"];

/** The full path of an installed program, else `null`. */
export function installed(name: string): string | null {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), ...PLACES];
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? null;
}

/** Tests of a real server, skipped with a word on what is missing where its programs are not installed. */
export function describeReal(name: string, programs: readonly string[], tests: () => void): void {
  const absent = programs.filter((program) => installed(program) === null);
  const missing = absent.length > 0 ? ` (skipped: ${absent.join(" and ")} not installed)` : "";
  describe.skipIf(absent.length > 0)(`${name}${missing}`, () => {
    tests();
  });
}

/** A folder of the test's own, gone when it is over. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tudunk-real-"));
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a server in the foreground and waits until its port accepts; it ends with the test. */
export async function daemon(
  command: string,
  args: readonly string[],
  port: number,
  options: SpawnOptions = {},
): Promise<void> {
  let said = "";
  const server = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const take = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  server.stdout?.on("data", take);
  server.stderr?.on("data", take);
  server.on("error", (error) => {
    said += error.message;
  });
  const ended = new Promise<void>((done) => void server.once("close", () => done()));
  onTestFinished(async () => {
    server.kill("SIGTERM");
    const timer = setTimeout(() => server.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
  });
  for (let tries = 0; tries < 150; tries += 1) {
    if (server.exitCode !== null) break;
    if (await accepts(port)) return;
    await sleep(100);
  }
  throw new Error(`${command} does not listen on ${port}: ${said}`);
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.on("error", () => done(false));
  });

/** Runs a program to its end and returns what it printed; throws what it complained of. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly uid?: number; readonly cwd?: string } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? ""} ${stderr} ${stdout}`);
  return stdout;
}
