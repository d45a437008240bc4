import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["11 óta nem jönnek a levelek.", "05-20 11:00 hour"],
  ["11-től nem jönnek a levelek.", "05-20 11:00 hour"],
  ["Tizenegy óta nem érjük el a honlapot", "05-20 11:00 hour"],
  ["tizenegytől hibát ír a levelező", "05-20 11:00 hour"],
  ["8:15 óta 550-es hibával jön vissza minden levelünk", "05-20 08:15 minute"],
  ["8.15 óta nem nyílik meg az oldal", "05-20 08:15 minute"],
  ["Kb. 8:15 óta nem nyílik meg az oldal", "05-20 08:15 hour"],
  ["Délelőtt 10 óta áll a webáruház", "05-20 10:00 hour"],
  ["fél 3 óta nem lehet belépni", "05-20 14:30 hour"],
  ["Fél háromtól nem lehet belépni", "05-20 14:30 hour"],
  ["negyed 9 óta hibás a bolt", "05-20 08:15 hour"],
  ["háromnegyed hét óta nem tölt be a honlap", "05-20 06:45 hour"],
  ["3/4 9 óta nem tölt be a honlap", "05-20 08:45 hour"],
  ["nyolc óra 15 perctől nem megy a küldés", "05-20 08:15 minute"],
  ["13 óra óta nem elérhető a szerver", "05-20 13:00 hour"],
  ["Délután 1 óra körül leállt a levelezés", "05-20 13:00 hour"],
  ["10-kor még ment, azóta semmi nem jön be", "05-20 10:00 hour after 05-20 10:00"],
  ["Ma reggel 9 előtt állt le a webshop", "05-20 08:45 hour"],
  ["tegnap este 8 körül kezdődött, azóta lassú", "05-19 20:00 hour"],
  ["8 és 9 között nem ment a levelezés", "05-20 08:00 hour"],
  ["dél óta nem tudunk levelet küldeni", "05-20 12:00 hour"],
  ["éjfél óta nem elérhető az oldal", "05-20 00:00 hour"],
  // how long
  ["20 perce nem jön be az oldal", "05-20 14:20 minute"],
  ["Már 20 perce nem jön be az oldal", "05-20 14:20 minute"],
  ["kb 25 perce hibát ír", "05-20 14:15 minute"],
  ["Fél órája nem tudok belépni a webmailbe", "05-20 14:10 minute"],
  ["Negyedórája áll minden", "05-20 14:25 minute"],
  ["egy órája nem elérhető", "05-20 13:40 hour"],
  ["két órája várunk, nem jön semmi", "05-20 12:40 hour"],
  ["másfél órája 503-at dob", "05-20 13:10 hour"],
  ["három napja nem kapunk levelet", "05-17 00:00 day"],
  ["pár napja nagyon lassú az admin", "05-17 00:00 vague"],
  ["órák óta nem megy a szerver", "05-20 11:40 vague"],
  ["Régóta lassú az oldalunk", "? vague"],
  // days and their parts
  ["Reggel óta nem megy a levelezés.", "05-20 07:00 part-of-day"],
  ["ma délelőttől nem érkezik meg semmi", "05-20 09:00 part-of-day"],
  ["hajnal óta nem működik a kosár", "05-20 04:00 part-of-day"],
  ["az éjjel óta hibás a certificate", "05-19 22:00 part-of-day"],
  ["Tegnap este óta nem lehet rendelni", "05-19 18:00 part-of-day"],
  ["tegnap óta nem elérhető az FTP", "05-19 00:00 day"],
  ["Tegnapelőtt óta spambe mennek a leveleink", "05-18 00:00 day"],
  ["hétfő óta nem frissül az oldal, hibát ír", "05-18 00:00 day"],
  ["vasárnap este óta nem elérhető", "05-17 18:00 part-of-day"],
  ["Május 12-e óta nem kapunk visszaigazolást", "05-12 00:00 day"],
  ["május 12-én leállt a levelezés", "05-12 00:00 day"],
  ["05.12-től nem kapunk visszaigazolást", "05-12 00:00 day"],
  ["a hét eleje óta akadozik", "05-18 00:00 vague"],
  ["múlt hét óta akadozik a posta", "05-13 14:40 vague"],
  ["hétvége óta lassú", "05-16 00:00 vague"],
  ["Ma nem jön be az oldal", "05-20 00:00 day"],
  ["egész nap nem ment a levelezés", "05-20 00:00 day"],
  // what still worked
  ["Tegnap még működött, de most nem lehet belépni", "05-20 00:00 day after 05-19 00:00"],
  ["Délig jó volt, azóta nem elérhető", "05-20 12:00 hour after 05-20 12:00"],
  ["Reggel még jó volt, most hibát ír", "? vague after 05-20 07:00"],
  ["Tegnap este frissítettem a bővítményt, azóta fehér az oldal", "05-19 18:00 part-of-day"],
  // slips
  ["tegnpa óta nem elérhető", "05-19 00:00 day"],
  ["délelött óta nem megy a levelezés", "05-20 09:00 part-of-day"],
  ["két-három órája nem jön semmi", "05-20 11:40 hour"],
  ["14:05-től 14:20-ig nem ment a szerver", "05-20 14:05 minute"],
] as const;

const NONE = [
  "Telefonszámom 06 30 123 4567, nem tudok belépni.",
  "Kérem holnap délig javítsák, nem jó a levelezés.",
  "Jó reggelt! Nem megy a levelezés.",
  "Jó napot, hibát ír a webmail, kérem segítsenek.",
  "A lap 40 másodperc alatt tölt be, nagyon lassú.",
  "5 perc múlva ülés, nem megy a levelezés!",
  "Minden reggel meg kell adni a jelszót.",
  "Tegnap óta jó, köszönjük!",
  "Dél óta megint működik.",
  "Hétfő óta új irodánk van, kérem írják át a számlázási címet.",
  "2011 óta vagyunk ügyfelek.",
  "Este 5-re kellene a számla.",
  "Holnap reggelig kérem a számlát.",
  "3 ügyfelünk sem éri el, 404 hiba.",
  "Az IP-címünk 192.0.2.14, nem enged be.",
  "PHP 8.1 kellene, most hibát ír a 7.4.",
  "Hogyan tudok új fiókot létrehozni?",
  "A 12-es portál hibás, ügyfélszám 1130.",
];

test("Hungarian customers say since when in many ways", () => {
  expect(differing("hu", ROWS)).toEqual([]);
});

test("Hungarian texts without a beginning give none", () => {
  expect(
    differing(
      "hu",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
