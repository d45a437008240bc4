import type { Lexicon } from "../lexicon.js";

/** Czech. */
export const cs: Lexicon = {
  language: "cs",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      a v na se je že to z do s o si jsem jsme jste jsou ale jak co už ještě od po za pro který
      která které mi nám nás vás vám tak jen nebo když by být byl byla bylo není nejde nejdou
      nefunguje nefungují prosím děkuji děkujeme díky dobrý den ahoj zdravím dnes včera ráno
      dopoledne odpoledne večer proč kde kdy může můžete mohu nemohu nemůžu máme mám mají naše
      náš vaše stránky stránka web pošta pošty poštu schránka schránky heslo všechno nic ani
      jako při před aby něco někdo také taky teď právě asi bude pořád zase znovu přes jestli ve
      ze ke kvůli mně něj ho jí jim tam tady jde jdou chodí hlásí píše zpráva zprávy účet chyba
      chybu server hodinu hodin minut zákazník zákazníci pán paní volal volala moc stejné vůbec
    `,
    own: "ěřů",
    wrote: ["napsal(a)", "napsal", "napsala", "píše"],
    wroteBegins: ["dne", "po", "út", "st", "čt", "pá", "so", "ne"],
    heads: {
      from: ["od", "odesílatel"],
      sent: ["odesláno", "datum"],
      to: ["komu"],
      subject: ["předmět"],
    },
    forwarded: ["přeposlaná zpráva", "původní zpráva", "původní e-mail"],
    sentFrom: ["odesláno z", "posláno z", "odesláno z iphonu"],
    closings: [
      "s pozdravem",
      "s přátelským pozdravem",
      "s úctou",
      "hezký den",
      "pěkný den",
      "přeji hezký den",
      "zdraví",
      "děkuji a přeji",
    ],
    confidential: [
      "důvěrn",
      "nejste adresát",
      "nejste zamýšlen",
      "určeným příjemcem",
      "omylem obdrže",
    ],
    spelled: {
      at: ["zavináč"],
      dot: ["tečka"],
      hyphen: ["pomlčka", "spojovník", "mínus"],
      underscore: ["podtržítko"],
    },
    slip: {
      not: ["ne", "nikoli", "nikoliv"],
      but: ["ale", "nýbrž"],
      meant: ["myslel jsem", "myslela jsem", "správně", "překlep", "spletl", "spletla", "má být"],
    },
    server: "server* stroj* host*",
    error: "chyb* kód* odpověď* status* hlášk*",
    counted: `
      ks kus* kč korun* zpráv* mailů e-mailů lidí minut* hodin* dn* fotek obráz* produkt*
      zákazník* objednáv* procent* stran mega osob*
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
