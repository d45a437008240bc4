// What runs before anything is installed or compiled: plain JavaScript, no package.
//
//   node src/start.mjs                    prepare, then keep the program running    (npm start)
//   node src/start.mjs --test …           prepare, then the tests                   (npm test)
//   node src/start.mjs --command …        prepare, then one command                 (npm run -s tudunk -- …)
//
// Between us and `main`: it has a channel to us (`process.on("disconnect")`: we are gone, drain and
// go too). It ends with 0 when it is done, with 2 when a setting is wrong – both are passed on – and
// is started again whatever else it ends with. It may send `{ owns: [pid, …] }`: what else has to
// end with it where it does not drain in time.
//
// All progress goes to standard error: standard output belongs to the program.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, connect } from "node:net";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, "dist");
const STAMP = join(DIST, ".built");
const PACKAGES = join(ROOT, "node_modules");
const DRAIN_MS = 10_000;
const BACKOFF_MS = { first: 500, most: 10_000, resetAfter: 60_000 };
const INSTALL_TRIES = 3;
const PREPARE_WAIT_MS = 900_000;
/**
 * A young generation of 2 MB instead of 16: a busy process keeps about 100 MB less for 3 % more
 * time. Two arenas instead of eight a core keep what threads free from lying around.
 */
const NODE_FLAGS = ["--enable-source-maps", "--max-semi-space-size=2"];
const NODE_ENV = { NODE_ENV: "production", MALLOC_ARENA_MAX: "2", ...process.env };

/** The signal that asked us to end, and the child that has to hear of it. */
let stopping = null;
let child = null;

const [mode, ...rest] = process.argv.slice(2);
if (!isSupported(process.versions.node))
  fail(
    `Tudunk needs Node 20.19 or newer (20, 22.13 or newer, 24): this is ${process.versions.node}.`,
    2,
  );
else if (mode === undefined) await start();
else if (mode === "--command") await runOnce([...NODE_FLAGS, join(DIST, "src/cli.js"), ...rest]);
else if (mode === "--test")
  await runOnce([join(PACKAGES, "vitest/vitest.mjs"), "run", ...rest], { test: true });
else fail(`start.mjs: unknown argument ${mode} (expected --command or --test)`, 2);

// ── the program ──────────────────────────────────────────────────────────────────────────────

/** Keeps `main` running until it is done or we are asked to stop. */
async function start() {
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stop(signal));
  // A closed terminal is the end; from elsewhere it means: read the configuration again.
  process.on("SIGHUP", () => (process.stdout.isTTY ? stop("SIGHUP") : child?.kill("SIGHUP")));
  if (process.env.npm_lifecycle_event) followParent();
  if (!(await prepared({ test: false }))) return;
  let waitMs = BACKOFF_MS.first;
  while (!stopping) {
    const since = Date.now();
    const { code, signal } = await runMain();
    if (stopping) break;
    if (code === 0 || code === 2) {
      process.exitCode = code;
      return;
    }
    if (Date.now() - since > BACKOFF_MS.resetAfter) waitMs = BACKOFF_MS.first;
    say(`main ended unexpectedly (${signal ?? `exit code ${code}`}); again in ${waitMs / 1000} s.`);
    for (const until = Date.now() + waitMs; !stopping && Date.now() < until;) await sleep(50);
    waitMs = Math.min(waitMs * 2, BACKOFF_MS.most);
  }
  process.exitCode = 0;
}

function runMain() {
  return new Promise((resolve) => {
    let owns = [];
    child = spawn(process.execPath, [...NODE_FLAGS, join(DIST, "src/main.js")], {
      cwd: ROOT,
      env: NODE_ENV,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    child.owns = () => owns;
    child.on("message", (message) => {
      if (Array.isArray(message?.owns)) owns = message.owns.filter(Number.isInteger);
    });
    child.once("error", (error) => say(`main could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      child = null;
      resolve({ code, signal });
    });
  });
}

/**
 * A package manager that is killed, or whose shell is, passes nothing on. (The scripts say `exec`
 * so that npm's signals reach us and not a shell in between, which would die of them alone.)
 */
function followParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop("SIGTERM");
  }, 500).unref();
}

/** Asks whatever runs to end, once: npm, the terminal and an impatient hand may all ask at a time. */
function stop(signal) {
  if (stopping) return;
  stopping = signal;
  const asked = child;
  asked?.kill("SIGTERM");
  setTimeout(() => {
    if (!child) return;
    say(`not drained within ${DRAIN_MS / 1000} s, ended by force.`);
    const owned = child.owns?.() ?? [];
    child.kill("SIGKILL");
    for (const pid of owned) {
      try {
        process.kill(pid, "SIGQUIT");
      } catch {
        // It is gone already.
      }
    }
  }, DRAIN_MS - 500).unref();
}

/** One command or test run: its exit code is ours, its signals too. */
async function runOnce(args, { test = false } = {}) {
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => pass(signal));
  if (!(await prepared({ test }))) return;
  const { code, signal } = await run(process.execPath, args, { stdio: "inherit" });
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 1);
}

function pass(signal) {
  stopping = signal;
  child?.kill(signal);
}

// ── preparing ────────────────────────────────────────────────────────────────────────────────

/** Installs and builds what is missing or old; false (and an exit code) where it cannot. */
async function prepared({ test }) {
  try {
    if (needsInstall(test) || needsBuild()) {
      const held = await lock();
      try {
        // Somebody else may have done it while we waited.
        if (needsInstall(test) && !stopping) await install(test, held);
        if (needsBuild() && !stopping) await build(held);
      } finally {
        held?.close();
      }
    }
  } catch (error) {
    if (!stopping) fail(error.message, 1);
  }
  if (!stopping) return process.exitCode === undefined;
  process.exitCode = mode === undefined ? 0 : 128 + constants.signals[stopping];
  return false;
}

/** Whether a package of the lock file is not there in that version. npm notes what it installed, last. */
function needsInstall(test) {
  const wanted = readJson(join(ROOT, "package-lock.json"))?.packages ?? {};
  const present = readJson(join(PACKAGES, ".package-lock.json"))?.packages;
  if (!present) return true;
  // A folder linked from elsewhere is somebody else's, and npm would empty it first.
  if (lstatSync(PACKAGES).isSymbolicLink()) return false;
  return Object.entries(wanted).some(([path, { version, optional, dev, devOptional }]) => {
    if (path === "" || ((dev || devOptional) && !test)) return false;
    const found = present[path];
    if (!found) return !optional;
    return found.version !== version || !existsSync(join(ROOT, path));
  });
}

async function install(test, held) {
  say("installing packages, once (about 20 s) …");
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm ? [process.execPath, npm] : ["npm"];
  const args = [...before, "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  if (test) args.push("--include=dev");
  for (let tries = 1; ; tries++) {
    const { code, error } = await run(command, args, { stdio: ["ignore", 2, 2, sharing(held)] });
    if (stopping || (code === 0 && !needsInstall(test))) return;
    if (tries === INSTALL_TRIES)
      throw new Error(
        `the packages could not be installed (${error?.message ?? `npm ci ended with ${code}`}): is the npm registry reachable, and ${ROOT} writable?`,
      );
    await sleep(2_000 * tries);
  }
}

/** Whether what was built came from other sources than these. Contents, not times: copies keep no times. */
function needsBuild() {
  if (!existsSync(join(DIST, "src/main.js"))) return true;
  return readText(STAMP) !== sourcesHash();
}

function sourcesHash() {
  const hash = createHash("sha256");
  const byName = (a, b) => (a < b ? -1 : 1);
  const files = ["src", "probes"]
    .filter((name) => existsSync(join(ROOT, name)))
    .flatMap((name) =>
      readdirSync(join(ROOT, name), { recursive: true }).map((file) => join(name, file)),
    )
    .filter((file) => /\.(ts|json)$/.test(file))
    .sort(byName);
  const compiler = join("node_modules", "typescript", "package.json");
  for (const file of [...files, "tsconfig.json", "tsconfig.build.json", compiler])
    hash.update(`${file}\0${readText(join(ROOT, file)) ?? ""}\0`);
  return hash.digest("hex");
}

async function build(held) {
  say("building …");
  const hash = sourcesHash();
  if (!existsSync(join(DIST, "src/main.js"))) rmSync(DIST, { recursive: true, force: true });
  rmSync(STAMP, { force: true });
  const tsc = join(PACKAGES, "typescript", "bin", "tsc");
  const args = [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--pretty", "false"];
  const { code, error } = await run(process.execPath, args, {
    stdio: ["ignore", 2, 2, sharing(held)],
  });
  if (stopping) return;
  if (code !== 0) throw new Error(`the program could not be built${error ? `: ${error}` : ""}.`);
  mkdirSync(DIST, { recursive: true });
  writeFileSync(STAMP, hash);
}

/**
 * One of us prepares at a time. The lock is a listening socket, so it ends with its process,
 * however that ends; on Linux an abstract one that leaves not even a file.
 */
async function lock() {
  const name = `tudunk-${createHash("sha256").update(ROOT).digest("hex").slice(0, 16)}-${process.getuid?.() ?? 0}`;
  const abstract = process.platform === "linux";
  const path = abstract ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  const giveUpAt = Date.now() + PREPARE_WAIT_MS;
  for (let told = false; !stopping;) {
    const server = createServer();
    const taken = await new Promise((resolve) => {
      server.once("error", (error) => resolve(error.code === "EADDRINUSE"));
      server.listen(path, () => resolve(false));
    });
    if (!taken) {
      server.unref();
      return server;
    }
    if (!abstract && !(await answers(path))) rmSync(path, { force: true });
    if (Date.now() > giveUpAt) throw new Error("another start has been preparing for 15 minutes.");
    if (!told) say("another start is preparing; waiting for it …");
    told = true;
    await sleep(200);
  }
  return null;
}

/** npm and tsc hold the lock with us: where we are killed, they still write. */
function sharing(held) {
  const fd = held?._handle?.fd;
  return Number.isInteger(fd) && fd > 2 ? fd : "ignore";
}

function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true) || socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

// ── small ────────────────────────────────────────────────────────────────────────────────────

function run(command, args, options) {
  return new Promise((resolve) => {
    child = spawn(command, args, { cwd: ROOT, ...options });
    let error = null;
    child.once("error", (reason) => {
      error = reason;
      resolve({ code: 1, signal: null, error });
    });
    child.once("close", (code, signal) => {
      child = null;
      resolve({ code, signal, error });
    });
  });
}

/** As in package.json; there the package manager reads it, here whoever has none yet. */
function isSupported(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 13;
  return major >= 24;
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function readJson(file) {
  const text = readText(file);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function say(text) {
  process.stderr.write(`tudunk: ${text}\n`);
}

function fail(text, code) {
  say(text);
  process.exitCode = code;
}
