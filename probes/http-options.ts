import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";
import { durationText } from "./duration.js";
import { encryptionBlock } from "./encryption.js";
import { expectations } from "./expectations.js";

const ADDRESS = "expected an address such as https://www.example.hu/health";
const HEADERS = "expected header names with texts of one line";
const PROXY = "expected a proxy such as http://proxy.example.hu:3128";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** An `http:` or `https:` address without a login in it. */
export const target = z.string({ error: ADDRESS }).check((context) => {
  const mistake = targetMistake(context.value);
  if (mistake === null) return;
  context.issues.push({ code: "custom", message: mistake, input: context.value });
});

/** The keys of an `http` monitor; reading them twice gives the same, as nothing is transformed. */
export const options = z.strictObject({
  method: z.enum(METHODS, { error: `expected one of ${METHODS.join(", ")}` }).default("GET"),
  headers: z
    .record(z.string(), z.string({ error: HEADERS }), { error: HEADERS })
    .refine(areHeaders, { error: HEADERS })
    .default({}),
  body: z.string({ error: "expected a text" }).max(65_536).optional(),
  auth: z
    .union(
      [
        z.strictObject({ username: z.string(), password: z.string() }),
        z.strictObject({ bearer: z.string().regex(/^[\x21-\x7e]+$/) }),
      ],
      { error: "expected { username, password } or { bearer }" },
    )
    .optional(),
  expect: expectations.default({}),
  redirects: z.boolean({ error: "expected true or false" }).default(true),
  http: z
    .union([z.enum(["1.1", "2", "auto"]), z.literal(1.1), z.literal(2)], {
      error: 'expected "1.1", "2" or auto',
    })
    .default("1.1"),
  proxy: z.string({ error: PROXY }).refine(isProxy, { error: PROXY }).optional(),
  family: z
    .union([z.literal(4), z.literal(6), z.enum(["any", "both"])], {
      error: "expected 4, 6, any or both",
    })
    .default("any"),
  slow: z
    .strictObject({
      total: durationText().optional(),
      resolve: durationText().optional(),
      connect: durationText().optional(),
      tls: durationText().optional(),
      firstByte: durationText().optional(),
      transfer: durationText().optional(),
    })
    .default({}),
  tls: encryptionBlock.prefault({}),
});
export type Options = z.output<typeof options>;

function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, hostname, username, password } = new URL(text);
  if (/%(?![0-9a-f]{2})/i.test(username + password)) return false;
  return protocol === "http:" && pathname === "/" && hostname !== "";
}

function targetMistake(text: string): string | null {
  if (text.length > 2_000 || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return ADDRESS;
  const { username, password } = new URL(text);
  return username === "" && password === "" ? null : "expected the login under auth instead";
}

/** Framing is ours to write. */
const OWN_HEADERS =
  /^(?:connection|content-length|transfer-encoding|upgrade|keep-alive|te|expect)$/i;

function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(headers);
  if (entries.length > 50) return false;
  try {
    for (const [name, value] of entries) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      if (OWN_HEADERS.test(name) || value.length > 4_096) return false;
    }
    return true;
  } catch {
    return false;
  }
}
