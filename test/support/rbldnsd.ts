import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort, program, untilAnswered } from "./real-dns.js";

/** Serves a blocklist by rbldnsd on loopback until the test is over; `host:port`. */
export async function startRbldnsd(
  zone: string,
  { four, six }: { readonly four: readonly string[]; readonly six: readonly string[] },
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-rbldnsd-"));
  // As root it runs as somebody else, who must be able to read.
  chmodSync(folder, 0o755);
  const head = `$SOA 60 ns.${zone} host.${zone} 0 60 60 60 60\n$NS 60 ns.${zone}\n`;
  writeFileSync(join(folder, "four"), `${head}${four.join("\n")}\n`);
  writeFileSync(join(folder, "six"), `${six.join("\n")}\n`);
  const port = await freePort();
  const child = spawn(
    program("rbldnsd") ?? "rbldnsd",
    [
      "-n",
      ...(userInfo().uid === 0 ? ["-u", "nobody"] : []),
      "-w",
      folder,
      "-b",
      `127.0.0.1/${port}`,
      `${zone}:ip4set:four`,
      `${zone}:ip6trie:six`,
    ],
    { stdio: "ignore" },
  );
  child.on("error", () => undefined);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  await untilAnswered("127.0.0.1", port, zone);
  return `127.0.0.1:${port}`;
}
