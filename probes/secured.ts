import type { TLSSocket } from "node:tls";
import { judgeSecured, type Encryption } from "./encryption.js";
import { Failure, up } from "./failures.js";
import type { Verdict } from "./probe.js";
import type { Visit } from "./visit.js";

/**
 * Notes what the server at `host` showed and returns what is to be said of it: up or degraded. What
 * is down ends the look here, before anything secret is said.
 */
export function trusted(
  socket: TLSSocket,
  host: string,
  encryption: Encryption,
  { facts, now }: Visit,
): Verdict {
  const judged = judgeSecured(socket, host, encryption, now);
  facts["tls"] = judged.facts;
  if (judged.verdict?.outcome === "down") throw new Failure(judged.verdict);
  return judged.verdict ?? up();
}
