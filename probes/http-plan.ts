import { milliseconds } from "./duration.js";
import { prepareExpectations } from "./expectations.js";
import { basic, hopTo, readProxy } from "./http-hop.js";
import type { Options } from "./http-options.js";
import type { Plan } from "./http-visit.js";
import type { Eyes } from "./probe.js";

/** Reads what does not change between looks: the first request, and what its reply must be. */
export function planOf(url: URL, settings: Options, eyes: Eyes): Plan {
  const { auth, body } = settings;
  const headers: Record<string, string> = { "user-agent": "tudunk-probe", accept: "*/*" };
  for (const [name, value] of Object.entries(settings.headers)) headers[name.toLowerCase()] = value;
  if (auth)
    headers["authorization"] =
      "bearer" in auth ? `Bearer ${auth.bearer}` : basic(auth.username, auth.password);
  const host = headers["host"] ?? null;
  delete headers["host"];
  const proxy = settings.proxy === undefined ? null : readProxy(settings.proxy);
  const version = VERSIONS[settings.http];
  return {
    eyes,
    settings,
    first: hopTo({ url, method: settings.method, headers, host, body: body ?? null }, proxy),
    expecting: prepareExpectations(settings.expect),
    slow: Object.entries(settings.slow).map(
      ([phase, limit]) => [phase, milliseconds(limit ?? "") ?? Infinity] as const,
    ),
    proxy,
    version,
    alpn: version === "2" ? ["h2"] : version === "auto" ? ["h2", "http/1.1"] : null,
  };
}

/** Both spellings of each: YAML reads `http: 2` as a number. */
const VERSIONS = { "1.1": "1.1", "2": "2", auto: "auto" } as const;
