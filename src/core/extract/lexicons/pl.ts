import type { Lexicon } from "../lexicon.js";

/** Polish. */
export const pl: Lexicon = {
  language: "pl",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      i w z na do nie się jest to że o od po za ale co jak czy już tak tylko przez dla jestem
      są był była było być może mogę możemy mamy mam nam nas mnie mi państwa państwo proszę
      dziękuję dzień dobry witam pozdrawiam cześć hej dzisiaj dziś wczoraj rano wieczorem kiedy
      dlaczego gdzie który która które ten ta te tego tej tym bardzo też jeszcze teraz nic
      wszystko strona strony stronę poczta poczty pocztę skrzynka skrzynki działa działają nasz
      nasza nasze moja mój ktoś coś u ze we przy bo gdy więc oraz bez żeby ponieważ wszystkie
      wiadomości wiadomość maile maila hasło serwer serwera błąd konto klient klienci pisze
      znowu dalej godziny godzin minut domena faktura pyta pan pani sklep ja my wy jego ich
      sobie
    `,
    own: "łąężźśćń",
    wrote: ["pisze", "napisał(a)", "napisał", "napisała", "użytkownik"],
    wroteBegins: ["w dniu", "dnia", "użytkownik", "pon", "wt", "śr", "czw", "pt", "sob", "niedz"],
    heads: {
      from: ["od", "nadawca"],
      sent: ["wysłano", "data"],
      to: ["do", "adresat"],
      subject: ["temat"],
    },
    forwarded: [
      "wiadomość przekazana",
      "wiadomość oryginalna",
      "przekazana wiadomość",
      "oryginalna wiadomość",
      "treść przekazanej wiadomości",
    ],
    sentFrom: ["wysłano z", "wysłane z"],
    closings: [
      "pozdrawiam",
      "pozdrawiamy",
      "z poważaniem",
      "z pozdrowieniami",
      "z wyrazami szacunku",
      "łączę wyrazy szacunku",
      "serdecznie pozdrawiam",
      "pozdr",
    ],
    confidential: ["poufn", "nie jest adresatem", "nie są państwo adresatem", "omyłkowo"],
    spelled: {
      at: ["małpa", "małpka"],
      dot: ["kropka"],
      hyphen: ["myślnik", "kreska", "minus", "łącznik"],
      underscore: ["podkreślenie", "podkreślnik", "podłoga"],
    },
    slip: {
      not: ["nie"],
      but: ["tylko", "lecz", "ale"],
      meant: ["miało być", "chodziło mi o", "chodziło o", "poprawnie", "literówka", "pomyłka"],
    },
    server: "serwer* maszyn* host*",
    error: "błąd* błęd* kod* odpowied* status* komunikat*",
    counted: `
      szt* zł zl pln złotych wiadomości maili e-maili osób minut* godzin* dni zdję* produkt*
      klient* zamówie* procent* stron mega tysi*
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
