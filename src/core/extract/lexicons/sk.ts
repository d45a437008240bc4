import type { Lexicon } from "../lexicon.js";

/** Slovak. */
export const sk: Lexicon = {
  language: "sk",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      a v na sa je že to z do s o si som sme ste sú ale ako čo už ešte od po za pre ktorý ktorá
      ktoré mi nám nás vás vám tak len alebo keď by byť bol bola bolo nie nejde nejdú nefunguje
      nefungujú prosím ďakujem ďakujeme dobrý deň ahoj ahojte zdravím dnes včera ráno doobeda
      poobede popoludní večer prečo kde kedy môže môžete môžem nemôžem nemôžeme máme mám majú
      naša náš naše vaša vaše stránka stránky web pošta pošty poštu schránka schránky heslo
      všetko nič ani pri pred aby niečo niekto tiež teraz práve asi bude stále zase znova cez
      či vo zo ku kvôli neho ho im tam tu ide idú chodí chodia hlási píše správa správy účet
      chyba chybu hodinu hodín minút zákazník zákazníci klient klienti pán pani volal veľmi
      vôbec neviem
    `,
    own: "ľĺŕôä",
    wrote: ["napísal(a)", "napísal", "napísala", "píše"],
    wroteBegins: ["dňa", "dna", "po", "ut", "st", "št", "pi", "so", "ne"],
    heads: {
      from: ["od", "odosielateľ"],
      sent: ["odoslané", "dátum"],
      to: ["komu"],
      subject: ["predmet"],
    },
    forwarded: ["preposlaná správa", "pôvodná správa"],
    sentFrom: ["odoslané z", "poslané z"],
    closings: [
      "s pozdravom",
      "s priateľským pozdravom",
      "s úctou",
      "pekný deň",
      "prajem pekný deň",
      "zdraví",
    ],
    confidential: ["dôvern", "nie ste adresát", "nie ste určen", "omylom dosta"],
    spelled: {
      at: ["zavináč"],
      dot: ["bodka"],
      hyphen: ["pomlčka", "spojovník", "mínus"],
      underscore: ["podčiarkovník", "podtržítko"],
    },
    slip: {
      not: ["nie", "ne"],
      but: ["ale", "lež"],
      meant: ["myslel som", "myslela som", "správne", "preklep", "pomýlil", "má byť"],
    },
    server: "server* stroj* host*",
    error: "chyb* kód* odpoveď* status* hlášk*",
    counted: `
      ks kus* eur správ mailov e-mailov ľudí minút* hodín* dní fotiek obráz* produkt* zákazník*
      objednáv* percent* strán mega osôb
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
