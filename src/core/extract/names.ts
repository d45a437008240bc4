import type { Field } from "./field.js";
import type { Range } from "./fold.js";
import { SMALL_WORDS } from "./letter-words.js";
import { despelled, type Spelled } from "./spelled.js";
import {
  type Around,
  type Found,
  isHostName,
  judged,
  ofDomain,
  stranger,
  toAscii,
  withoutEnding,
} from "./whose.js";

/** Longer runs are no addresses (RFC 5321: 64 + 1 + 255). */
const LONGEST = 320;
const RUN = /[\p{L}\p{N}@._%+~-]+/gu;
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
  const written = (from: number, to: number): string => {
    const span = field.whole.span(from, to);
    return original.slice(span.from, span.to).normalize("NFC");
  };
  const found: Found[] = [];
  for (const name of plainNames(field.whole.text, written, around)) add(found, name);
  for (const name of partedNames(field.whole.text, around)) add(found, name);
  const spelled = despelled(field.whole);
  if (!spelled) return found;
  // A whole address is nearer than the parts of it that were found before.
  const whole = spelledNames(spelled, field, written, around);
  return [...found.filter((name) => !overlaps(whole, name)), ...whole];
}

/** The original of the folded places `[from, to)`. */
type Written = (from: number, to: number) => string;

function plainNames(text: string, written: Written, around: Around): Found[] {
  return [...text.matchAll(RUN)]
    .filter(([run]) => run.length <= LONGEST && /[.@]/.test(run))
    .flatMap(({ 0: run, index }) => inRun(text, { from: index, to: index + run.length }))
    .flatMap((name) => nameOf(name, written, "plain", around) ?? []);
}

/** Customers' domains with a space or a comma in them: "shop . hu", "shop,hu". */
function partedNames(text: string, around: Around): Found[] {
  const pairs = text.matchAll(
    /(?<![\p{L}\p{N}.@-])([\p{L}\p{N}-]{2,63})(?: ?[.,] | [.,]|,)(\p{L}{2,10})(?![\p{L}\p{N}])/gu,
  );
  return [...pairs].flatMap(({ 0: whole, 1: label = "", 2: ending = "", index }) => {
    const owner = around.directory.ownerOf(`${label}.${ending}`);
    return owner ? [{ ...ofDomain(owner, around), from: index, to: index + whole.length }] : [];
  });
}

function spelledNames(spelled: Spelled, field: Field, written: Written, around: Around): Found[] {
  const { text, places, signs } = spelled;
  const unspelled: Written = (from, to) => {
    let name = "";
    for (let at = from; at < to; at++) {
      const place = places[at] ?? 0;
      const twice = at > from && field.whole.at(place) === field.whole.at(places[at - 1] ?? -1);
      if (signs.has(at)) name += text.charAt(at);
      // A letter folded to two is written once.
      else if (!twice) name += written(place, place + 1);
    }
    return name;
  };
  return [...text.matchAll(RUN)]
    .filter(([run]) => run.length <= LONGEST)
    .flatMap(({ 0: run, index }) => inRun(text, { from: index, to: index + run.length }))
    .flatMap((name) => {
      const trust = spelledTrust(spelled, name);
      const made = trust && nameOf(name, unspelled, trust, around);
      if (!made) return [];
      return [{ ...made, from: places[made.from] ?? 0, to: (places[made.to - 1] ?? 0) + 1 }];
    });
}

function add(found: Found[], name: Found | null): void {
  if (name && !overlaps(found, name)) found.push(name);
}

export function overlaps(found: readonly Range[], { from, to }: Range): boolean {
  return found.some((other) => other.from < to && other.to > from);
}

/** How far a spelled name is believed: a word that only means "@" settles it, a plain "at" does not. */
type Trust = "plain" | "spelled" | "known" | "contact";

/** `null` where nothing in the name was spelled. */
function spelledTrust({ text, signs }: Spelled, { from, to }: Range): Trust | null {
  let [dot, spelled]: [Trust, boolean] = ["known", false];
  for (let place = from; place < to; place++) {
    const sure = signs.get(place);
    if (!sure) continue;
    if (text.charAt(place) === "@") return sure === "sure" ? "spelled" : "contact";
    if (text.charAt(place) === "." && sure === "sure") dot = "spelled";
    spelled = true;
  }
  return spelled ? dot : null;
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
