import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Od jedenácti nechodí maily.", "05-20 11:00 hour"],
  ["od 11 nejde web", "05-20 11:00 hour"],
  ["Od 11 hodin nejde web", "05-20 11:00 hour"],
  ["od 8:15 se všechno vrací s chybou", "05-20 08:15 minute"],
  ["Od 8.15 se všechno vrací s chybou", "05-20 08:15 minute"],
  ["zhruba od 8:15 se všechno vrací s chybou", "05-20 08:15 hour"],
  ["Od půl jedné se nedá přihlásit", "05-20 12:30 hour"],
  ["od půl deváté se nedá přihlásit", "05-20 08:30 hour"],
  ["Od čtvrt na devět hlásí chybu", "05-20 08:15 hour"],
  ["od tři čtvrtě na devět hlásí chybu", "05-20 08:45 hour"],
  ["Od třičtvrtě na devět hlásí chybu", "05-20 08:45 hour"],
  ["kolem desáté spadl e-shop", "05-20 10:00 hour"],
  ["V jednu spadl e-shop", "05-20 13:00 hour"],
  ["Ve 13 hodin přestala fungovat pošta", "05-20 13:00 hour"],
  ["V 9:40 jsem zkusil odeslat a dostal 535", "05-20 09:40 minute"],
  ["Včera v osm večer web spadl", "05-19 20:00 hour"],
  ["Mezi 8. a 9. hodinou web nejel", "05-20 08:00 hour"],
  ["Krátce po deváté přestala odpovídat databáze", "05-20 09:05 hour"],
  ["od poledne nic neodchází", "05-20 12:00 hour"],
  ["Od půlnoci nejede server", "05-20 00:00 hour"],
  // how long
  ["Už půl hodiny se nedostanu do administrace", "05-20 14:10 minute"],
  ["už hodinu se nedostanu do administrace", "05-20 13:40 hour"],
  ["Už dvě hodiny nechodí pošta", "05-20 12:40 hour"],
  ["už 20 minut není spojení", "05-20 14:20 minute"],
  ["Web nejede, asi čtvrt hodiny.", "05-20 14:25 minute"],
  ["před hodinou přestal fungovat obchod", "05-20 13:40 hour"],
  ["Před 2 hodinami přestal fungovat obchod", "05-20 12:40 hour"],
  ["Hodinu a půl už hlásí 503, nejde to", "05-20 13:10 hour"],
  ["už tři dny nedostáváme poštu", "05-17 00:00 day"],
  ["Už několik dní je web pomalý", "05-17 00:00 vague"],
  ["už týden padají maily do spamu", "05-13 00:00 vague"],
  ["Poslední dobou je web strašně pomalý", "? vague"],
  // days and their parts
  ["Od rána nemůžu odeslat mail", "05-20 07:00 part-of-day"],
  ["od dnešního rána nemůžu odeslat mail", "05-20 07:00 part-of-day"],
  ["Dnes dopoledne web nefungoval", "05-20 09:00 part-of-day"],
  ["Od včerejšího odpoledne nefunguje panel", "05-19 13:00 part-of-day"],
  ["včera večer spadl obchod", "05-19 18:00 part-of-day"],
  ["V noci spadla databáze", "05-19 22:00 part-of-day"],
  ["od včerejška nejde FTP", "05-19 00:00 day"],
  ["Od předevčírem nejde FTP", "05-18 00:00 day"],
  ["Od pondělka formulář neodesílá", "05-18 00:00 day"],
  ["od pondělí formulář neodesílá", "05-18 00:00 day"],
  ["Od neděle večer nejdou zálohy", "05-17 18:00 part-of-day"],
  ["od 12. května nám odmítají poštu", "05-12 00:00 day"],
  ["Od 12.5. nám odmítají poštu", "05-12 00:00 day"],
  ["od 12. 5. 2026 nám odmítají poštu", "05-12 00:00 day"],
  ["Od začátku týdne je to pomalé", "05-18 00:00 vague"],
  ["od minulého týdne je to pomalé", "05-13 14:40 vague"],
  ["Od víkendu nejde formulář", "05-16 00:00 vague"],
  ["dneska se web neotevře", "05-20 00:00 day"],
  ["Celý den nejde pošta", "05-20 00:00 day"],
  // what still worked
  ["Včera odpoledne to ještě fungovalo, teď nejde nic", "? vague after 05-19 13:00"],
  ["Do deseti to fungovalo, pak web spadl", "05-20 10:00 hour after 05-20 10:00"],
  ["Ráno jsem aktualizoval plugin, od té doby je stránka bílá", "05-20 07:00 part-of-day"],
  // slips
  ["od včerješka nejde FTP", "05-19 00:00 day"],
  ["od dopoelden nejde FTP", "none"],
  ["Web nejede od sobotního rána", "05-16 07:00 part-of-day"],
  ["už druhý den nejede web", "05-19 00:00 day"],
] as const;

const NONE = [
  "Jsme tu od 8 do 16, nejde nám mail.",
  "Dobré ráno, nejde pošta.",
  "Dobrý večer, web hlásí chybu. Hezký večer!",
  "Stránka se načítá 40 sekund, hrozně pomalé.",
  "Za 5 minut mám schůzku a pošta nejde!",
  "Odhlašuje mě to každých 5 minut.",
  "Od včera zase všechno funguje, děkuji!",
  "Od pondělí máme novou kancelář, prosím změňte adresu na faktuře.",
  "Jsme vaši zákazníci od roku 2011.",
  "Potřebuji fakturu do pátku.",
  "Zítra ráno otevíráme obchod.",
  "3 zákazníci hlásí chybu 404.",
  "Naše IP je 192.0.2.14 a je blokovaná.",
  "Jak přidám schránku pro dva kolegy?",
  "Zaplatil jsem 12. května, pošlete fakturu.",
  "Ve schránce mám pět let korespondence.",
  "Problém je na 2 počítačích.",
];

test("Czech customers say since when in many ways", () => {
  expect(differing("cs", ROWS)).toEqual([]);
});

test("Czech texts without a beginning give none", () => {
  expect(
    differing(
      "cs",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
