import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { DbConnection } from "../../src/store/db.js";

/** The same database behind a wire that can be cut and mended. */
export async function databaseProxy(behind: DbConnection): Promise<{
  readonly connection: DbConnection;
  cut(): void;
  mend(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;
  const open = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(farSide(behind));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on("error", () => undefined);
        one.on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    }).listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };
  const cut = (): void => {
    server?.close();
    server = null;
    for (const socket of sockets) socket.destroy();
  };
  await open();
  onTestFinished(cut);
  return { connection: { url: addressFor(behind, port) }, cut, mend: open };
}

function farSide(behind: DbConnection) {
  if (!("url" in behind)) return { path: `${behind.socketDir}/.s.PGSQL.${behind.port}` };
  const { hostname, port } = new URL(behind.url);
  return { host: hostname, port: Number(port || 5432) };
}

function addressFor(behind: DbConnection, port: number): string {
  if (!("url" in behind))
    return `postgres://${encodeURIComponent(behind.user)}@127.0.0.1:${port}/${behind.database}`;
  const url = new URL(behind.url);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return url.href;
}
