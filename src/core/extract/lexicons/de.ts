import type { Lexicon } from "../lexicon.js";

/** German. */
export const de: Lexicon = {
  language: "de",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {
    common: `
      der die das und ist nicht ein eine einen ich wir sie es in zu den dem mit auf für von
      seit im an bei auch nur noch aber als wie was wenn dass kein keine keinen haben habe hat
      sind war wird werden kann können unsere unser unserer mein meine ihre ihrer ihr uns mir
      mich bitte danke guten tag hallo sehr geehrte geehrter damen herren heute gestern morgen
      früh vormittag nachmittag abend warum wann wo schon mehr immer wieder jetzt vom zum zur
      am nach aus über funktioniert geht kommt kommen alle alles nichts sich diese dieser
      dieses man oder so sowie weil einer eines um ca etwa uhr grüße gruß freundlichen
      nachricht nachrichten seite webseite postfach passwort fehler konto kunde kunden
    `,
    own: "ß",
    wrote: ["schrieb", "hat geschrieben"],
    wroteBegins: ["am"],
    heads: { from: ["von"], sent: ["gesendet", "datum"], to: ["an"], subject: ["betreff"] },
    forwarded: [
      "weitergeleitete nachricht",
      "ursprüngliche nachricht",
      "originalnachricht",
      "anfang der weitergeleiteten nachricht",
    ],
    sentFrom: [
      "von meinem iphone gesendet",
      "von meinem ipad gesendet",
      "gesendet von",
      "gesendet mit",
      "von unterwegs gesendet",
    ],
    closings: [
      "mit freundlichen grüßen",
      "mit freundlichem gruß",
      "mit besten grüßen",
      "viele grüße",
      "beste grüße",
      "freundliche grüße",
      "liebe grüße",
      "schöne grüße",
      "herzliche grüße",
      "mfg",
      "lg",
      "vg",
      "hochachtungsvoll",
    ],
    confidential: [
      "vertraulich",
      "nicht der richtige adressat",
      "nicht der beabsichtigte",
      "irrtümlich erhalten",
    ],
    spelled: {
      at: ["klammeraffe", "ät"],
      dot: ["punkt"],
      hyphen: ["bindestrich", "minus", "strich"],
      underscore: ["unterstrich"],
    },
    slip: {
      not: ["nicht"],
      but: ["sondern"],
      meant: ["meinte", "gemeint", "richtig ist", "tippfehler", "vertippt", "korrektur"],
    },
    server: "server* rechner* maschine* host*",
    error: "fehler* code* antwort* status* meldung* statuscode",
    counted: `
      stück* euro* mails e-mails nachrichten personen leute* minuten stunden tage* bilder*
      fotos produkte* kunden bestellungen prozent seiten mitglieder*
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
