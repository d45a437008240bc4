import { getDomain, parse } from "tldts";
import type { Account, Directory, Domain } from "../directory.js";
import type { Mention } from "./extraction.js";
import { fold, type Range } from "./fold.js";
import { SMALL_WORDS } from "./letter-words.js";

/** Who asks and who is known: what decides whose a name is. */
export interface Around {
  readonly directory: Directory;
  /** The account the report is known to come from. */
  readonly account: Account | null;
}

/** Something named; places in the folded field. */
export type Found = Range & Pick<Mention, "kind" | "value" | "written" | "role" | "meant">;

const LABEL = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u;
const LONG_LABEL = 7;
/** No public suffixes, but what hosts at home and in examples end in. */
const PRIVATE_ENDINGS = new Set(
  "example test invalid localhost local lan internal intranet home corp localdomain".split(" "),
);
/** Public suffixes that are files far more often: `index.pl`, `backup.zip`. */
const FILES = new Set(
  "php html htm js css json xml txt pdf doc docx xls xlsx csv jpg jpeg png gif svg webp zip gz tar rar sql log ini conf htaccess py sh rb pl md ps mov mp3 mp4 exe bat eml ics asp aspx jsp cgi vue ts bak".split(
    " ",
  ),
);

/** A host name without what a language appends ("-en", "ról"); `null` where it is none. */
export function withoutEnding(host: string, directory: Directory): string | null {
  const labels = host.split(".");
  if (labels.length < 2 || labels.some((label) => label.length > 63 || !LABEL.test(label)))
    return null;
  const last = labels.at(-1) ?? "";
  const rest = host.slice(0, host.length - last.length);
  const bare = last.startsWith("xn--") ? last : (last.split("-")[0] ?? last);
  if (!/^\p{L}{2,}$|^xn--[a-z0-9-]+$/u.test(bare)) return null;
  const known = (name: string) =>
    directory.ownerOf(name) !== null || directory.place(name) !== null;
  if (known(rest + bare)) return rest + bare;
  for (let shorter = 1; shorter <= 4 && bare.length - shorter >= 2; shorter++) {
    const name = rest + bare.slice(0, -shorter);
    if (known(name)) return name;
  }
  return rest + bare;
}

export type Judged = Pick<Found, "kind" | "value" | "written" | "role" | "meant"> & {
  /** A known domain that only differs in its marks. */
  readonly spelledAs?: string;
};

/** Whose a host name is; `null` where nobody knows it. */
export function judged(name: string, around: Around): Judged | null {
  const { directory } = around;
  const ascii = toAscii(name);
  const place = directory.place(ascii) ?? directory.place(name);
  const { domain: ours, publicHosts } = directory.provider;
  const isOurs = ours !== null && (ascii === ours || ascii.endsWith(`.${ours}`));
  if (place) return server(place.id, name);
  const isPublic = Object.values(publicHosts).includes(ascii);
  if (isOurs && !isPublic) {
    const short = directory.place(ascii.slice(0, ascii.indexOf(".")));
    if (short && ascii !== ours) return server(short.id, name);
  }
  const owner = directory.ownerOf(name) ?? directory.ownerOf(ascii);
  if (owner) return { ...ofDomain(owner, around), written: name };
  if (isOurs || isPublic)
    return {
      kind: "domain",
      value: registrable(ascii),
      written: name,
      role: "provider",
      meant: null,
    };
  const near = directory.domainsNear(name);
  const best = near.find(({ accountId }) => accountId === around.account?.id) ?? near[0];
  if (!best) return null;
  // Typed without its marks it is the domain itself.
  if (fold(best.name).text === fold(registrableOf(name)).text) {
    const account = directory.account(best.accountId);
    if (account)
      return {
        ...ofDomain({ account, domain: best }, around),
        written: name,
        spelledAs: best.ascii,
      };
  }
  // Among short names another letter is another name.
  if (best.accountId !== around.account?.id && best.name.indexOf(".") < LONG_LABEL) return null;
  return {
    kind: "domain",
    value: registrable(ascii),
    written: name,
    role: "unknown",
    meant: best.ascii,
  };
}

function server(id: string, written: string): Judged {
  return { kind: "server", value: id.toLowerCase(), written, role: "provider", meant: null };
}

/** A customer's domain as a mention. */
export function ofDomain(
  { account, domain }: { readonly account: Account; readonly domain: Domain },
  around: Around,
): Judged {
  return {
    kind: "domain",
    value: registrable(domain.ascii),
    written: domain.name,
    role: roleOf(account, around),
    meant: null,
  };
}

/** The sender's own, somebody else's, or – of an unknown sender – anybody's. */
export function roleOf(account: Account, around: Around): Mention["role"] {
  if (!around.account) return "unknown";
  return account.id === around.account.id ? "own" : "other";
}

/** A name that nobody here knows. */
export function stranger(name: string): Judged {
  return {
    kind: "domain",
    value: registrable(toAscii(name)),
    written: name,
    role: "remote",
    meant: null,
  };
}

/** Whether an unknown name is a host's: no file, no two sentences without a space between them. */
export function isHostName(name: string, announced: boolean): boolean {
  const labels = name.split(".");
  const ending = labels.at(-1) ?? "";
  const first = labels[0] ?? "";
  if (labels.every((label) => label.length <= 1)) return false;
  if (announced || PRIVATE_ENDINGS.has(ending)) return true;
  if (FILES.has(ending) && !(ending === "pl" && !/^(?:index|admin|login|cgi)/.test(first)))
    return false;
  const { isIcann } = parse(name, { validateHostname: false });
  if (isIcann !== true) return false;
  if (labels.length === 2 && SMALL_WORDS.has(first) && SMALL_WORDS.has(ending)) return false;
  return labels.length > 2 || !SMALL_WORDS.has(ending) || /[-\d]/.test(first) || first.length > 3;
}

const registrableOf = (name: string): string =>
  getDomain(name, { validateHostname: false }) ?? name;

/** The registrable part; of names under no public suffix the last two labels. */
function registrable(ascii: string): string {
  return getDomain(ascii, { validateHostname: false }) ?? ascii;
}

/** A-labels of a host name, as URLs have them (UTS 46); what is no host name stays. */
export function toAscii(name: string): string {
  if (/^[\x21-\x7e]*$/.test(name)) return name;
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return name;
  }
}
