import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Seit elf kommen keine Mails mehr an.", "05-20 11:00 hour"],
  ["Seit 11 Uhr ist die Seite nicht erreichbar", "05-20 11:00 hour"],
  ["Ab 11 Uhr war die Seite nicht erreichbar", "05-20 11:00 hour"],
  ["seit 8:15 Uhr wird alles abgelehnt", "05-20 08:15 minute"],
  ["Seit 8.15 Uhr wird alles abgelehnt", "05-20 08:15 minute"],
  ["seit ca. 8:15 wird alles abgelehnt", "05-20 08:15 hour"],
  ["Seit etwa neun geht nichts mehr", "05-20 09:00 hour"],
  ["seit halb drei kann ich mich nicht anmelden", "05-20 14:30 hour"],
  ["Seit Viertel nach acht kommt ein Fehler", "05-20 08:15 hour"],
  ["Seit viertel neun kommt ein Fehler", "05-20 08:15 hour"],
  ["Seit dreiviertel neun kommt ein Fehler", "05-20 08:45 hour"],
  ["seit Viertel vor neun kommt ein Fehler", "05-20 08:45 hour"],
  ["seit zehn vor acht kommt ein Fehler", "05-20 07:50 hour"],
  ["Um 13 Uhr ist der Shop ausgefallen", "05-20 13:00 hour"],
  ["Gegen zehn ist der Shop abgestürzt", "05-20 10:00 hour"],
  ["Um 9:40 habe ich es versucht und bekam 535", "05-20 09:40 minute"],
  ["Gestern Abend um acht fiel die Seite aus, Fehler 503", "05-19 20:00 hour"],
  ["Zwischen 8 und 9 war die Seite nicht erreichbar", "05-20 08:00 hour"],
  ["Kurz nach neun brach die Datenbank zusammen, Fehler überall", "05-20 09:05 hour"],
  ["seit Mittag geht nichts raus, Fehler", "05-20 12:00 hour"],
  ["Seit Mitternacht ist der Server tot", "05-20 00:00 hour"],
  // how long
  ["Seit einer halben Stunde komme ich nicht ins Panel", "05-20 14:10 minute"],
  ["seit einer Stunde komme ich nicht ins Panel", "05-20 13:40 hour"],
  ["Seit zwei Stunden keine Mails", "05-20 12:40 hour"],
  ["Seit 20 Minuten keine Verbindung", "05-20 14:20 minute"],
  ["seit einer Viertelstunde keine Verbindung", "05-20 14:25 minute"],
  ["Seite nicht erreichbar, ca. 15 Minuten.", "05-20 14:25 minute"],
  ["Vor einer Stunde ist der Shop ausgefallen", "05-20 13:40 hour"],
  ["vor zwei Stunden ist der Shop ausgefallen", "05-20 12:40 hour"],
  ["Seit eineinhalb Stunden Fehler 503", "05-20 13:10 hour"],
  ["seit drei Tagen bekommen wir keine Mails", "05-17 00:00 day"],
  ["Seit ein paar Tagen ist die Seite langsam", "05-17 00:00 vague"],
  ["seit Tagen ist die Seite langsam", "05-17 00:00 vague"],
  ["Seit einer Woche landen Mails im Spam", "05-13 00:00 vague"],
  ["In letzter Zeit ist die Seite sehr langsam", "? vague"],
  // days and their parts
  ["Seit heute Morgen kann ich nichts senden", "05-20 07:00 part-of-day"],
  ["seit heute früh kann ich nichts senden", "05-20 06:00 part-of-day"],
  ["seit heute frueh kann ich nichts senden", "05-20 06:00 part-of-day"],
  ["Heute Vormittag war die Seite nicht erreichbar", "05-20 09:00 part-of-day"],
  ["seit gestern Nachmittag kein Zugriff", "05-19 13:00 part-of-day"],
  ["Gestern Abend ist der Shop ausgefallen", "05-19 18:00 part-of-day"],
  ["Heute Nacht ist die Datenbank abgestürzt", "05-19 22:00 part-of-day"],
  ["Seit gestern geht FTP nicht", "05-19 00:00 day"],
  ["seit vorgestern geht FTP nicht", "05-18 00:00 day"],
  ["Seit Montag verschickt das Formular nichts", "05-18 00:00 day"],
  ["seit letzten Montag verschickt das Formular nichts", "05-18 00:00 day"],
  ["Seit Sonntag Abend schlagen die Backups fehl", "05-17 18:00 part-of-day"],
  ["Seit dem 12. Mai werden wir abgelehnt", "05-12 00:00 day"],
  ["seit 12.5. werden wir abgelehnt", "05-12 00:00 day"],
  ["seit 12.05.2026 werden wir abgelehnt", "05-12 00:00 day"],
  ["Seit Wochenbeginn ist alles langsam", "05-18 00:00 vague"],
  ["Seit letzter Woche ist alles langsam", "05-13 14:40 vague"],
  ["Seit dem Wochenende geht das Formular nicht", "05-16 00:00 vague"],
  ["Heute lädt die Seite nicht", "05-20 00:00 day"],
  ["Den ganzen Tag geht die Post nicht", "05-20 00:00 day"],
  // what still worked
  ["Gestern Nachmittag ging es noch, jetzt kommt ein Fehler", "? vague after 05-19 13:00"],
  ["Bis zehn lief alles, dann kam nichts mehr", "05-20 10:00 hour after 05-20 10:00"],
  [
    "Heute Morgen habe ich ein Plugin aktualisiert, seitdem ist die Seite leer",
    "05-20 07:00 part-of-day",
  ],
  // slips
  ["seit gesetrn geht FTP nicht", "05-19 00:00 day"],
  ["vor ca. 10 min war noch alles ok", "05-20 14:30 minute after 05-20 14:30"],
] as const;

const NONE = [
  "Wir sind Mo-Fr von 8 bis 16 Uhr erreichbar. Die Mail geht nicht.",
  "Guten Morgen, die Mail geht nicht.",
  "Guten Abend, die Seite zeigt einen Fehler. Schönen Abend!",
  "Die Seite braucht 40 Sekunden, sehr langsam.",
  "In 5 Minuten habe ich einen Termin und die Mail geht nicht!",
  "Alle 5 Minuten werde ich abgemeldet.",
  "Seit gestern läuft alles wieder, danke!",
  "Seit Montag haben wir ein neues Büro, bitte ändern Sie die Adresse auf der Rechnung.",
  "Wir sind Kunden seit 2011.",
  "Ich brauche die Rechnung bis Freitag.",
  "Morgen früh öffnen wir den Shop.",
  "3 Kunden melden Fehler 404.",
  "Unsere IP ist 192.0.2.14 und gesperrt.",
  "Wie lege ich ein Postfach für zwei Kollegen an?",
  "Ich habe am 12. Mai bezahlt, bitte um die Rechnung.",
  "Das Problem ist auf 2 Rechnern.",
];

test("German customers say since when in many ways", () => {
  expect(differing("de", ROWS)).toEqual([]);
});

test("German texts without a beginning give none", () => {
  expect(
    differing(
      "de",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
