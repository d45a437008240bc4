import { expect, test } from "vitest";
import { ownCauses } from "../../../src/core/correlate/evidence.js";
import { faultMass } from "../../../src/core/correlate/symptoms.js";
import { extract } from "../../../src/core/extract/extract.js";
import type { Language } from "../../../src/core/languages.js";
import { DIRECTORY, report } from "./hoster.js";

// Written while something of the same kind fails: none of it may be taken for that.
test.each<[Language, string]>([
  // Request: new ftp account.
  ["en", "Please create a separate FTP account for our designer, images folder only."],
  ["de", "Ich bräuchte einen eigenen FTP-Zugang für unsere Grafikerin."],
  ["pl", "Poproszę o założenie osobnego konta FTP dla grafika."],
  ["cs", "Potřebujeme zřídit samostatný FTP účet pro grafika."],
  ["sk", "Potrebujeme zriadiť samostatný FTP účet pre grafika."],
  ["hu", "Kellene egy külön FTP-fiók a grafikusnak."],
  ["sl", "Potreboval bi ločen FTP račun za oblikovalca."],
  // Request: remove access.
  ["en", "Our colleague left, please remove her webmail access."],
  ["de", "Die Kollegin ist ausgeschieden, bitte löschen Sie ihren Webmail-Zugang."],
  ["pl", "Koleżanka odeszła, proszę usunąć jej dostęp do webmaila."],
  ["cs", "Kolegyně skončila, prosím zrušte jí přístup k webmailu."],
  ["sk", "Kolegyňa skončila, prosím zrušte jej prístup do webmailu."],
  ["hu", "A kolléganő elment, kérjük szüntessék meg a webmail hozzáférését."],
  ["sl", "Kolegica je odšla, prosim ukinite ji dostop do spletne pošte."],
  // Request: raise the sending limit.
  ["en", "Can you raise our hourly sending limit? The newsletter stops at two hundred."],
  [
    "de",
    "Können Sie unser stündliches Sendelimit anheben? Beim Newsletter ist bei zweihundert Schluss.",
  ],
  ["pl", "Czy możecie zwiększyć limit wysyłki na godzinę? Newsletter zatrzymuje się na dwustu."],
  ["cs", "Můžete nám zvýšit hodinový limit odesílání? Newsletter se zastaví na dvou stech."],
  ["sk", "Môžete nám zvýšiť hodinový limit odosielania? Newsletter sa zastaví na dvesto."],
  ["sl", "Lahko povečate urno omejitev pošiljanja? Novice se ustavijo pri dvesto."],
  // How to make it faster.
  ["en", "How could I shrink the pictures so the page loads faster?"],
  ["de", "Wie kann ich die Bilder verkleinern, damit die Seite schneller lädt?"],
  ["pl", "Jak zmniejszyć zdjęcia, żeby strona ładowała się szybciej?"],
  ["cs", "Jak zmenšit fotky, aby se stránka načítala rychleji?"],
  ["sk", "Ako zmenšiť fotky, aby sa stránka načítala rýchlejšie?"],
  ["hu", "Hogyan kicsinyítsem a képeket, hogy gyorsabban töltsön az oldal?"],
  ["sl", "Kako zmanjšam slike, da se bo stran hitreje nalagala?"],
  // New colleague's computer.
  ["en", "New starter today, Outlook won't set up on her laptop, everyone else is fine."],
  [
    "de",
    "Neue Mitarbeiterin: auf ihrem Rechner lässt sich Outlook nicht einrichten, bei allen anderen läuft es.",
  ],
  ["pl", "Nowa pracownica, na jej komputerze nie da się ustawić Outlooka, reszcie działa."],
  ["cs", "Nastoupil nový kolega, na jeho počítači nejde nastavit Outlook, ostatním funguje."],
  ["sk", "Nastúpil nový kolega, na jeho počítači nejde nastaviť Outlook, ostatným funguje."],
  ["hu", "Új munkatársunk van, az ő gépén nem sikerül beállítani az Outlookot, másnál jó."],
  ["sl", "Nova sodelavka, na njenem računalniku ne uspemo nastaviti Outlooka, drugim dela."],
  // Since I built in a plug-in.
  ["en", "Since I added that slider plugin the front page is painfully slow. Is it the plugin?"],
  ["de", "Seitdem ich das Slider-Plugin eingebaut habe, ist die Startseite quälend langsam."],
  ["pl", "Odkąd wstawiłem tę wtyczkę ze sliderem, strona główna strasznie muli."],
  ["cs", "Co jsem nasadil ten slider plugin, úvodní strana se strašně vleče."],
  ["sk", "Odkedy som nasadil ten slider plugin, úvodná strana je strašne pomalá."],
  ["hu", "Mióta beraktam azt a slider bővítményt, borzasztó lassú a főoldal."],
  ["sl", "Odkar sem vgradil tisti vtičnik za drsnik, je prva stran grozno počasna."],
  // Our developer broke it.
  ["en", "Our developer edited .htaccess just now and we get a 500."],
  ["pl", "Nasz informatyk grzebał właśnie w .htaccess i mamy 500."],
  ["cs", "Náš programátor právě sahal do .htaccess a máme 500."],
  ["sk", "Náš programátor práve siahal do .htaccess a máme 500."],
  ["hu", "A programozónk most nyúlt bele a .htaccess-be, 500-as lett."],
  ["sl", "Naš programer je pravkar popravljal .htaccess in imamo 500."],
  // Wrong password three times.
  ["en", "I typed the password wrong three times and now I'm locked out. Please unlock."],
  ["de", "Ich habe mich dreimal beim Passwort vertippt und bin jetzt gesperrt. Bitte entsperren."],
  ["pl", "Trzy razy źle wpisałem hasło i mnie zablokowało. Proszę odblokować."],
  ["cs", "Třikrát jsem zadal špatně heslo a zablokovalo mě to. Prosím odblokovat."],
  ["sk", "Trikrát som zadal zle heslo a zablokovalo ma. Prosím odblokovať."],
  ["hu", "Háromszor elütöttem a jelszót és letiltott. Kérem, oldják fel."],
  ["sl", "Trikrat sem narobe vpisal geslo in me je zaklenilo. Prosim odklenite."],
  // Export too large.
  ["en", "How can I export the database? phpMyAdmin stops at 50 MB."],
  ["pl", "Jak wyeksportować bazę? phpMyAdmin staje na 50 MB."],
  ["cs", "Jak vyexportuji databázi? phpMyAdmin se zastaví na 50 MB."],
  ["sk", "Ako vyexportujem databázu? phpMyAdmin sa zastaví na 50 MB."],
  ["sl", "Kako izvozim bazo? phpMyAdmin se ustavi pri 50 MB."],
  // Old link.
  ["en", "Somebody has an old bookmark and gets 404. Can you redirect it?"],
  ["de", "Jemand hat ein altes Lesezeichen und bekommt 404. Kann man das umleiten?"],
  ["pl", "Ktoś ma starą zakładkę i dostaje 404. Da się to przekierować?"],
  ["cs", "Někdo má starou záložku a dostane 404. Dá se to přesměrovat?"],
  ["sk", "Niekto má starú záložku a dostane 404. Dá sa to presmerovať?"],
  ["hu", "Valakinek régi könyvjelzője van és 404-et kap. Át lehet irányítani?"],
  ["sl", "Nekdo ima star zaznamek in dobi 404. Se da to preusmeriti?"],
  // Second user.
  ["en", "How do I add a second user to the control panel?"],
  ["de", "Wie lege ich einen zweiten Benutzer im Kundencenter an?"],
  ["pl", "Jak dodać drugiego użytkownika do panelu klienta?"],
  ["cs", "Jak přidám druhého uživatele do zákaznického panelu?"],
  ["sk", "Ako pridám druhého používateľa do zákazníckeho panela?"],
  ["hu", "Hogyan adok hozzá még egy felhasználót a vezérlőpulthoz?"],
  ["sl", "Kako dodam drugega uporabnika v nadzorno ploščo?"],
  // Moved by themselves.
  ["en", "We moved registrars yesterday and forgot the DNS. What are your nameservers?"],
  [
    "de",
    "Wir sind gestern zu einem anderen Registrar gewechselt und haben DNS vergessen. Wie heißen eure Nameserver?",
  ],
  [
    "pl",
    "Przenieśliśmy wczoraj domenę do innego rejestratora i zapomnieliśmy o DNS. Jakie macie serwery nazw?",
  ],
  ["cs", "Včera jsme přešli k jinému registrátorovi a zapomněli na DNS. Jaké máte nameservery?"],
  ["sk", "Včera sme prešli k inému registrátorovi a zabudli na DNS. Aké máte nameservery?"],
  ["hu", "Tegnap átvittük a domaint máshová és elfelejtettük a DNS-t. Mik a névszervereitek?"],
  ["sl", "Včeraj smo domeno prenesli drugam in pozabili na DNS. Kateri so vaši strežniki?"],
  // Please forward.
  ["en", "Please forward all mail for office@shop.example to my deputy from next week."],
  [
    "de",
    "Bitte leiten Sie alle Mails an post@shop.example ab nächster Woche an meine Vertretung weiter.",
  ],
  ["pl", "Proszę od przyszłego tygodnia przekierować pocztę z biuro@shop.example na zastępcę."],
  ["cs", "Prosím od příštího týdne přesměrovat poštu z info@shop.example na zástup."],
  ["sk", "Prosím od budúceho týždňa presmerovať poštu z info@shop.example na zástup."],
  ["hu", "Kérem, jövő héttől irányítsák át az info@shop.example leveleit a helyettesemhez."],
  ["sl", "Prosim od naslednjega tedna preusmerite pošto z info@shop.example na namestnico."],
])("in %s, what is wanted or done by themselves is no fault of ours: %s", (language, text) => {
  const found = extract(report({ text }), {
    directory: DIRECTORY,
    zone: "Europe/Budapest",
    account: null,
    accountLanguage: language,
  });
  const own = [...ownCauses(found).values()].reduce((sum, strength) => sum + strength, 0);
  expect(faultMass(found) < 0.5 || own >= 0.8).toBe(true);
});
