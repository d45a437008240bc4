import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Od jedenástej nechodia maily.", "05-20 11:00 hour"],
  ["od 11 nejde web", "05-20 11:00 hour"],
  ["Od 11 hodín nejde web", "05-20 11:00 hour"],
  ["od 8:15 sa všetko vracia s chybou", "05-20 08:15 minute"],
  ["Od 8.15 sa všetko vracia s chybou", "05-20 08:15 minute"],
  ["asi od 8:15 sa všetko vracia s chybou", "05-20 08:15 hour"],
  ["Od pol jednej sa nedá prihlásiť", "05-20 12:30 hour"],
  ["od pol deviatej sa nedá prihlásiť", "05-20 08:30 hour"],
  ["Od štvrť na deväť hlási chybu", "05-20 08:15 hour"],
  ["od trištvrte na deväť hlási chybu", "05-20 08:45 hour"],
  ["Okolo desiatej spadol e-shop", "05-20 10:00 hour"],
  ["O jednej spadol e-shop", "05-20 13:00 hour"],
  ["O 13 hodine prestala fungovať pošta", "05-20 13:00 hour"],
  ["O 9:40 som skúsil odoslať a dostal 535", "05-20 09:40 minute"],
  ["Včera o ôsmej večer web spadol", "05-19 20:00 hour"],
  ["Medzi 8. a 9. hodinou web nešiel", "05-20 08:00 hour"],
  ["Krátko po deviatej prestala odpovedať databáza", "05-20 09:05 hour"],
  ["od poludnia nič neodchádza", "05-20 12:00 hour"],
  ["Od polnoci nejde server", "05-20 00:00 hour"],
  // how long
  ["Už pol hodiny sa nedostanem do administrácie", "05-20 14:10 minute"],
  ["už hodinu sa nedá prihlásiť", "05-20 13:40 hour"],
  ["Už dve hodiny nechodí pošta", "05-20 12:40 hour"],
  ["už 20 minút nie je spojenie", "05-20 14:20 minute"],
  ["Web nejde, asi štvrť hodiny.", "05-20 14:25 minute"],
  ["pred hodinou prestal fungovať obchod", "05-20 13:40 hour"],
  ["Pred 2 hodinami prestal fungovať obchod", "05-20 12:40 hour"],
  ["už tri dni nedostávame poštu", "05-17 00:00 day"],
  ["Už niekoľko dní je web pomalý", "05-17 00:00 vague"],
  ["už týždeň padajú maily do spamu", "05-13 00:00 vague"],
  ["Poslednou dobou je web strašne pomalý", "? vague"],
  // days and their parts
  ["Od rána nemôžem odoslať mail", "05-20 07:00 part-of-day"],
  ["od dnešného rána nemôžem odoslať mail", "05-20 07:00 part-of-day"],
  ["Dnes doobeda web nefungoval", "05-20 09:00 part-of-day"],
  ["Od včerajšieho popoludnia nefunguje panel", "05-19 13:00 part-of-day"],
  ["včera večer spadol obchod", "05-19 18:00 part-of-day"],
  ["V noci spadla databáza", "05-19 22:00 part-of-day"],
  ["od včera nejde FTP", "05-19 00:00 day"],
  ["Od predvčerom nejde FTP", "05-18 00:00 day"],
  ["Od pondelka formulár neodosiela", "05-18 00:00 day"],
  ["od nedele večera nejdú zálohy", "05-17 18:00 part-of-day"],
  ["od 12. mája nám odmietajú poštu", "05-12 00:00 day"],
  ["Od 12.5. nám odmietajú poštu", "05-12 00:00 day"],
  ["od 12. 5. 2026 nám odmietajú poštu", "05-12 00:00 day"],
  ["Od začiatku týždňa je to pomalé", "05-18 00:00 vague"],
  ["od minulého týždňa je to pomalé", "05-13 14:40 vague"],
  ["Od víkendu nejde formulár", "05-16 00:00 vague"],
  ["dnes sa web neotvorí", "05-20 00:00 day"],
  ["Celý deň nejde pošta", "05-20 00:00 day"],
  // what still worked
  ["Včera poobede to ešte fungovalo, teraz nejde nič", "? vague after 05-19 13:00"],
  ["Do desiatej to fungovalo, potom web spadol", "05-20 10:00 hour after 05-20 10:00"],
  ["Ráno som aktualizoval plugin, odvtedy je stránka biela", "05-20 07:00 part-of-day"],
  // slips
  ["od včerajkša nejde FTP", "05-19 00:00 day"],
] as const;

const NONE = [
  "Sme tu od 8 do 16, nejde nám mail.",
  "Dobré ráno, nejde pošta.",
  "Dobrý večer, web hlási chybu. Pekný večer!",
  "Stránka sa načíta 40 sekúnd, veľmi pomalé.",
  "Za 5 minút mám stretnutie a pošta nejde!",
  "Odhlasuje ma to každých 5 minút.",
  "Od včera zase všetko funguje, ďakujem!",
  "Od pondelka máme novú kanceláriu, prosím zmeňte adresu na faktúre.",
  "Sme vaši zákazníci od roku 2011.",
  "Potrebujem faktúru do piatku.",
  "Zajtra ráno otvárame obchod.",
  "3 zákazníci hlásia chybu 404.",
  "Naša IP je 192.0.2.14 a je blokovaná.",
  "Ako pridám schránku pre dvoch kolegov?",
  "Zaplatil som 12. mája, pošlite faktúru.",
  "Problém je na 2 počítačoch.",
];

test("Slovak customers say since when in many ways", () => {
  expect(differing("sk", ROWS)).toEqual([]);
});

test("Slovak texts without a beginning give none", () => {
  expect(
    differing(
      "sk",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
