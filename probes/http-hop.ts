import { down, Failure } from "./failures.js";
import type { Question, Reply } from "./exchange.js";

export interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly auth: string | null;
}

/** One request on the way, with where it goes. */
export interface Hop {
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  readonly question: Question;
}

/** What is asked, of whom; `host` replaces the address's own in the Host header. */
export interface Wish {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly host: string | null;
  readonly body: string | null;
}

/** The request for a wish; plain http towards a proxy names the whole address (RFC 9112, 3.2.2). */
export function hopTo({ url, method, headers, host, body }: Wish, proxy: Proxy | null): Hop {
  const scheme = url.protocol === "https:" ? "https" : "http";
  const viaProxy = proxy !== null && scheme === "http";
  const path = `${url.pathname}${url.search}`;
  const question: Question = {
    method,
    scheme,
    authority: host ?? url.host,
    path: viaProxy ? `${url.origin}${path}` : path,
    headers: {
      ...headers,
      ...(body !== null && { "content-length": String(Buffer.byteLength(body)) }),
      ...(viaProxy && proxy.auth !== null && { "proxy-authorization": proxy.auth }),
    },
    body,
  };
  const port = Number(url.port) || (scheme === "https" ? 443 : 80);
  return { url, host: hostOf(url), port, question };
}

export const isRedirect = ({ status, headers }: Reply): boolean =>
  (status === 301 || status === 302 || status === 303 || status === 307 || status === 308) &&
  headers.location !== undefined;

/**
 * RFC 9110, section 15.4: what to ask for next. Logins, bodies and other headers that were meant
 * for one origin stay there. Throws `redirect-refused` for what is not the web.
 */
export function nextHop({ url, question }: Hop, reply: Reply, proxy: Proxy | null): Hop {
  const location = reply.headers.location ?? "";
  const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
  if (!next || (next.protocol !== "http:" && next.protocol !== "https:"))
    throw new Failure(down("redirect-refused", { location }));
  next.hash = "";
  next.username = "";
  next.password = "";
  const { status } = reply;
  const asksAnew =
    (status === 303 && question.method !== "HEAD") ||
    ((status === 301 || status === 302) && question.method === "POST");
  const staysHome = next.origin === url.origin;
  const body = asksAnew ? null : question.body;
  if (body !== null && !staysHome) throw new Failure(down("redirect-refused", { location }));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(question.headers))
    if (staysHome ? !RENEWED.has(name) : TRAVELS.has(name)) headers[name] = value;
  if (asksAnew) delete headers["content-type"];
  const host = staysHome ? question.authority : null;
  const method = asksAnew ? "GET" : question.method;
  return hopTo({ url: next, method, headers, host, body }, proxy);
}

const RENEWED: ReadonlySet<string> = new Set(["content-length", "proxy-authorization"]);
const TRAVELS: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "accept-encoding",
  "user-agent",
]);

/** The host of an address, without the brackets of an IPv6 literal. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** The value of an Authorization header (RFC 7617, UTF-8). */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** A proxy from `http://[user:password@]host[:port]`. */
export function readProxy(text: string): Proxy {
  const url = new URL(text);
  const name = decodeURIComponent(url.username);
  return {
    host: hostOf(url),
    port: Number(url.port) || 80,
    auth: name === "" ? null : basic(name, decodeURIComponent(url.password)),
  };
}
