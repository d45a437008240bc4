import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const EXPECTED = "expected host[:port], e.g. mx1.example.hu:25 or [2001:db8::1]:25";
// A name may be internationalised; what can never be in one is left out.
const FORM = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([^\s:/?#@[\]\\"'<>]{1,253}))(?::(\d{1,5}))?$/;

/** Reads `host`, `host:port`, `[v6]` and `[v6]:port`; `null` where it is neither. */
export function readPlace(target: string, defaultPort: number): HostPort | null {
  if (isIP(target) === 6) return { host: target, port: defaultPort };
  const [, six, name, digits] = FORM.exec(target) ?? [];
  const host = six ?? (name === undefined ? undefined : asciiName(name));
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || host === "" || (digits !== undefined && port < 1) || port > 65_535)
    return null;
  return six !== undefined && isIP(six) !== 6 ? null : { host, port };
}

/** An internationalised name as DNS has it; "" where it cannot be one. */
const asciiName = (name: string): string =>
  /^[\x21-\x7e]+$/.test(name) ? name : domainToASCII(name);

/** A target `host[:port]`; with `portNeeded` one that says its port, where none goes without saying. */
export const placeTarget = (portNeeded: boolean) =>
  z.string().refine((target) => (readPlace(target, portNeeded ? 0 : 1)?.port ?? 0) > 0, {
    error: portNeeded ? EXPECTED.replace("[:port]", ":port") : EXPECTED,
  });
