import type { Lexicon } from "../lexicon.js";

/** Slovenian. */
export const sl: Lexicon = {
  language: "sl",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      je in da ne se na za v z s so ki pa tudi kot ali že še ker če kaj kako kje kdaj zakaj pri
      od do po iz mi nam nas vam vas sem smo ste bi bil bila bilo ni nisem niso nimamo imam
      imamo lahko danes včeraj zjutraj dopoldne dopoldan popoldne popoldan zvečer prosim hvala
      pozdravljeni pozdrav spoštovani dober dan živjo zdravo lep lp dela delajo deluje delata
      stran strani pošta pošte pošto sporočilo sporočila moj moja moje naš naša naše vaš vaša
      vse vsi nič samo bo bodo ta to ti tega tem več zelo spet morem moremo more mogoče napaka
      napako geslo strežnik strežnika naslov predal račun vprašanje sploh zdaj sedaj enako isto
      javlja piše uro ura ur minut preko brez ampak kar jih ga mu nato potem strank stranke ob
      kateri katera ko jaz ona oni što kada jer nije jučer jutros molim poštovani
    `,
    own: "",
    wrote: [
      "je napisal",
      "je napisala",
      "je napisal/a",
      "je napisal(a)",
      "napisal",
      "napisala",
      "piše",
    ],
    wroteBegins: ["dne", "v", "dana"],
    heads: {
      from: ["od", "pošiljatelj"],
      sent: ["poslano", "datum"],
      to: ["za", "prejemnik"],
      subject: ["zadeva"],
    },
    forwarded: ["posredovano sporočilo", "izvirno sporočilo", "posredovano", "prvotno sporočilo"],
    sentFrom: ["poslano iz", "poslano z", "poslano prek", "poslano preko"],
    closings: [
      "lep pozdrav",
      "lp",
      "s spoštovanjem",
      "lepo pozdravljeni",
      "prijazen pozdrav",
      "z lepimi pozdravi",
      "srečno",
      "lep dan",
    ],
    confidential: ["zaupn", "niste naslovnik", "naslovniku", "pomotoma prejeli"],
    spelled: {
      at: ["afna", "kukucs", "afnica"],
      dot: ["pika"],
      hyphen: ["vezaj", "pomišljaj", "minus"],
      underscore: ["podčrtaj", "podčrtano"],
    },
    slip: {
      not: ["ne"],
      but: ["ampak", "temveč", "pač"],
      meant: ["mislil sem", "mislila sem", "pravilno", "zatipkal", "zatipkala", "popravek"],
    },
    server: "strežnik* streznk* server* gostitelj*",
    error: "napak* kod* odgovor* status* javlja",
    counted: `
      kos* eur evro* sporočil* mailov mejlov član* minut* ur dni slik* izdelk* strank* gost*
      naročil* odstotk* ljudi strani mega oseb*
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
