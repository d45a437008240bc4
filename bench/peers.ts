import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "./bench.js";
import { cpuMsOf } from "./machine.js";
import type { Kind, Target } from "./targets.js";

const PROMETHEUS = ["prometheus"];
const BLACKBOX = ["prometheus-blackbox-exporter", "blackbox_exporter"];

/** Prometheus and blackbox_exporter, where they are installed. */
export interface Peers {
  /** CPU time used so far (ms). */
  cpuMs(): { readonly prometheus: number; readonly blackbox: number };
}

/** Lets Prometheus have blackbox_exporter look at `n` targets once a second; `null` where they are not installed. */
export async function startPeers(
  stage: Stage,
  kind: Kind,
  target: Target,
  n: number,
): Promise<Peers | null> {
  const prometheus = PROMETHEUS.find(isThere);
  const blackbox = BLACKBOX.find(isThere);
  if (!prometheus || !blackbox) return null;
  const folder = mkdtempSync(join(tmpdir(), "tudunk-peers-"));
  stage.later(() => rmSync(folder, { recursive: true, force: true }));
  const [blackboxPort, prometheusPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "ca.pem"), target.ca);
  const modules = {
    http: { prober: "http", http: { ip_protocol_fallback: true } },
    https: { prober: "http", http: { tls_config: { ca_file: join(folder, "ca.pem") } } },
    tcp: { prober: "tcp" },
    smtp: {
      prober: "tcp",
      tcp: {
        query_response: [
          { expect: "^220 " },
          { send: "EHLO bench.test\r" },
          { expect: "^250 " },
          { send: "QUIT\r" },
        ],
      },
    },
  };
  writeFileSync(join(folder, "blackbox.yml"), JSON.stringify({ modules }));
  const place = (index: number): string =>
    kind === "http" || kind === "https"
      ? `${kind}://127.0.0.1:${target.port}/m/${index}`
      : `127.0.0.1:${target.port}#${index}`;
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      scrape_configs: [
        {
          job_name: "bench",
          metrics_path: "/probe",
          scrape_interval: "1s",
          scrape_timeout: "1s",
          params: { module: [kind] },
          static_configs: [{ targets: Array.from({ length: n }, (_, index) => place(index)) }],
          relabel_configs: [
            { source_labels: ["__address__"], target_label: "instance" },
            // Told apart by number, and the same place for all.
            {
              source_labels: ["__address__"],
              regex: "([^#]+).*",
              target_label: "__param_target",
              replacement: "$1",
            },
            { target_label: "__address__", replacement: `127.0.0.1:${blackboxPort}` },
          ],
        },
      ],
    }),
  );
  const begin = (command: string, args: readonly string[]): number => {
    const child = spawn(command, args, { stdio: "ignore" });
    const gone = once(child, "exit");
    stage.later(async () => {
      child.kill("SIGKILL");
      await gone;
    });
    return child.pid ?? 0;
  };
  const pids = {
    blackbox: begin(blackbox, [
      `--config.file=${join(folder, "blackbox.yml")}`,
      `--web.listen-address=127.0.0.1:${blackboxPort}`,
    ]),
    prometheus: begin(prometheus, [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
    ]),
  };
  await sleep(500);
  return {
    cpuMs: () => ({ prometheus: cpuMsOf(pids.prometheus), blackbox: cpuMsOf(pids.blackbox) }),
  };
}

const isThere = (command: string): boolean =>
  spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
