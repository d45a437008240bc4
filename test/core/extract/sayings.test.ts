import { describe, expect, test } from "vitest";
import type { Symptom } from "../../../src/core/extract/extraction.js";
import { readFields } from "../../../src/core/extract/field.js";
import { LEXICONS } from "../../../src/core/extract/lexicons/index.js";
import { readSymptoms } from "../../../src/core/extract/what.js";
import type { Language } from "../../../src/core/languages.js";
import { report } from "./world.js";

describe("the same matter in seven languages", () => {
  test.each<[Language, readonly Symptom[], string]>([
    // Browsers whose page does not open.
    [
      "en",
      ["web.down"],
      'Browser says "This site can\'t be reached, www.x.example took too long to respond"',
    ],
    [
      "en",
      ["web.down"],
      'Firefox: "Unable to connect. An error occurred during a connection to our site."',
    ],
    [
      "de",
      ["web.down"],
      'Beim Öffnen unserer Seite: "Die Website ist nicht erreichbar. Die Antwort hat zu lange gedauert."',
    ],
    [
      "de",
      ["web.down"],
      'Firefox meldet bei unserer Homepage "Fehler: Netzwerk-Zeitüberschreitung"',
    ],
    ["de", ["web.down"], "Die Seite tut seit gestern Abend keinen Mucks mehr."],
    [
      "pl",
      ["web.down"],
      'Przeglądarka pisze "Ta witryna jest nieosiągalna" gdy otwieram nasz sklep.',
    ],
    ["pl", ["web.down"], 'Firefox: "Upłynął limit czasu połączenia", nasza strona się nie otwiera'],
    ["pl", ["web.down"], "Strona leży od rana."],
    ["cs", ["web.down"], 'Chrome hlásí "Tento web není dostupný", je to náš e-shop.'],
    ["cs", ["web.down"], 'Stránky se nám nenačítají, "Čas spojení vypršel".'],
    ["cs", ["web.down"], "Web nám spadl, nikdo se na něj nedostane."],
    ["sk", ["web.down"], 'Prehliadač hlási "Táto stránka sa nedá načítať", ide o náš e-shop.'],
    ["sk", ["web.down"], "Web nám spadol, nikto sa naň nedostane."],
    ["hu", ["web.down"], 'A böngésző szerint "A webhely nem érhető el", a mi oldalunkról van szó.'],
    ["hu", ["web.down"], "Lehalt a honlapunk, semmi nem jön be."],
    ["sl", ["web.down"], 'Brskalnik piše "Tega mesta ni mogoče doseči", gre za našo stran.'],
    ["sl", ["web.down"], "Spletna stran nam je crknila, nič se ne odpre."],
    // Names that are not found.
    ["en", ["dns"], "Our domain doesn't resolve any more, nslookup says can't find."],
    ["de", ["dns"], '"Die Server-IP-Adresse von x.example wurde nicht gefunden."'],
    [
      "de",
      ["dns"],
      'Firefox: "Hmm. Diese Website können wir leider nicht finden." bei unserer Domain',
    ],
    ["pl", ["dns"], '"Nie można znaleźć adresu IP serwera x.example"'],
    [
      "pl",
      ["dns"],
      'Firefox pisze "Hmm. Mamy problem ze znalezieniem tej witryny", to nasza domena',
    ],
    ["cs", ["dns"], '"Adresu IP serveru x.example se nepodařilo najít."'],
    ["cs", ["dns"], 'Prohlížeč: "Server nenalezen", naše doména se asi nepřekládá.'],
    ["sk", ["dns"], '"Nepodarilo sa nájsť IP adresu servera x.example"'],
    ["sk", ["dns"], 'Prehliadač: "Server sa nenašiel", naša doména sa zrejme neprekladá.'],
    ["hu", ["dns"], '"Nem található a(z) x.example kiszolgáló IP-címe."'],
    ["hu", ["dns"], "Nem oldódik fel a domainünk, a böngésző nem találja a kiszolgálót."],
    ["sl", ["dns"], '"Naslova IP strežnika x.example ni bilo mogoče najti"'],
    ["sl", ["dns"], "Domena se ne razrešuje, brskalnik ne najde strežnika."],
    // Certificates, as browsers and mail programs warn of them.
    ["en", ["tls"], 'Chrome shows "Your connection is not private" on our shop'],
    ["de", ["tls"], 'Beim Aufruf kommt "Dies ist keine sichere Verbindung" auf unserer Seite'],
    ["pl", ["tls"], 'Na naszej stronie wyskakuje "Twoje połączenie nie jest prywatne"'],
    ["pl", ["tls"], "Outlook pyta o certyfikat, którego nie można zweryfikować"],
    ["cs", ["tls"], 'Návštěvníkům se ukazuje "Vaše připojení není soukromé"'],
    ["cs", ["tls"], "Outlook: certifikát serveru se nedá ověřit, datum platnosti uplynulo"],
    ["sk", ["tls"], 'Návštevníkom vyskakuje "Vaše pripojenie nie je súkromné"'],
    ["sk", ["tls"], "Outlook vypisuje, že bezpečnostný certifikát nie je možné overiť"],
    ["hu", ["tls"], 'A látogatóknak "A kapcsolat nem privát" üzenet jön'],
    ["hu", ["tls"], "Az Outlook szerint a kiszolgáló biztonsági tanúsítványa nem ellenőrizhető"],
    ["sl", ["tls"], 'Obiskovalcem se prikaže "Vaša povezava ni zasebna"'],
    ["sl", ["tls"], "Outlook pravi, da varnostnega potrdila strežnika ni mogoče preveriti"],
    // Mail programs that do not reach their server.
    ["en", ["mail.login"], 'iPhone: "Cannot Get Mail. The connection to the server failed."'],
    ["en", ["mail.login"], "Outlook says it cannot connect to the incoming mail server."],
    [
      "de",
      ["mail.login"],
      'iPhone: "E-Mails können nicht empfangen werden. Die Verbindung zum Server ist fehlgeschlagen."',
    ],
    [
      "de",
      ["mail.login"],
      'Thunderbird: "Konnte keine Verbindung mit dem Posteingangsserver herstellen"',
    ],
    [
      "pl",
      ["mail.login"],
      'iPhone: "Nie można pobrać poczty. Połączenie z serwerem nie powiodło się."',
    ],
    ["pl", ["mail.login"], "Outlook nie może się połączyć z serwerem poczty przychodzącej"],
    ["cs", ["mail.login"], 'iPhone: "Poštu nelze stáhnout. Připojení k serveru se nezdařilo."'],
    ["cs", ["mail.login"], "Thunderbird se nemůže připojit k serveru příchozí pošty"],
    ["sk", ["mail.login"], 'iPhone: "Poštu sa nedá stiahnuť. Pripojenie k serveru zlyhalo."'],
    ["sk", ["mail.login"], "Outlook sa nevie pripojiť na server prichádzajúcej pošty"],
    [
      "hu",
      ["mail.login"],
      'iPhone: "A levelek nem kérhetők le. A kapcsolódás a szerverhez sikertelen."',
    ],
    ["hu", ["mail.login"], "Az Outlook nem tud kapcsolódni a bejövő levelek kiszolgálójához"],
    ["sl", ["mail.login"], 'iPhone: "Pošte ni mogoče prejeti. Povezava s strežnikom ni uspela."'],
    ["sl", ["mail.login"], "Outlook se ne more povezati s strežnikom za dohodno pošto"],
    // The one way works: it is the other.
    ["en", ["mail.send"], "I can receive all right but that's about it."],
    ["de", ["mail.send"], "Empfangen kann ich, das andere halt nicht."],
    ["pl", ["mail.send"], "Odbierać mogę, ale w drugą stronę klops."],
    ["cs", ["mail.send"], "Přijímat můžu, ale opačným směrem nic."],
    ["hu", ["mail.send"], "Fogadni tudok, de a másik irányba semmi."],
    // Attachments that are gone.
    ["en", ["mail.receive"], "Emails come through with the attachments stripped off."],
    ["de", ["mail.receive"], "Die Mails kommen an, aber die PDF-Anhänge fehlen."],
    ["pl", ["mail.receive"], "Maile dochodzą, ale bez załączników, plik PDF znika."],
    ["cs", ["mail.receive"], "Maily chodí bez příloh, PDF se cestou ztratí."],
    ["sk", ["mail.receive"], "Maily chodia bez príloh, PDF po ceste zmizne."],
    ["hu", ["mail.receive"], "Megjönnek a levelek, de melléklet nélkül, a PDF eltűnik."],
    ["sl", ["mail.receive"], "Sporočila prispejo brez priponk, PDF nekje izgine."],
    // Passwords to be found again are in no backup.
    [
      "en",
      ["mail.login", "howto", "panel.login"],
      "I lost my login for the mailbox, how can I recover it?",
    ],
    [
      "de",
      ["mail.login", "howto", "panel.login"],
      "Ich habe mein Kennwort fürs Postfach verschlampt, wie bekomme ich ein neues?",
    ],
    ["pl", ["mail.login", "howto", "panel.login"], "Zgubiłem hasło do skrzynki, jak je odzyskać?"],
    [
      "cs",
      ["mail.login", "howto", "panel.login"],
      "Ztratil jsem heslo ke schránce, jak ho obnovím?",
    ],
    [
      "sk",
      ["mail.login", "howto", "panel.login"],
      "Stratil som heslo ku schránke, ako ho obnovím?",
    ],
    [
      "hu",
      ["mail.login", "howto", "panel.login"],
      "Elveszett a jelszavam a postafiókhoz, hogyan kaphatok újat?",
    ],
    [
      "sl",
      ["mail.login", "howto", "panel.login"],
      "Izgubil sem geslo za poštni predal, kako ga obnovim?",
    ],
    // Mail that was never sent comes back.
    [
      "en",
      ["mail.spam"],
      "I get dozens of bounce messages for emails I never sent, someone must be using my address.",
    ],
    [
      "de",
      ["mail.spam"],
      "Ich bekomme lauter Rückläufer zu Mails, die ich nie verschickt habe. Da benutzt jemand meine Adresse.",
    ],
    [
      "pl",
      ["mail.spam"],
      "Przychodzą zwrotki maili, których nie wysyłałam, ktoś podszywa się pod mój adres.",
    ],
    [
      "cs",
      ["mail.spam"],
      "Chodí mi vrácené maily, které jsem nikdy neposlal, někdo zneužívá moji adresu.",
    ],
    [
      "sk",
      ["mail.spam"],
      "Chodia mi vrátené maily, ktoré som nikdy neposlal, niekto zneužíva moju adresu.",
    ],
    [
      "hu",
      ["mail.spam"],
      "Olyan levelek pattannak vissza hozzám, amiket nem is én küldtem, valaki a nevemben küldözget.",
    ],
    [
      "sl",
      ["mail.spam"],
      "Vračajo se mi sporočila, ki jih nikoli nisem poslal, nekdo pošilja v mojem imenu.",
    ],
    // Is this from you?
    [
      "en",
      ["mail.spam", "howto"],
      "Got an email claiming to be from you asking for card details, is it genuine or a scam?",
    ],
    [
      "de",
      ["mail.spam", "howto"],
      "Da kam ein Schreiben angeblich von Ihnen, ich soll meine Kartendaten bestätigen. Betrug?",
    ],
    [
      "pl",
      ["mail.spam", "howto"],
      "Dostałem maila niby od was, żeby potwierdzić dane karty. To oszustwo?",
    ],
    [
      "cs",
      ["mail.spam", "howto"],
      "Přišel mi e-mail prý od vás, ať potvrdím údaje karty. Není to podvod?",
    ],
    [
      "sk",
      ["mail.spam", "howto"],
      "Prišiel mi e-mail vraj od vás, mám potvrdiť údaje karty. Nie je to podvod?",
    ],
    [
      "hu",
      ["mail.spam", "howto"],
      "Kaptam egy levelet állítólag tőletek, hogy erősítsem meg a kártyaadataimat. Ez átverés?",
    ],
    [
      "sl",
      ["mail.spam", "howto"],
      "Dobil sem mail domnevno od vas, naj potrdim podatke kartice. Je to prevara?",
    ],
    // Scheduled tasks.
    ["en", ["other"], "Our nightly scheduled job didn't fire at all last night."],
    ["de", ["other"], "Der nächtliche Cronjob ist nicht angesprungen."],
    ["pl", ["other"], "Zadanie w cronie nie odpaliło się w nocy."],
    ["cs", ["other"], "Naplánovaná úloha se v noci nespustila."],
    ["sk", ["other"], "Naplánovaná úloha sa v noci nespustila."],
    ["hu", ["other"], "Az éjszakai ütemezett feladat nem futott le."],
    ["sl", ["other"], "Načrtovano opravilo se ponoči ni izvedlo."],
    // Names that run out.
    ["en", ["domain"], "Our domain runs out next month, is renewal automatic?"],
    ["de", ["domain"], "Unsere Domain läuft nächsten Monat aus, verlängert sie sich automatisch?"],
    ["pl", ["domain"], "Nasza domena kończy się w przyszłym miesiącu, odnowi się sama?"],
    ["cs", ["domain"], "Naše doména končí příští měsíc, prodlouží se sama?"],
    ["sk", ["domain"], "Naša doména končí budúci mesiac, predĺži sa sama?"],
    ["hu", ["domain"], "Jövő hónapban lejár a domainünk, magától meghosszabbodik?"],
    ["sl", ["domain"], "Naša domena poteče prihodnji mesec, se podaljša sama?"],
    // What was updated by themselves.
    [
      "en",
      ["web.content"],
      "I updated WordPress this morning and since then the menu button does nothing.",
    ],
    [
      "de",
      ["web.content"],
      "Ich hab heute WordPress aktualisiert und seither macht der Menüknopf nichts mehr.",
    ],
    [
      "pl",
      ["web.content"],
      "Zaktualizowałem rano WordPressa i od tej pory przycisk menu nie reaguje.",
    ],
    [
      "cs",
      ["web.content"],
      "Ráno jsem aktualizoval WordPress a od té doby tlačítko menu nic nedělá.",
    ],
    ["sk", ["web.content"], "Ráno som aktualizoval WordPress a odvtedy tlačidlo menu nič nerobí."],
    [
      "hu",
      ["web.content"],
      "Reggel frissítettem a WordPresst, azóta a menü gomb nem csinál semmit.",
    ],
    [
      "sl",
      ["web.content"],
      "Zjutraj sem posodobil WordPress in od takrat gumb za meni ne naredi nič.",
    ],
    // What the panel was wanted for is no bill.
    ["en", ["panel.login"], "Control panel isn't responding, I wanted to download an invoice."],
    [
      "de",
      ["panel.login"],
      "Das Kundencenter reagiert nicht, ich wollte eine Rechnung herunterladen.",
    ],
    ["pl", ["panel.login"], "Panel klienta nie działa, a chciałem ściągnąć fakturę."],
    ["cs", ["panel.login"], "Zákaznický panel neodpovídá, chtěl jsem si stáhnout fakturu."],
    ["sk", ["panel.login"], "Zákaznícky panel neodpovedá, chcel som si stiahnuť faktúru."],
    ["hu", ["panel.login"], "A vezérlőpult nem válaszol, pedig csak a számlát akartam letölteni."],
    ["sl", ["panel.login"], "Nadzorna plošča se ne odziva, hotel sem prenesti račun."],
    // Error pages of what is the hoster's.
    [
      "en",
      ["panel.login"],
      "Control panel login keeps failing and then there's just an error page.",
    ],
    ["de", ["panel.login"], "Der Login ins Kundencenter endet immer auf einer Fehlerseite."],
    ["pl", ["panel.login"], "Po zalogowaniu do panelu pojawia się strona błędu."],
    ["cs", ["panel.login"], "Po přihlášení do panelu se ukáže jen chybová stránka."],
    ["sk", ["panel.login"], "Po prihlásení do panelu sa ukáže len chybová stránka."],
    ["hu", ["panel.login"], "A vezérlőpultba belépve csak egy hibaoldal fogad."],
    ["sl", ["panel.login"], "Po prijavi v nadzorno ploščo dobim samo stran z napako."],
    ["en", ["mail.webmail"], "The webmail page gives a 502 error."],
    ["de", ["mail.webmail"], "Die Webmail-Seite bringt einen 502-Fehler."],
    ["pl", ["mail.webmail"], "Strona poczty przez przeglądarkę wyrzuca 502."],
    ["cs", ["mail.webmail"], "Stránka webmailu vrací chybu 502."],
    ["sk", ["mail.webmail"], "Stránka webmailu vracia chybu 502."],
    ["hu", ["mail.webmail"], "A webes levelező oldala 502-es hibát ad."],
    ["sl", ["mail.webmail"], "Stran spletne pošte vrača napako 502."],
    // Questions without a fault.
    ["en", ["howto"], "What's the biggest attachment your mail accepts? I have a 70 MB drawing."],
    ["de", ["howto"], "Wie groß dürfen Anhänge bei euch sein? Ich hätte 70 MB Pläne."],
    ["pl", ["howto"], "Jak duży załącznik przyjmuje wasza poczta? Mam 70 MB projektu."],
    ["cs", ["howto"], "Jak velkou přílohu vaše pošta vezme? Mám 70 MB projekt."],
    ["sk", ["howto"], "Akú veľkú prílohu vaša pošta zvládne? Mám 70 MB projekt."],
    ["hu", ["howto"], "Mekkora mellékletet enged a levelezés? 70 MB-os tervem van."],
    ["sl", ["howto"], "Kako velika je lahko priponka? Imam 70 MB načrtov."],
    ["en", ["howto"], "Can I forward office mail to two private addresses?"],
    ["de", ["howto"], "Wir würden gerne Mails an zwei private Adressen weiterleiten, geht das?"],
    ["pl", ["howto"], "Czy da się przekierować pocztę na dwa prywatne adresy?"],
    ["cs", ["howto"], "Chtěli bychom přeposílat poštu na dvě soukromé adresy, lze to?"],
    ["sk", ["howto"], "Chceli by sme presmerovať poštu na dve súkromné adresy, dá sa to?"],
    ["hu", ["howto"], "Szeretnénk két magáncímre továbbítani a leveleket, meg lehet oldani?"],
    ["sl", ["howto"], "Radi bi preusmerili pošto na dva zasebna naslova, gre to?"],
    // Praise.
    ["en", ["feedback"], "Your support chap was fantastic, five stars from us."],
    ["de", ["feedback"], "Euer Techniker war spitze, fünf Sterne von uns!"],
    ["pl", ["feedback"], "Wasz konsultant był świetny, pięć gwiazdek!"],
    ["cs", ["feedback"], "Váš technik byl skvělý, pět hvězdiček!"],
    ["sk", ["feedback"], "Váš technik bol skvelý, päť hviezdičiek!"],
    ["hu", ["feedback"], "Szuper volt a kolléga, öt csillag!"],
    ["sl", ["feedback"], "Vaš tehnik je bil odličen, pet zvezdic!"],
    // Now it works, now it does not.
    [
      "en",
      ["web.down"],
      "Our website works on and off, one minute it's there, the next it's gone.",
    ],
    ["de", ["web.down"], "Unsere Seite geht mal, dann wieder nicht."],
    ["pl", ["web.down"], "Strona raz działa, raz nie."],
    ["cs", ["web.down"], "Web chvíli jede, chvíli ne."],
    ["sk", ["web.down"], "Stránka chvíľu ide, chvíľu nie."],
    ["hu", ["web.down"], "Hol megy, hol nem megy az oldalunk."],
    ["sl", ["web.down"], "Stran enkrat dela, enkrat ne."],
    // Thanks in advance are none.
    ["en", ["mail.receive"], "No emails arriving. Thanks for a quick reply."],
    ["de", ["mail.receive"], "Es kommen keine Mails an. Danke für eine rasche Antwort."],
    ["pl", ["mail.receive"], "Nie przychodzą maile. Dziękuję za szybką odpowiedź."],
    ["cs", ["mail.receive"], "Nechodí mi pošta. Děkuji za rychlou odpověď."],
    ["sk", ["mail.receive"], "Nechodí mi pošta. Ďakujem za rýchlu odpoveď."],
    ["hu", ["mail.receive"], "Nem jönnek a levelek. Köszönöm a gyors választ."],
    ["sl", ["mail.receive"], "Pošta ne prihaja. Hvala za hiter odgovor."],
    // Too large to go.
    ["en", ["mail.send", "howto"], "My email won't go, it says the attachment is too big."],
    ["hu", ["mail.send", "howto"], "Nem megy el a levelem, azt írja, túl nagy a csatolmány."],
    ["pl", ["mail.send", "howto"], "Mail nie wychodzi, pisze że załącznik za duży."],
    ["cs", ["mail.send", "howto"], "Mail neodejde, prý je příloha moc velká."],
    ["de", ["mail.send", "howto"], "Die Mail geht nicht raus, angeblich ist der Anhang zu groß."],
    ["sl", ["mail.send", "howto"], "Mail se ne pošlje, piše da je priponka prevelika."],
    ["sk", ["mail.send", "howto"], "Mail neodíde, vraj je príloha priveľká."],
    // Said of drops, feet and birds.
    ["cs", ["mail.receive"], "Do schránky nám dnes nekáplo vůbec nic, odesílat umíme."],
    ["hu", ["mail.receive"], "Dél óta nem esett be egy árva levél se, küldeni megy."],
    ["sl", ["mail.receive"], "V predal že ves dan ne kapne nič."],
    ["pl", ["mail.receive"], "Do skrzynki nie wpadło dzisiaj nic a nic."],
    ["cs", ["mail.send"], "Z kanceláře nejde ven jediná zpráva."],
    ["sk", ["mail.send"], "Z kancelárie nejde von jediná správa."],
    ["pl", ["mail.send"], "Żadna oferta nie leci w świat."],
    // To get to the mail, and to get mail.
    ["cs", ["mail.login"], "K mailům se nedostanu odnikud."],
    ["sk", ["mail.login"], "K pošte sa nedostanem odnikiaľ."],
    ["cs", ["mail.receive"], "Nedostanu jediný mail."],
    // Slow, as people paint it.
    ["cs", ["web.slow"], "E-shop se vleče a plouží."],
    ["sk", ["web.slow"], "E-shop sa vlečie ako slimák."],
    ["en", ["web.slow"], "Every page is taking forty seconds."],
    ["pl", ["web.slow"], "Sklep chodzi jak krew z nosa."],
    // Whose identity is not proven.
    ["cs", ["tls"], "Telefon píše, že totožnost poštovního serveru nelze ověřit."],
    ["sk", ["tls"], "Telefón píše, že totožnosť poštového servera sa nedá overiť."],
    ["de", ["tls"], "Das iPhone sagt, die Identität des Mailservers kann nicht überprüft werden."],
    ["pl", ["tls"], "iPhone pisze, że nie można zweryfikować tożsamości serwera poczty."],
    // An error that can be read is no page in order.
    ["hu", ["database"], "A kezdőlapon adatbázis-hiba olvasható."],
    // Not everything that looks alike.
    ["de", ["howto"], "Welchen Port trage ich im neuen Tablet ein?"],
    ["de", ["billing"], "Künftig bitte Monatsrechnungen statt Einzelrechnungen."],
    ["hu", ["domain"], "A pelda-bolt.example lejár jövőre?"],
    ["sl", ["mail.login"], "Outlook ne more vzpostaviti povezave s poštnim strežnikom."],
  ])("%s, %j: %s", (language, symptoms, text) => {
    const [best] = readSymptoms(readFields(report(text)), LEXICONS[language], [LEXICONS.en]);
    expect(symptoms).toContain(best?.symptom);
  });
});
