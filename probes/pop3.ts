import { z } from "zod";
import { down, Failure, up } from "./failures.js";
import { accessKeys, accessTo } from "./mail/access.js";
import { pop3Protocol } from "./mail/pop3.js";
import { converse } from "./mail/talk.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe } from "./probe.js";
import { readSettings } from "./settings.js";
import { visitPlace } from "./visit.js";

const target = placeTarget(false);
/** How to come in; STARTTLS by default used where offered. */
const options = z.strictObject(accessKeys);

/**
 * A mailbox server that greets us, encrypts, lets us log in and counts the messages – as far as each is asked
 * for – is up; without `auth` it ends with what is offered. Down: any refusal, a bad certificate, and encryption
 * that is missing before a login. Degraded: STARTTLS not offered where it need not be, and a mailbox that
 * somebody else holds open. Facts: `greeting`, `capabilities`, `login`, `messages`, `bytes`, `tls`; after a refusal
 * `stage`, `code` (RFC 2449, 3206) and `reply`, in which the login is masked.
 */
export const pop3: Probe = {
  kind: "pop3",
  target,
  options,
  prepare(aim, raw, eyes) {
    const { family, ...settings } = readSettings(options, raw, "pop3");
    const place = readPlace(readSettings(target, aim, "target"), 110);
    if (!place) throw new Error("target: expected host[:port]");
    const access = accessTo(place, settings, { kind: "pop3", tlsPort: 995, starttls: "offered" });
    return (signal) =>
      visitPlace(eyes, { ...place, family }, signal, (visit) =>
        converse(pop3Protocol, access, visit, async ({ need }, { at, facts }) => {
          if (!access.auth) return up();
          at("list");
          const [messages, bytes] = (await need(down("listing-failed"), "STAT")).split(" ");
          if (!/^\d{1,15}$/.test(messages ?? "") || !/^\d{1,15}$/.test(bytes ?? ""))
            throw new Failure(down("malformed-reply"));
          facts["messages"] = Number(messages);
          facts["bytes"] = Number(bytes);
          return up();
        }),
      );
  },
};
