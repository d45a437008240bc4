import { z } from "zod";
import type { Channel } from "./channel.js";

/** Read before any library sees it: one plain address, no quotes, no lists, no names. */
const ADDRESS = /^[^\s"<>(),:;@\\]+@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;

const address = z
  .string()
  .max(254)
  .regex(ADDRESS, { error: "expected one plain address such as ops@example.org" });

const settings = z.strictObject({ to: z.array(address).min(1).max(50) });

export const email: Channel = {
  kind: "email",
  settings,
  prepare(given, { mail }) {
    settings.parse(given);
    if (!mail) throw new Error("email needs the section mail: with the relay that sends");
    return {
      send: () => Promise.resolve({ sent: false, retry: true, reason: "not-built" }),
      close: () => Promise.resolve(),
    };
  },
};
