import { z } from "zod";
import { secure } from "./connect.js";
import { openDialogue } from "./dialogue.js";
import { encryptionKeys, handshakeFor, judgeSecured } from "./encryption.js";
import { up } from "./failures.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { STARTTLS, STARTTLS_PROTOCOLS } from "./starttls.js";
import { familyWord, visitPlace, type Visit } from "./visit.js";

const target = placeTarget(false);
const options = z.strictObject({
  ...encryptionKeys,
  /** Talks this protocol first and asks for TLS inside it. */
  starttls: z
    .enum(STARTTLS_PROTOCOLS, { error: `expected one of ${STARTTLS_PROTOCOLS.join(", ")}` })
    .optional(),
  family: familyWord,
});
type Options = z.output<typeof options>;

/**
 * A server on any port whose certificate a visitor's client accepts is up; one whose certificate expires
 * within `warnDays`, or that still speaks TLS 1.0 or 1.1, is degraded. The port goes without saying for 443
 * and, with `starttls`, for 25, 143 and 110. The fact `tls` is what `judgeCertificate` tells.
 */
export const tls: Probe = {
  kind: "tls",
  target,
  options,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "tls");
    const place = readPlace(
      readSettings(target, aim, "target"),
      settings.starttls ? STARTTLS[settings.starttls].port : 443,
    );
    if (!place) throw new Error("target: expected host[:port]");
    const where = { ...place, family: settings.family };
    return (signal) =>
      visitPlace(eyes, where, signal, (visit) => look(place.host, settings, visit));
  },
};

async function look(host: string, settings: Options, visit: Visit): Promise<Verdict> {
  const { socket, phases, signal, now, facts } = visit;
  const handshake = handshakeFor(host, settings);
  if (!settings.starttls) {
    const secured = await secure(socket, handshake, phases, signal);
    const { verdict, facts: seen } = judgeSecured(secured, host, settings, now);
    return { ...(verdict ?? up()), facts: { tls: seen } };
  }
  const protocol = STARTTLS[settings.starttls];
  const dialogue = openDialogue(socket, phases, signal);
  await protocol.ask(dialogue);
  const { socket: secured, dropped } = await dialogue.upgrade(handshake);
  if (dropped > 0) facts["droppedBytes"] = dropped;
  const { verdict, facts: seen } = judgeSecured(secured, host, settings, now);
  dialogue.close(protocol.goodbye);
  return { ...(verdict ?? up()), facts: { tls: seen } };
}
