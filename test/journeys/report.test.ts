import { randomBytes } from "node:crypto";
import { expect, test, vi } from "vitest";
import { createToken, type Role } from "../../src/store/tokens.js";
import { startTarget, watching } from "../support/ledger.js";
import { embeddedDb, startProgram } from "../support/program.js";
import { readMail, smtpSink } from "../support/smtp-sink.js";

/** What a customer of each language writes when their shop shows an error, and words of the answer. */
const TOLD: readonly {
  readonly language: string;
  readonly text: string;
  readonly known: RegExp;
  readonly fixed: RegExp;
}[] = [
  {
    language: "hu",
    text: "Jó napot! Percek óta 500-as hibát ír ki a webáruházunk, a vevők nem tudnak rendelni. Kovácsné",
    known: /már tudunk/,
    fixed: /működik/,
  },
  {
    language: "sl",
    text: "Pozdravljeni, naša spletna trgovina že nekaj minut vrača napako 500, kupci ne morejo naročati.",
    known: /že vemo/i,
    fixed: /deluje/,
  },
  {
    language: "pl",
    text: "Dzień dobry, od kilku minut nasz sklep internetowy pokazuje błąd 500 i klienci nie mogą zamawiać.",
    known: /wiemy/i,
    fixed: /działa/,
  },
  {
    language: "cs",
    text: "Dobrý den, náš e-shop už několik minut hlásí chybu 500, zákazníci nemohou objednávat.",
    known: /víme/i,
    fixed: /funguje/,
  },
  {
    language: "sk",
    text: "Dobrý deň, náš e-shop už niekoľko minút hlási chybu 500, zákazníci nemôžu objednávať.",
    known: /vieme/i,
    fixed: /funguje/,
  },
  {
    language: "de",
    text: "Guten Tag, unser Online-Shop zeigt seit einigen Minuten Fehler 500, Kunden können nicht bestellen.",
    known: /wissen/i,
    fixed: /funktioniert/,
  },
  {
    language: "en",
    text: "Hello, our web shop has been showing error 500 for some minutes now, customers cannot order.",
    known: /already know/,
    fixed: /works/,
  },
];

interface Body {
  readonly answer: {
    readonly kind: string;
    readonly language: string;
    readonly text: string;
    readonly incident: string | null;
    readonly page: string;
  };
}

const randomId = (): string => randomBytes(6).toString("hex");

const domainOf = (language: string): string => `bolt-${language}.example`;

const inventory = {
  provider: { name: "Kertalja", domain: "kertalja.example" },
  timezone: "Europe/Budapest",
  servers: [
    {
      id: "shop7",
      hostname: "shop7.kertalja.example",
      role: "web",
      ipv4: ["127.0.0.1"],
      provides: ["http", "https"],
    },
  ],
  services: [
    { id: "shop7/http", server: "shop7", kind: "http" },
    { id: "shop7/https", server: "shop7", kind: "https" },
  ],
  customers: TOLD.map(({ language }, n) => ({
    account_id: `K-${100 + n}`,
    company: `Bolt ${language}`,
    contact_email: `iroda@${domainOf(language)}`,
    language,
    domains: [{ name: domainOf(language) }],
    web_server: "shop7",
  })),
};

test(
  "a report is understood, linked, answered, kept up to date, told of the end, and doubts are heard",
  { timeout: 120_000 },
  async () => {
    const target = await startTarget();
    const relay = await smtpSink();
    const program = await startProgram({
      config: watching(target, ["shop"], {
        site: { name: "Kertalja", languages: ["hu", "en"], timezone: "Europe/Budapest" },
        mail: {
          smtp: `smtp://127.0.0.1:${relay.port}`,
          from: "Kertalja <status@kertalja.example>",
        },
        hosts: [
          { id: "shop7", kind: "server", name: "shop7.kertalja.example", addresses: ["127.0.0.1"] },
        ],
        monitor: { host: "shop7" },
      }),
    });
    const db = embeddedDb(program.dataDir);
    const api = async (role: Role) => {
      const token = await createToken(db, { name: `the ${role}`, role, now: new Date() });
      return async (method: string, path: string, body?: unknown) => {
        const response = await fetch(`${program.url}/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        return { status: response.status, body: (await response.json()) as Body };
      };
    };
    const admin = await api("admin");
    const source = await api("source");
    expect((await admin("PUT", "/inventory", inventory)).status).toBe(200);

    target.behave("broken");
    const incident: string = await vi.waitFor(
      async () => {
        const [row] = await db("incidents").where({ public: true }).select("id");
        if (!row) throw new Error("nothing opened");
        return row.id;
      },
      { timeout: 20_000, interval: 100 },
    );

    const pages = new Map<string, string>();
    for (const { language, text, known } of TOLD) {
      const { status, body } = await source("POST", "/reports", {
        text,
        account: `K-${100 + TOLD.findIndex((one) => one.language === language)}`,
        contact: `iroda@${domainOf(language)}`,
        hear: "every",
      });
      expect(status).toBe(202);
      expect(body.answer).toMatchObject({
        kind: "known",
        language,
        incident,
      });
      expect(body.answer.text).toMatch(known);
      pages.set(language, body.answer.page);
    }
    const lettersTo = (language: string) =>
      relay.letters
        .filter(({ to }) => to[0] === `iroda@${domainOf(language)}`)
        .map(({ raw }) => readMail(raw));
    const textOf = (language: string, n: number): string =>
      lettersTo(language)
        [n]?.parts.map(({ body }) => body)
        .join("\n") ?? "";
    await vi.waitFor(
      () => {
        for (const { language, known } of TOLD) expect(textOf(language, 0)).toMatch(known);
      },
      { timeout: 10_000 },
    );
    for (const { language } of TOLD) expect(textOf(language, 0)).toContain(pages.get(language));

    const statement = Object.fromEntries(
      TOLD.map(({ language }) => [language, `Word in ${language}.`]),
    );
    const said = await admin("POST", `/incidents/${incident}/updates`, { text: statement });
    expect(said.status).toBe(201);
    await vi.waitFor(
      () => {
        for (const { language } of TOLD)
          expect(textOf(language, 1)).toContain(`Word in ${language}.`);
      },
      { timeout: 10_000 },
    );

    target.behave("well");
    await vi.waitFor(
      () => {
        for (const { language, fixed } of TOLD) expect(textOf(language, 2)).toMatch(fixed);
      },
      { timeout: 30_000, interval: 200 },
    );
    expect(await db("tickets").distinct("state").pluck("state")).toEqual(["fixed"]);

    // Three customers say on their pages that it is not over; nobody else may say so for them.
    const say = async (page: string, act: string): Promise<number> => {
      const response = await fetch(page, {
        method: "POST",
        redirect: "manual",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "sec-fetch-site": "same-origin",
        },
        body: new URLSearchParams({ act, id: randomId() }),
      });
      return response.status;
    };
    for (const language of ["hu", "pl", "de"])
      expect(await say(pages.get(language) ?? "", "broken")).toBe(303);
    expect(await say((pages.get("en") ?? "").slice(0, -2) + "xx", "broken")).toBe(404);
    await vi.waitFor(
      async () =>
        expect(await db("incidents").where({ id: incident }).pluck("state")).toEqual([
          "investigating",
        ]),
      { timeout: 30_000, interval: 200 },
    );
    await vi.waitFor(() => expect(textOf("en", 3)).toMatch(/still fails/), { timeout: 15_000 });
    const over = { text: { en: "Now it is over." }, state: "resolved" };
    expect((await admin("POST", `/incidents/${incident}/updates`, over)).status).toBe(201);

    expect((await program.stop()).code).toBe(0);
  },
);
