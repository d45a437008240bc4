import { expect, test } from "vitest";
import {
  FAULTS,
  PHASES,
  faultOf,
  headline,
  wordsFor,
  type Fault,
  type Sighting,
  type Subject,
} from "../../src/core/wording.js";
import { createTexts } from "../../src/texts.js";
import { REASONS } from "../../probes/reasons.js";

const texts = createTexts({
  timezone: "Europe/Budapest",
  onMissing: (key, language) => {
    throw new Error(`no text for ${key} in ${language}`);
  },
});

const subject = (fault: Fault, rest: Partial<Subject> = {}): Subject => ({
  fault,
  places: [{ en: "mail2" }],
  host: null,
  working: [],
  since: new Date("2026-11-21T09:58:00Z"),
  until: null,
  nextUpdate: new Date("2026-11-21T10:30:00Z"),
  now: new Date("2026-11-21T10:00:00Z"),
  ...rest,
});

const incident = (title: Record<string, string>, state = "investigating" as const) => ({
  title,
  state,
  openedAt: new Date("2026-11-21T09:58:00Z"),
  resolvedAt: null,
  nextUpdateAt: new Date("2026-11-21T10:30:00Z"),
});

const down = (probe: string, reason: string): Sighting => ({ probe, outcome: "down", reason });
const slow = (probe: string, reason = "slow"): Sighting => ({ probe, outcome: "degraded", reason });

test.each<[name: string, cause: string, sightings: Sighting[], fault: Fault]>([
  [
    "a web server that refuses is a website that is down",
    "monitor",
    [down("http", "refused")],
    "web.down",
  ],
  [
    "a wrong status is a website with errors",
    "monitor",
    [down("http", "status-unexpected")],
    "web.errors",
  ],
  [
    "a missing text is a website with errors",
    "monitor",
    [down("http", "text-missing")],
    "web.errors",
  ],
  ["a slow page is a slow website", "monitor", [slow("http")], "web.slow"],
  [
    "an expired certificate of a website is told as such",
    "monitor",
    [down("http", "certificate-expired")],
    "web.certificate",
  ],
  ["a refused login is about signing in", "monitor", [down("smtp", "auth-refused")], "mail.login"],
  [
    "a refused recipient is about sending",
    "monitor",
    [down("smtp", "recipient-refused")],
    "mail.sending",
  ],
  [
    "a silent mail server does not answer",
    "monitor",
    [down("smtp", "timed-out-connect")],
    "mail.down",
  ],
  [
    "a mail certificate is told in mail words",
    "monitor",
    [down("smtp", "certificate-wrong-host")],
    "mail.certificate",
  ],
  ["a closed port takes no connections", "monitor", [down("tcp", "refused")], "port.down"],
  [
    "a bad chain on any port is about secure connections",
    "monitor",
    [down("tls", "certificate-chain-incomplete")],
    "any.certificate",
  ],
  ["an unknown name cannot be found", "monitor", [down("http", "name-not-found")], "name.missing"],
  [
    "a name whose signatures do not hold cannot be found",
    "monitor",
    [down("dns", "dnssec-bogus")],
    "name.missing",
  ],
  [
    "a domain on hold cannot be found",
    "monitor",
    [down("domain", "domain-on-hold")],
    "name.missing",
  ],
  [
    "a domain that expires soon is no outage, however bad it is called",
    "monitor",
    [down("domain", "domain-expires-soon")],
    "name.expiring",
  ],
  [
    "who is on a blocklist cannot send",
    "monitor",
    [down("blocklist", "blocklisted")],
    "mail.sending",
  ],
  [
    "a certificate that expires soon is no outage",
    "monitor",
    [slow("tls", "certificate-expires-soon")],
    "any.expiring",
  ],
  [
    "a host on which nothing answers is down as a whole",
    "host",
    [down("http", "refused"), down("smtp", "timed-out-connect")],
    "host.down",
  ],
  [
    "a host with one fault is told by that fault",
    "host",
    [down("http", "status-unexpected"), down("http", "text-missing")],
    "web.errors",
  ],
  [
    "a host with different faults is told in general",
    "host",
    [down("http", "status-unexpected"), down("smtp", "auth-refused")],
    "any.down",
  ],
  [
    "what is down outweighs what is slow",
    "host",
    [slow("http"), down("smtp", "auth-refused")],
    "mail.login",
  ],
  ["different slow things are told in general", "host", [slow("http"), slow("smtp")], "any.slow"],
  [
    "a host of which not even an echo comes is down",
    "host",
    [down("icmp", "no-reply"), down("http", "timed-out-connect")],
    "host.down",
  ],
  ["a probe of another kind is told in general", "monitor", [down("teapot", "cold")], "any.down"],
  ["nothing seen at all is told in general", "component", [], "any.down"],
  ["blindness is our own fault", "blindness", [], "sight.lost"],
])("wording: %s", (_name, cause, sightings, fault) => {
  expect(faultOf(cause, sightings)).toBe(fault);
});

test("every reason of every probe has a fault with words", () => {
  for (const probe of ["http", "smtp", "tcp", "tls"])
    for (const reason of Object.keys(REASONS))
      for (const outcome of ["down", "degraded"] as const)
        expect(FAULTS).toContain(faultOf("monitor", [{ probe, outcome, reason }]));
});

test("every fault in every phase has a title and a statement in each language", () => {
  for (const fault of FAULTS)
    for (const phase of PHASES)
      for (const places of [
        [{ en: "mail2" }],
        [{ en: "E-mail sending", hu: "Levélküldés" }, { en: "web3" }],
      ] as const) {
        const words = wordsFor(subject(fault, { places, host: { en: "srv9" } }), phase);
        for (const language of texts.languages) {
          const said = [texts.say(language, words.title), texts.say(language, words.text)];
          for (const text of said) {
            expect(text).not.toMatch(/\{\{|\}\}|undefined|\[object|incident\./);
            expect(text.length).toBeGreaterThan(8);
          }
        }
      }
});

test.each<[place: string, en: string, hu: string]>([
  ["mail2", "We know that sending mail from mail2 fails.", "nem sikerül a levélküldés (mail2)"],
  [
    "E-mail sending",
    "We know that E-mail sending: sending mail fails.",
    "nem sikerül a levélküldés (E-mail sending)",
  ],
])("a title about %s goes into a sentence, and a name keeps its capital", (place, en, hu) => {
  const subjectThere = subject("mail.sending", { places: [{ en: place }] });
  const title = texts.localized(wordsFor(subjectThere, "investigating").title);
  expect(texts.t("en", "page.headline.known", { title })).toBe(en);
  expect(texts.t("hu", "page.headline.known", { title })).toContain(hu);
});

test("a title that an operator wrote is kept as it is", () => {
  expect(texts.t("en", "page.headline.known", { title: "FTP uploads hang" })).toBe(
    "We know that FTP uploads hang.",
  );
});

test("a fault since another day is told with its day", () => {
  const line = headline(incident({ en: "web3 is slow" }), new Date("2026-11-22T10:00:00Z"));
  expect(texts.localized(line)).toEqual({
    en: "web3 is slow – since 10:58 on 21 November",
    hu: "web3 is slow – november 21. 10:58 óta",
    sl: "web3 is slow – od 21. 11. ob 10:58",
    pl: "web3 is slow – od 21 listopada godz. 10:58",
    cs: "web3 is slow – od 21. listopadu 10:58",
    sk: "web3 is slow – od 21. novembra 10:58",
    de: "web3 is slow – seit 21. November, 10:58 Uhr",
  });
});

test("a failed host is named first and what customers know of it follows", () => {
  const host = { en: "rack-a" };
  const said = texts.localized(
    wordsFor(subject("host.down", { host, places: [{ en: "Webshop" }] }), "investigating").text,
  );
  expect(said["en"]).toMatch(/rack-a cannot be reached as a whole.*Affected: Webshop\. Next word/);
  const alone = wordsFor(subject("host.down", { host, places: [host] }), "investigating").text;
  expect(alone.flatMap(({ keys }) => keys)).not.toContain("incident.affected");
});

test("what still works is said while the fault lasts, and not afterwards", () => {
  const working = [{ en: "Webmail" }];
  const said = (phase: "identified" | "resolved") =>
    texts.say("en", wordsFor(subject("web.down", { working }), phase).text);
  expect(said("identified")).toContain("Works as usual: Webmail.");
  expect(said("resolved")).not.toContain("Works as usual");
  expect(said("resolved")).not.toContain("Next word");
});
