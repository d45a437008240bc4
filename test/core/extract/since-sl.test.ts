import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Od enajstih ne moremo pošiljati pošte.", "05-20 11:00 hour"],
  ["Od 11h stran ne dela", "05-20 11:00 hour"],
  ["Od 11. ure dalje stran ne dela", "05-20 11:00 hour"],
  ["od 8:15 vse zavrača z napako 550", "05-20 08:15 minute"],
  ["nekje od 8.15 se stran ne odpre", "05-20 08:15 hour"],
  ["Od približno osmih je vse počasno", "05-20 08:00 hour"],
  ["od pol dvanajstih ne prejemamo pošte", "05-20 11:30 hour"],
  ["Od pol 12h ne prejemamo pošte", "05-20 11:30 hour"],
  ["od četrt na devet javlja napako", "05-20 08:15 hour"],
  ["Od tri četrt na devet javlja napako", "05-20 08:45 hour"],
  ["Od četrt čez deset javlja napako", "05-20 10:15 hour"],
  ["od dveh popoldne nič ne pride", "05-20 14:00 hour"],
  ["Ob enih se je ustavila spletna trgovina", "05-20 13:00 hour"],
  ["Ob 9.40 sem poskusil poslati, dobil sem 535", "05-20 09:40 minute"],
  ["Okoli desetih je začelo metati napako", "05-20 10:00 hour"],
  ["Včeraj ob osmih zvečer je spletna stran padla", "05-19 20:00 hour"],
  ["Med 8. in 9. uro stran ni delovala", "05-20 08:00 hour"],
  ["Od poldneva ne dela nič", "05-20 12:00 hour"],
  ["Od polnoči baza ne odgovarja", "05-20 00:00 hour"],
  // how long
  ["Že pol ure se ne morem prijaviti", "05-20 14:10 minute"],
  ["že eno uro se ne morem prijaviti", "05-20 13:40 hour"],
  ["Že dve uri ni nobene pošte", "05-20 12:40 hour"],
  ["že 20 minut ni dosegljivo", "05-20 14:20 minute"],
  ["Stran ne dela, približno četrt ure.", "05-20 14:25 minute"],
  ["pred eno uro je nehalo delati", "05-20 13:40 hour"],
  ["Pred dvema urama se je vse ustavilo", "05-20 12:40 hour"],
  ["Že uro in pol ni povezave", "05-20 13:10 hour"],
  ["že tri dni ne prejemamo pošte", "05-17 00:00 day"],
  ["Že nekaj dni je vse počasno", "05-17 00:00 vague"],
  ["od nekaj dni nazaj ne prejemamo potrditev", "05-17 00:00 vague"],
  ["Zadnje čase je stran zelo počasna", "? vague"],
  // days and their parts
  ["Od danes zjutraj ne morem do pošte", "05-20 07:00 part-of-day"],
  ["od jutra ne morem do pošte", "05-20 07:00 part-of-day"],
  ["Danes dopoldne stran ni delovala", "05-20 09:00 part-of-day"],
  ["Od včeraj popoldne spletna pošta zavrača geslo", "05-19 13:00 part-of-day"],
  ["Od včerajšnjega popoldneva zavrača geslo, napaka", "05-19 13:00 part-of-day"],
  ["Sinoči je spletna stran nehala delati", "05-19 18:00 part-of-day"],
  ["Ponoči se je baza sesula", "05-19 22:00 part-of-day"],
  ["od včeraj ne dela", "05-19 00:00 day"],
  ["Od predvčerajšnjim imamo težave", "05-18 00:00 day"],
  ["od ponedeljka ne prihajajo naročila", "05-18 00:00 day"],
  ["Od nedelje zvečer varnostne kopije ne uspejo", "05-17 18:00 part-of-day"],
  ["od 12. maja nam zavračajo pošto", "05-12 00:00 day"],
  ["od 12.5. nam zavračajo pošto", "05-12 00:00 day"],
  ["Od 12. 5. 2026 nam zavračajo pošto", "05-12 00:00 day"],
  ["Od začetka tedna je vse počasno", "05-18 00:00 vague"],
  ["Od prejšnjega tedna je vse počasno", "05-13 14:40 vague"],
  ["od vikenda ne dela obrazec", "05-16 00:00 vague"],
  ["Danes se stran ne odpre", "05-20 00:00 day"],
  ["cel dan ne dela pošta", "05-20 00:00 day"],
  // what still worked
  ["Včeraj popoldne je še delovalo, zdaj pa ne", "? vague after 05-19 13:00"],
  ["Do desetih je delovalo, potem je stran padla", "05-20 10:00 hour after 05-20 10:00"],
  ["Davi sem posodobil vtičnik, od takrat je stran prazna", "05-20 07:00 part-of-day"],
  // slips
  ["od dnaes zjutraj ne dela", "05-20 07:00 part-of-day"],
  ["od vceraj poopldne ne dela", "05-19 13:00 part-of-day"],
] as const;

const NONE = [
  "Delamo od 8 do 16, mail ne dela.",
  "Dobro jutro, pošta ne dela.",
  "Dober večer, stran javlja napako. Lep večer!",
  "Stran se nalaga 40 sekund, zelo počasi.",
  "Za 5 minut imam sestanek, pošta pa ne dela!",
  "Vsako jutro moram znova vpisati geslo.",
  "Od včeraj spet dela, hvala!",
  "Od ponedeljka imamo novo pisarno, prosim popravite naslov na računu.",
  "Vaša stranka sem od leta 2011.",
  "Potrebujem račun do petka.",
  "Jutri zjutraj odpiramo trgovino.",
  "3 stranke javljajo napako 404.",
  "Naš IP je 192.0.2.14 in je blokiran.",
  "Kako dodam nov predal za dva sodelavca?",
  "Plačali smo 12. maja, prosim za račun.",
  "Domeno bi podaljšali za 3 leta.",
  "Imamo težave na 2 računalnikih.",
];

test("Slovenian customers say since when in many ways", () => {
  expect(differing("sl", ROWS)).toEqual([]);
});

test("Slovenian texts without a beginning give none", () => {
  expect(
    differing(
      "sl",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
