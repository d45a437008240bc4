import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { answering } from "./child.js";

/** The least that Node can do: one body, for whoever asks. */
answering(({ headers, body }: { headers: OutgoingHttpHeaders; body: string }) => {
  const bytes = Buffer.from(body, "base64");
  const server = createServer((_req, res) => res.writeHead(200, headers).end(bytes));
  return new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });
});
