import { getDomain, parse } from "tldts";
import type { Account, Directory, Domain } from "../directory.js";
import type { Mention } from "./extraction.js";
import type { Field } from "./field.js";
import { fold, type Range } from "./fold.js";
import { SMALL_WORDS } from "./letter-words.js";
import { despelled } from "./spelled.js";

/** Who asks and who is known: what decides whose a name is. */
export interface Around {
  readonly directory: Directory;
  /** The account the report is known to come from. */
  readonly account: Account | null;
}

/** Something named; places in the folded field. */
export type Found = Range & Pick<Mention, "kind" | "value" | "written" | "role" | "meant">;

/** Longer runs are no addresses (RFC 5321: 64 + 1 + 255). */
const LONGEST = 320;
const RUN = /[\p{L}\p{N}@._%+~-]+/gu;
const LABEL = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u;
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
/** Endings under which a spelled name is believed though nobody knows it. */
const SPELLED_ENDINGS = new Set(
  "com net org eu info biz hu si pl cz sk at hr ro rs io co uk ch example".split(" "),
);
/** Mailboxes that many have: before a plain "at" they make an address of what follows. */
const ROLES = new Set(
  "info office sales support admin hello contact iroda hivatal ertekesites rendeles prodaja narocila pisarna biuro sklep kontakt objednavky obchod buero verkauf webmaster postmaster mail shop".split(
    " ",
  ),
);

/** Domains, mailboxes and host names of a field, as written and as spelled aloud. */
export function findNames(field: Field, original: string, around: Around): readonly Found[] {
  const { text } = field.whole;
  const written = (from: number, to: number): string => {
    const span = field.whole.span(from, to);
    return original.slice(span.from, span.to).normalize("NFC");
  };
  const found: Found[] = [];
  for (const match of text.matchAll(RUN)) {
    if (match[0].length > LONGEST || !/[.@]/.test(match[0])) continue;
    for (const name of inRun(text, { from: match.index, to: match.index + match[0].length }))
      add(found, nameOf(name, written, "plain", around));
  }
  for (const pair of text.matchAll(
    /(?<![\p{L}\p{N}.@-])([\p{L}\p{N}-]{2,63})( ?[.,] | [.,]|,)(\p{L}{2,10})(?![\p{L}\p{N}])/gu,
  )) {
    const [whole, label = "", , ending = ""] = pair;
    const owner = around.directory.ownerOf(`${label}.${ending}`);
    const range = { from: pair.index, to: pair.index + whole.length };
    if (owner && !overlaps(found, range)) found.push({ ...ofDomain(owner, around), ...range });
  }
  const spelled = despelled(field.whole);
  if (spelled)
    for (const match of spelled.text.matchAll(RUN)) {
      const to = match.index + match[0].length;
      const signs = [...spelled.signs].filter(([at]) => at >= match.index && at < to);
      if (signs.length === 0 || match[0].length > LONGEST) continue;
      const unfold = (from: number, end: number): string => {
        let name = "";
        for (let at = from; at < end; at++) {
          const place = spelled.places[at] ?? 0;
          if (spelled.signs.has(at)) name += spelled.text.charAt(at);
          // A letter folded to two is written once.
          else if (
            at === from ||
            field.whole.at(place) !== field.whole.at(spelled.places[at - 1] ?? -1)
          )
            name += written(place, place + 1);
        }
        return name;
      };
      for (const name of inRun(spelled.text, { from: match.index, to })) {
        const inside = [...spelled.signs].filter(([at]) => at >= name.from && at < name.to);
        if (inside.length === 0) continue;
        const trust = spelledTrust(spelled.text, inside);
        const made = nameOf(name, unfold, trust, around);
        const last = spelled.places[(made?.to ?? 1) - 1] ?? 0;
        const range = { from: spelled.places[made?.from ?? 0] ?? 0, to: last + 1 };
        if (!made) continue;
        // The whole address is nearer than the parts of it that were found before.
        for (let n = found.length - 1; n >= 0; n--) {
          const other = found[n];
          if (other && other.from < range.to && other.to > range.from) found.splice(n, 1);
        }
        found.push({ ...made, ...range });
      }
    }
  return found.sort((a, b) => a.from - b.from);
}

function add(found: Found[], name: Found | null): void {
  if (name && !overlaps(found, name)) found.push(name);
}

export function overlaps(found: readonly Range[], { from, to }: Range): boolean {
  return found.some((other) => other.from < to && other.to > from);
}

/** How far a spelled name is believed: a word that only means "@" settles it, a plain "at" does not. */
type Trust = "plain" | "spelled" | "known" | "contact";

function spelledTrust(
  text: string,
  signs: readonly (readonly [number, "sure" | "unsure"])[],
): Trust {
  const at = signs.find(([place]) => text.charAt(place) === "@");
  const dots = signs.filter(([place]) => text.charAt(place) === ".");
  if (at) {
    if (at[1] === "sure") return "spelled";
    return "contact";
  }
  if (dots.length > 0) return dots.some(([, sure]) => sure === "sure") ? "spelled" : "known";
  return "known";
}

/** A run of address letters parted into the names in it. */
interface Name extends Range {
  /** Where the "@" is; -1 for a host name. */
  readonly at: number;
  readonly url: boolean;
}

function inRun(text: string, run: Range): readonly Name[] {
  const names: Name[] = [];
  const before = text.slice(Math.max(0, run.from - 80), run.from);
  // A file below a host: /wp-content/a.b
  if (/[^/\s:]\/$/.test(before) && !text.slice(run.from, run.to).includes("@")) return [];
  const url = before.endsWith("://");
  const signs: number[] = [];
  for (let at = run.from; at < run.to; at++) if (text.charAt(at) === "@") signs.push(at);
  if (signs.length > 4) return [];
  if (signs.length === 0) return trimmed(text, { ...run, at: -1, url });
  // https://user:secret@host names a host and no mailbox.
  const credentials = url || /:\/\/[^\s/@]{0,60}:$/.test(before);
  for (const [n, at] of signs.entries()) {
    const from = n === 0 ? run.from : (signs[n - 1] ?? run.from) + 1;
    const to = signs[n + 1] ?? run.to;
    if (credentials) names.push(...trimmed(text, { from: at + 1, to, at: -1, url: true }));
    else names.push(...trimmed(text, { from, to, at, url: false }));
  }
  return names;
}

/** Without the punctuation around it. */
function trimmed(text: string, { from, to, at, url }: Name): Name[] {
  let [start, end] = [from, to];
  while (start < end && /[.%+~-]/.test(text.charAt(start))) start++;
  while (end > start && /[._%+~-]/.test(text.charAt(end - 1))) end--;
  if (end - start < 4 || start === at || end <= at + 1) return [];
  return [{ from: start, to: end, at, url }];
}

function nameOf(
  { from, to, at, url }: Name,
  written: (from: number, to: number) => string,
  trust: Trust,
  around: Around,
): Found | null {
  const raw = written(at < 0 ? from : at + 1, to);
  const host = raw.toLowerCase();
  const local = at < 0 ? null : written(from, at).toLowerCase();
  const cut = withoutEnding(host, around.directory);
  if (cut === null) return null;
  const end = to - (host.length - cut.length);
  if (local !== null) {
    if (local.length > 64 || /\.\.|^\.|\.$/.test(local)) return null;
    const address = `${local}@${toAscii(cut)}`;
    if (trust === "contact") {
      const contact = around.directory
        .accountsOf(address)
        .some(({ contacts }) => contacts.some((one) => one.toLowerCase() === address));
      const plausible = ROLES.has(local) && around.directory.ownerOf(cut) !== null;
      if (!contact && !plausible) return null;
    }
    const known = judged(cut, around);
    const value = `${local}@${known?.spelledAs ?? toAscii(cut)}`;
    const role = known?.role ?? "remote";
    const meant = known?.meant ? `${local}@${known.meant}` : null;
    return { kind: "mailbox", value, written: `${local}@${cut}`, role, meant, from, to: end };
  }
  const name = judged(cut, around);
  if (name && (name.kind === "server" || name.role !== "remote" || name.meant !== null))
    return { ...name, from, to: end };
  if (trust === "known" || trust === "contact") {
    const ending = cut.slice(cut.lastIndexOf(".") + 1);
    if (!SPELLED_ENDINGS.has(ending) || SMALL_WORDS.has(cut.slice(0, cut.indexOf("."))))
      return null;
  }
  // Two sentences without a space between them: "Nem megy.Miért?"
  if (/\p{Ll}\.\p{Lu}\p{Ll}*$/u.test(raw)) return null;
  if (!isHostName(cut, url || cut.startsWith("www."))) return null;
  return { ...stranger(cut), from, to: end };
}

/** A host name without what a language appends ("-en", "ról"); `null` where it is none. */
function withoutEnding(host: string, directory: Directory): string | null {
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

type Judged = Pick<Found, "kind" | "value" | "written" | "role" | "meant"> & {
  /** A known domain that only differs in its marks. */
  readonly spelledAs?: string;
};

/** Whose a host name is; `null` where nobody knows it. */
function judged(name: string, around: Around): Judged | null {
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

function stranger(name: string): Judged {
  return {
    kind: "domain",
    value: registrable(toAscii(name)),
    written: name,
    role: "remote",
    meant: null,
  };
}

/** Whether an unknown name is a host's: no file, no two sentences without a space between them. */
function isHostName(name: string, announced: boolean): boolean {
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
export function registrable(ascii: string): string {
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
