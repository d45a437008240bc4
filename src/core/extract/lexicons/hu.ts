import type { Lexicon } from "../lexicon.js";

/** Hungarian. */
export const hu: Lexicon = {
  language: "hu",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      a az és hogy nem is egy ez azt ezt már csak meg van volt vagy de ha mert mint még most
      itt ott el ki be le fel én mi ti ők nekem nekünk nálunk nálam sem se nincs nincsenek kell
      lehet tudok tudunk tud tudom minden semmi mikor miért hogyan kérem kérjük köszönöm
      köszönjük köszi szia sziasztok üdv helló jó napot reggelt estét tisztelt kedves óta perce
      órája tegnap reggel délelőtt délután este azóta pedig mit hol megy mennek jön jönnek ír
      írja levél levelet levelek oldal oldalon honlap honlapunk után előtt alatt valami
      szeretném lenne akkor egyik másik ezért között által vagyok vagyunk önök nagyon több kb
      körül nap ma holnap működik hiba hibát kérdés ügyfél jelszó cím postafiók fiók tárhely
      számla látom kaptam írtam megint újra ugyanaz ugyanez
    `,
    own: "őű",
    wrote: ["írta", "ezt írta", "írta a következőt"],
    wroteBegins: [],
    heads: {
      from: ["feladó"],
      sent: ["elküldve", "küldve", "dátum"],
      to: ["címzett"],
      subject: ["tárgy"],
    },
    forwarded: ["továbbított üzenet", "eredeti üzenet", "továbbított levél"],
    sentFrom: [
      "iphone-omról küldve",
      "ipademről küldve",
      "elküldve a",
      "küldve a következőből",
      "az én iphone-omról",
      "mobilról küldve",
      "androidos telefonról küldve",
    ],
    closings: [
      "üdvözlettel",
      "tisztelettel",
      "üdv",
      "szép napot",
      "köszönettel",
      "maradok tisztelettel",
      "szívélyes üdvözlettel",
      "baráti üdvözlettel",
    ],
    confidential: [
      "bizalmas",
      "címzett, kérjük",
      "nem ön a címzett",
      "tévedésből kapta",
      "jogosulatlan felhasználás",
    ],
    spelled: {
      at: ["kukac"],
      dot: ["pont"],
      hyphen: ["kötőjel", "mínusz"],
      underscore: ["alsóvonás", "alsó vonás", "aláhúzás", "alulvonás"],
    },
    slip: {
      not: ["nem"],
      but: ["hanem"],
      meant: ["elírtam", "elírás", "akartam írni", "helyesen", "pontosabban"],
    },
    server: "szerver* kiszolgáló* gép* tárhely* host*",
    error: "hiba* hibá* kód* hibakód* válasz* státusz*",
    counted: `
      db darab* forint* ft huf levél levelet e-mail* email* tag* fő perc* órá* nap* hét kép*
      fotó* termék* látogató* előfizető* ügyfél* vendég* oldal* mega* megás giga* százalék*
      méter* ember* cím* megrendelés* rendelés*
    `,
  },

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {
    not: [],
    but: [],
    things: {
      mail: [],
      mailbox: [],
      outgoing: [],
      incoming: [],
      webmail: [],
      form: [],
      attachment: [],
      site: [],
      cms: [],
      database: [],
      panel: [],
      certificate: [],
      ftp: [],
      dns: [],
      backup: [],
      domain: [],
      invoice: [],
      spam: [],
      blocklist: [],
      quota: [],
      cron: [],
      server: [],
      internet: [],
    },
    troubles: {
      down: [],
      unreachable: [],
      slow: [],
      error: [],
      unsent: [],
      unreceived: [],
      late: [],
      bounced: [],
      login: [],
      password: [],
      missing: [],
      expired: [],
      insecure: [],
      blocked: [],
      full: [],
      forbidden: [],
      notfound: [],
      unresolved: [],
      unuploaded: [],
      unsaved: [],
      hacked: [],
      broken: [],
      flood: [],
      misfiled: [],
      restore: [],
      renew: [],
      charged: [],
    },
    works: [],
    fine: {},
    phrases: {},
  },

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {
    "own-change": [],
    "one-device": [],
    "works-elsewhere": [],
    "own-network": [],
    "domain-expired": [],
    "quota-full": [],
    "user-unknown": [],
    "third-party": [],
    question: [],
    request: [],
    thanks: [],
    billing: [],
    compensation: [],
    "works-again": [],
    "asks-about": [],
    "wrote-before": [],
    expert: [],
    urgent: [],
  },

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
