import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Od jedenastej nie dochodzą maile", "05-20 11:00 hour"],
  ["od 11 nie działa strona", "05-20 11:00 hour"],
  ["Od godziny 11 nie działa strona", "05-20 11:00 hour"],
  ["od godz. 8:15 wszystko wraca z błędem", "05-20 08:15 minute"],
  ["od 8.15 wszystko wraca z błędem", "05-20 08:15 minute"],
  ["Od ok. 8:15 wszystko wraca z błędem", "05-20 08:15 hour"],
  ["od około dziewiątej sklep nie odpowiada", "05-20 09:00 hour"],
  ["Od wpół do pierwszej nie mogę się zalogować", "05-20 12:30 hour"],
  ["kwadrans po ósmej strona padła", "05-20 08:15 hour"],
  ["Od za pięć dziesiąta nic nie działa", "05-20 09:55 hour"],
  ["o 9:40 próbowałem wysłać i dostałem 535", "05-20 09:40 minute"],
  ["O trzynastej przestało działać", "05-20 13:00 hour"],
  ["O 6-tej rano maile przestały przychodzić", "05-20 06:00 hour"],
  ["Wczoraj o ósmej wieczorem strona padła", "05-19 20:00 hour"],
  ["Między 8 a 9 strona nie działała", "05-20 08:00 hour"],
  ["Tuż po dziewiątej baza przestała odpowiadać", "05-20 09:05 hour"],
  ["Od południa nic nie wychodzi", "05-20 12:00 hour"],
  ["od północy leży cały serwer", "05-20 00:00 hour"],
  // how long
  ["Od pół godziny nie mogę wejść do panelu", "05-20 14:10 minute"],
  ["od godziny nie mogę wejść do panelu", "05-20 13:40 hour"],
  ["Od dwóch godzin brak poczty", "05-20 12:40 hour"],
  ["już dwie godziny nie ma poczty", "05-20 12:40 hour"],
  ["od 20 minut brak połączenia", "05-20 14:20 minute"],
  ["Od kilkunastu minut brak połączenia", "05-20 14:25 minute"],
  ["Strona nie działa, jakieś 15 minut.", "05-20 14:25 minute"],
  ["Godzinę temu sklep przestał działać", "05-20 13:40 hour"],
  ["Od półtorej godziny błąd 503", "05-20 13:10 hour"],
  ["od kwadransa błąd 503", "05-20 14:25 minute"],
  ["od trzech dni nie dostajemy maili", "05-17 00:00 day"],
  ["Od kilku dni strona muli", "05-17 00:00 vague"],
  ["od tygodnia maile trafiają do spamu", "05-13 00:00 vague"],
  ["Ostatnio strona jest bardzo wolna", "? vague"],
  // days and their parts
  ["Od rana nie mogę wysłać maila", "05-20 07:00 part-of-day"],
  ["od samego rana nie mogę wysłać maila", "05-20 07:00 part-of-day"],
  ["Dziś przed południem strona nie działała", "05-20 09:00 part-of-day"],
  ["od wczorajszego popołudnia panel nie działa", "05-19 13:00 part-of-day"],
  ["Wczoraj po południu sklep padł", "05-19 13:00 part-of-day"],
  ["Wczoraj wieczorem sklep padł", "05-19 18:00 part-of-day"],
  ["w nocy padła baza", "05-19 22:00 part-of-day"],
  ["Od wczoraj nie działa FTP", "05-19 00:00 day"],
  ["od przedwczoraj nie działa FTP", "05-18 00:00 day"],
  ["Od poniedziałku formularz nie wysyła", "05-18 00:00 day"],
  ["od niedzieli wieczorem kopie kończą się błędem", "05-17 18:00 part-of-day"],
  ["Od 12 maja odrzucają nasze maile", "05-12 00:00 day"],
  ["od 12.05. odrzucają nasze maile", "05-12 00:00 day"],
  ["od 12.05.2026 odrzucają nasze maile", "05-12 00:00 day"],
  ["Od początku tygodnia wszystko wolno chodzi", "05-18 00:00 vague"],
  ["od zeszłego tygodnia wszystko muli", "05-13 14:40 vague"],
  ["od weekendu nie działa formularz", "05-16 00:00 vague"],
  ["Dzisiaj strona się nie otwiera", "05-20 00:00 day"],
  ["Cały dzień poczta nie działa", "05-20 00:00 day"],
  // what still worked
  ["Wczoraj wieczorem jeszcze działało, teraz błąd", "? vague after 05-19 18:00"],
  ["Do dziesiątej działało, potem padło", "05-20 10:00 hour after 05-20 10:00"],
  ["Dziś rano zaktualizowałem wtyczkę, od tego czasu strona jest pusta", "05-20 07:00 part-of-day"],
  // slips
  ["od wczroaj nie działa", "05-19 00:00 day"],
  ["Nie działa już drugi dzień", "05-19 00:00 day"],
] as const;

const NONE = [
  "Jesteśmy czynni od 8 do 16, poczta nie działa.",
  "Dzień dobry, poczta nie działa.",
  "Dobry wieczór, strona pokazuje błąd. Miłego wieczoru!",
  "Strona ładuje się 40 sekund, bardzo wolno.",
  "Za 5 minut mam spotkanie, a poczta nie działa!",
  "Wylogowuje mnie co 5 minut.",
  "Od wczoraj wszystko działa, dziękuję!",
  "Od poniedziałku mamy nowe biuro, proszę o zmianę adresu na fakturze.",
  "Jesteśmy klientem od 2011 roku.",
  "Potrzebuję faktury do piątku.",
  "Jutro rano otwieramy sklep.",
  "3 klientów zgłasza błąd 404.",
  "Nasze IP to 192.0.2.14 i jest zablokowane.",
  "Jak dodać skrzynkę dla dwóch pracowników?",
  "Zapłaciłem 12 maja, proszę o fakturę.",
  "Certyfikat wygasa za 5 dni.",
  "Problem jest na 2 komputerach.",
];

test("Polish customers say since when in many ways", () => {
  expect(differing("pl", ROWS)).toEqual([]);
});

test("Polish texts without a beginning give none", () => {
  expect(
    differing(
      "pl",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
