import type { Directory, Place } from "../directory.js";
import { canonicalAddress } from "../ip-address.js";
import type { Field } from "./field.js";
import { type Range, tokens, type Word } from "./fold.js";
import { overlaps } from "./names.js";
import type { Around, Found } from "./whose.js";
import { wordTest } from "./letter-words.js";

/** How many words away a server word makes a server of an ordinary word. */
const NEAR = 2;
/** Racks and switches stand beside words of their own. */
const isMachine = (word: string): boolean =>
  isServer(word) ||
  /^(?:rack|rek\b|switch|kapcsolo|stikal|przelacznik|prepinac|szekreny|omar|szaf|skrin|schrank|nod[eu])/.test(
    word,
  );
const isServer = wordTest(({ server }) => server);

/** Servers, switches and racks by name: `web3`, `web3-as`; ordinary words and `web 3` only beside a word for a machine. */
export function findPlaces(
  field: Field,
  { directory }: Around,
  taken: readonly Range[],
): readonly Found[] {
  const { text } = field.whole;
  const words = tokens(field.whole);
  const found: Found[] = [];
  const add = (place: Place, from: number, to: number): void => {
    const range = { from, to };
    if (overlaps(taken, range) || overlaps(found, range)) return;
    found.push({
      kind: "server",
      value: place.id.toLowerCase(),
      written: text.slice(from, to),
      role: "provider",
      meant: null,
      from,
      to,
    });
  };
  for (const match of text.matchAll(/[\p{L}\p{N}_-]{2,80}/gu)) {
    const named = placeIn(match[0], directory);
    if (!named) continue;
    const range = { from: match.index, to: match.index + named.length };
    const telling = /\p{L}.*\d|\d.*\p{L}|\p{L}-\p{L}/u.test(named.name) && named.name.length > 2;
    if (telling || isAddressed(text, range) || hasNear(words, range, isMachine))
      add(named.place, range.from, range.to);
  }
  for (const [n, word] of words.entries()) {
    const next = words[n + 1];
    const parted = next && /^[ -]$/.test(text.slice(word.to, next.from));
    if (!parted || !/^\p{L}+$/u.test(word.word) || !/^\d{1,4}$/.test(next.word)) continue;
    const place =
      directory.place(word.word + next.word) ?? directory.place(`${word.word}-${next.word}`);
    if (!place) continue;
    const range = { from: word.from, to: next.to };
    if (text.charAt(word.to) === "-" || hasNear(words, range, isMachine))
      add(place, word.from, next.to);
  }
  const ordinary = directory.places.filter(({ id }) => /^\p{L}{4,}$/u.test(id));
  if (ordinary.length > 0)
    for (const [n, { word, from, to }] of words.entries())
      if ([words[n - 1], words[n + 1]].some((other) => other && isMachine(other.word))) {
        const place = ordinary.find(({ id }) => isInflected(word, id.toLowerCase()));
        if (place) add(place, from, to);
      }
  return found;
}

/** The longest beginning of a run that is a place: `web3-as` is `web3`, `web3ra` too. */
function placeIn(
  run: string,
  directory: Directory,
): { readonly place: Place; readonly name: string; readonly length: number } | null {
  for (let name = run; name.length > 1;) {
    const place = directory.place(name);
    if (place) return { place, name, length: name.length };
    const cut = name.lastIndexOf("-");
    if (cut < 1) break;
    name = name.slice(0, cut);
  }
  const stem = /^(\p{L}[\p{L}-]*\d{1,4})\p{L}{1,5}$/u.exec(run)?.[1];
  const place = stem === undefined ? null : directory.place(stem);
  return place && stem !== undefined ? { place, name: stem, length: stem.length } : null;
}

/** Called as hosts are called: `ping drava`, `@drava`, `drava:587`, "on 'drava' (111)". */
function isAddressed(text: string, { from, to }: Range): boolean {
  const before = text.slice(Math.max(0, from - 20), from);
  return (
    /(?:\b(?:ping|traceroute6?|tracert|mtr|telnet|ssh|sftp|dig|nslookup|curl|relay|server on|host|to host)[ =]['"]?|@|:\/\/)$/.test(
      before,
    ) || /^:\d{2,5}(?!\d)/.test(text.slice(to, to + 7))
  );
}

function hasNear(
  words: readonly Word[],
  { from, to }: Range,
  test: (word: string) => boolean,
): boolean {
  const first = firstEndingAfter(words, from);
  for (let n = Math.max(0, first - NEAR), after = 0; after < NEAR; n++) {
    const word = words[n];
    if (!word) return false;
    if (word.from >= to) after++;
    if ((word.to <= from || word.from >= to) && test(word.word)) return true;
  }
  return false;
}

/** The place in the list of the first word that ends after `at`. */
function firstEndingAfter(words: readonly Word[], at: number): number {
  let [from, to] = [0, words.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((words[middle]?.to ?? 0) <= at) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** A name with an ending of a language, maybe in the place of its last letter. */
function isInflected(word: string, name: string): boolean {
  const stem = name.length > 4 ? name.slice(0, -1) : name;
  return word !== name && word.startsWith(stem) && word.length <= name.length + 4;
}

/** IPv4 and IPv6 addresses; no versions, times or hardware addresses. */
export function findIps(field: Field, { directory, account }: Around): readonly Found[] {
  const { text } = field.whole;
  const found: Found[] = [];
  const add = (written: string, from: number): void => {
    const value = canonicalAddress(written);
    if (value === null) return;
    const owners = directory.accountsOf(value);
    const own =
      account !== null &&
      (account.addresses.includes(value) || owners.some(({ id }) => id === account.id));
    const role = directory.placeAt(value)
      ? "provider"
      : own
        ? "own"
        : owners.length > 0
          ? account
            ? "other"
            : "unknown"
          : "remote";
    found.push({ kind: "ip", value, written, role, meant: null, from, to: from + written.length });
  };
  for (const match of text.matchAll(
    /(?<![\d.]|\bv ?|version ?)\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/g,
  ))
    add(match[0], match.index);
  for (const match of text.matchAll(/(?<![\p{L}\p{N}:.])[0-9a-f:]{5,45}(?![\p{L}\p{N}.])/gu)) {
    const written = match[0].replace(/(?<!:):$/, "");
    if (
      /^[0-9a-f]{1,4}:.*[0-9a-f]{1,4}.*:|^[0-9a-f]{1,4}:.*::$/.test(written) &&
      /[0-9a-f]{3}/.test(written)
    )
      add(written, match.index);
  }
  return found;
}
