import { z } from "zod";
import { encryptionBlock, type Encryption } from "../encryption.js";
import type { Fact, Facts } from "../probe.js";
import { familyWord } from "../visit.js";

export const STARTTLS_WISHES = ["required", "offered", "never"] as const;

const LOGIN = "expected { username, password }";
const BOOLEAN = "expected true or false";

/** Text on one line, as it becomes part of a command. */
const oneLine = (most: number) =>
  z
    .string({ error: LOGIN })
    .min(1, { error: LOGIN })
    .max(most)
    .regex(/^\P{Cc}*$/u, {
      error: "expected text on one line",
    });

export const loginKeys = {
  username: oneLine(255),
  password: oneLine(1_024),
  /** Lets the login go over a connection without TLS. */
  plaintext: z.boolean({ error: BOOLEAN }).default(false),
};

/** The keys by which any probe of a mail server is told how to come in. */
export const accessKeys = {
  /** `offered`: used where offered, degraded where not. */
  starttls: z
    .enum(STARTTLS_WISHES, { error: `expected one of ${STARTTLS_WISHES.join(", ")}` })
    .optional(),
  /** TLS from the first byte on; default: on the port meant for it. */
  implicitTls: z.boolean({ error: BOOLEAN }).optional(),
  tls: encryptionBlock.prefault({}),
  auth: z.strictObject(loginKeys, { error: LOGIN }).optional(),
  family: familyWord,
};

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly plaintext: boolean;
}

/** How to come in, with the defaults of the port. */
export interface Access {
  readonly host: string;
  readonly starttls: (typeof STARTTLS_WISHES)[number];
  readonly implicitTls: boolean;
  readonly tls: Encryption;
  readonly auth?: Login | undefined;
}

interface Wishes {
  readonly starttls?: Access["starttls"] | undefined;
  readonly implicitTls?: boolean | undefined;
  readonly tls: Encryption;
  readonly auth?: Login | undefined;
}

/**
 * Fills in what goes without saying: TLS from the first byte on `tlsPort`, elsewhere STARTTLS as in `starttls`.
 * Throws in the name of `kind` where a login could never be sent.
 */
export function accessTo(
  { host, port }: { readonly host: string; readonly port: number },
  { starttls, implicitTls, tls, auth }: Wishes,
  usual: { readonly kind: string; readonly tlsPort: number; readonly starttls: Access["starttls"] },
): Access {
  const access: Access = {
    host,
    implicitTls: implicitTls ?? port === usual.tlsPort,
    starttls: starttls ?? usual.starttls,
    tls,
    auth,
  };
  if (auth && !auth.plaintext && !access.implicitTls && access.starttls === "never")
    throw new Error(`${usual.kind}.auth: a login without TLS needs plaintext: true`);
  return access;
}

/** `text` without the login, should a server repeat it, in whatever form it was sent. */
export function masked(text: string, auth: Login | undefined): string {
  if (!auth) return text;
  const { username } = auth;
  return [...secretsOf(auth), base64(username), username].reduce(hiding, text);
}

/** The same for all facts, but of the password alone: what a server says on purpose may bear the name. */
export function withoutSecrets(facts: Facts, auth: Login | undefined): Facts {
  if (!auth) return facts;
  const secrets = secretsOf(auth);
  const clean = (fact: Fact): Fact => {
    if (typeof fact === "string") return secrets.reduce(hiding, fact);
    if (typeof fact !== "object" || fact === null) return fact;
    return isList(fact) ? fact.map(clean) : cleanAll(fact);
  };
  const cleanAll = (many: Facts): Facts =>
    Object.fromEntries(Object.entries(many).map(([name, fact]) => [name, clean(fact)]));
  return cleanAll(facts);
}

const hiding = (text: string, secret: string): string => text.replaceAll(secret, "•••");

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);

function secretsOf(auth: Login): readonly string[] {
  const { password } = auth;
  const escaped = password.replaceAll(/["\\]/g, "\\$&");
  return [plainAnswer(auth), base64(password), escaped, password];
}

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The one message of SASL PLAIN (RFC 4616), encoded. */
export const plainAnswer = ({ username, password }: Login): string =>
  base64(`\0${username}\0${password}`);
