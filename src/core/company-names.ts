import type { Account, Directory } from "./directory.js";
import { fold, tokens } from "./extract/fold.js";

/** Legal forms and the little words between: they tell nobody apart. Folded. */
const NOT_TELLING = new Set(
  (
    "kft bt zrt nyrt rt kkt kht ev ec nonprofit " +
    "doo dd sp dno zoo sro spol vos ks as os " +
    "gmbh mbh ug ag kg ohg gbr ek ohne haftungsbeschrankt " +
    "ltd limited llc llp plc inc corp co company sa srl sarl bv nv spolka odpowiedzialnoscia ograniczona " +
    "es and und the et in of pre pri za na do von und der die das"
  ).split(" "),
);
/** In a word at least so long an ending may differ. */
const STEM = 4;
/** An ending that a language may put behind a name: `-ből`, `-nek`, `-ové`. */
const ENDING = 4;
/** An ending that a language may put in the place of a name's last letters. */
const LOST = 2;
const AS_INFLECTED = 0.9;
/** A word that more companies have is looked at only where another one has told. */
const MOST_ACCOUNTS = 300;
const MOST_FOUND = 10;

interface CompanyWord {
  readonly word: string;
  /** Places in the list of accounts. */
  readonly accounts: number[];
}

/**
 * Finds companies by their telling words: rare among all companies' words, legal forms left out,
 * endings forgiven. `share` is how much of the name's telling weight was said, 0 to 1.
 */
export function companyNames(accounts: readonly Account[]): Directory["companiesNamed"] {
  const byWord = new Map<string, CompanyWord>();
  const byStem = new Map<string, CompanyWord[]>();
  accounts.forEach(({ company }, place) => {
    for (const word of tellingWords(company)) {
      const known = byWord.get(word);
      if (known) {
        known.accounts.push(place);
        continue;
      }
      const made = { word, accounts: [place] };
      byWord.set(word, made);
      const stem = word.slice(0, STEM);
      const others = byStem.get(stem);
      if (others) others.push(made);
      else byStem.set(stem, [made]);
    }
  });
  const weightOf = ({ accounts: having }: CompanyWord): number =>
    Math.log((accounts.length + 1) / having.length);
  const whole = new Float32Array(accounts.length);
  for (const word of byWord.values())
    for (const place of word.accounts) whole[place] = (whole[place] ?? 0) + weightOf(word);
  /** Fewer than three companies would share so much by accident. */
  const least = Math.log((accounts.length + 1) / 3) * AS_INFLECTED;

  return (words) => {
    const said = new Map<CompanyWord, number>();
    for (const word of new Set(words.filter((one) => !NOT_TELLING.has(one))))
      for (const known of byStem.get(word.slice(0, STEM)) ?? []) {
        const fit = fitOf(word, known.word);
        if (fit > (said.get(known) ?? 0)) said.set(known, fit);
      }
    const got = new Map<number, number>();
    for (const [word, fit] of [...said].toSorted(
      ([a], [b]) => a.accounts.length - b.accounts.length,
    )) {
      const common = word.accounts.length > MOST_ACCOUNTS;
      for (const place of common ? got.keys() : word.accounts)
        if (!common || has(word.accounts, place))
          got.set(place, (got.get(place) ?? 0) + weightOf(word) * fit);
    }
    return [...got]
      .flatMap(([place, weight]) => {
        const account = accounts[place];
        if (!account || weight < least) return [];
        return [{ account, share: Math.min(1, weight / (whole[place] ?? weight)) }];
      })
      .toSorted((a, b) => b.share - a.share || (a.account.id < b.account.id ? -1 : 1))
      .slice(0, MOST_FOUND);
  };
}

/** Whether a list in ascending order has `place`. */
function has(list: readonly number[], place: number): boolean {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((list[middle] ?? 0) < place) from = middle + 1;
    else to = middle;
  }
  return list[from] === place;
}

const tellingWords = (company: string): ReadonlySet<string> =>
  new Set(
    tokens(fold(company))
      .map(({ word }) => word)
      .filter((word) => word.length > 1 && !NOT_TELLING.has(word)),
  );

/** Whether `said` is the name's word, maybe with an ending of its language. */
function fitOf(said: string, name: string): number {
  if (said === name) return 1;
  if (name.length < STEM || said.length > name.length + ENDING) return 0;
  let same = 0;
  while (same < said.length && same < name.length && said[same] === name[same]) same++;
  return same >= Math.max(STEM, name.length - LOST) ? AS_INFLECTED : 0;
}
