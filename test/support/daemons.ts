import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { closedPort } from "./http-servers.js";

/** Where servers live, beside the places of `PATH`. */
const PLACES = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec", "/usr/lib/openssh"];

/** The full path of an installed program, else `null`. */
export function installed(name: string): string | null {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), ...PLACES];
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? null;
}

/** Why tests of a server are skipped; `false` where it is there. */
export const missing = (...names: readonly string[]): string | false => {
  const absent = names.filter((name) => installed(name) === null);
  return absent.length > 0 && `${absent.join(" and ")} not installed`;
};

/** A folder that only we can enter, gone when the test is over. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tudunk-real-"));
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a server in the foreground and waits until its port accepts; it ends with the test. */
export async function daemon(command: string, args: readonly string[], port: number): Promise<void> {
  let said = "";
  const server = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const take = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-4_000));
  server.stdout.on("data", take);
  server.stderr.on("data", take);
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

/** Runs a program to its end; throws what it complained of. */
export function run(command: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? ""} ${stderr} ${stdout}`);
  return stdout;
}

export const freePort = closedPort;
