import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createToken } from "../../src/store/tokens.js";
import { clock, measured, startTarget, watching } from "../support/ledger.js";
import { embeddedDb, startProgram, type Program } from "../support/program.js";
import { readMail, smtpSink } from "../support/smtp-sink.js";

const NAMES = ["pek", "kovacs", "virag", "optika", "fogaszat", "ugyved"];

const inventory = {
  provider: { name: "Völgyhíd", domain: "volgyhid.example" },
  timezone: "Europe/Budapest",
  servers: [
    {
      id: "tisza",
      hostname: "tisza.volgyhid.example",
      role: "web",
      ipv4: ["127.0.0.1"],
      provides: ["http", "https"],
    },
    {
      id: "maros",
      hostname: "maros.volgyhid.example",
      role: "mail",
      ipv4: ["127.0.0.2"],
      provides: ["imap", "mailbox-store"],
    },
    {
      id: "koros",
      hostname: "koros.volgyhid.example",
      role: "mail",
      ipv4: ["127.0.0.3"],
      provides: ["imap", "mailbox-store"],
    },
  ],
  customers: NAMES.map((name, n) => ({
    account_id: `V-${n}`,
    company: name,
    contact_email: `iroda@${name}-bolt.example`,
    language: "hu",
    domains: [{ name: `${name}-bolt.example` }],
    web_server: "tisza",
    mail_server: "maros",
  })),
};

type Body = Readonly<Record<string, unknown>>;

async function desk(program: Program) {
  const db = embeddedDb(program.dataDir);
  const token = await createToken(db, { name: "duty", role: "admin", now: new Date() });
  const ask = async (method: string, path: string, body?: unknown): Promise<Body> => {
    const response = await fetch(`${program.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  await ask("PUT", "/inventory", inventory);
  const report = (n: number, text: string): Promise<Body> =>
    ask("POST", "/reports", {
      text,
      account: `V-${n}`,
      contact: `iroda@${NAMES[n]}-bolt.example`,
    });
  return { db, ask, report };
}

test(
  "who wrote before anybody noticed is told within a minute of its being noticed",
  { timeout: 120_000 },
  async () => {
    const target = await startTarget();
    const relay = await smtpSink();
    const program = await startProgram({
      config: watching(target, ["web"], {
        site: { name: "Völgyhíd", languages: ["hu"], timezone: "Europe/Budapest" },
        mail: { smtp: `smtp://127.0.0.1:${relay.port}`, from: "status@volgyhid.example" },
        hosts: [
          { id: "tisza", kind: "server", name: "tisza.volgyhid.example", addresses: ["127.0.0.1"] },
        ],
        monitor: { host: "tisza" },
      }),
    });
    const { db, report } = await desk(program);
    const first = await report(0, "Pár perce 500-as hibát ad a honlapunk minden oldala.");
    expect(first["answer"]).toMatchObject({ kind: expect.stringMatching(/individual|none/) });
    target.behave("broken");
    await vi.waitFor(
      async () =>
        expect(await db("incidents").where({ public: true }).select("id")).toHaveLength(1),
      { timeout: 20_000, interval: 50 },
    );
    const noticed = clock();
    await vi.waitFor(
      () => {
        const bodies = relay.letters.map(({ raw }) =>
          readMail(raw)
            .parts.map(({ body }) => body)
            .join(),
        );
        expect(bodies.some((body) => /már tudunk/.test(body))).toBe(true);
      },
      { timeout: 60_000, interval: 100 },
    );
    measured({ adoptedAfterMs: Math.round(clock() - noticed) });
    expect(await db("tickets").pluck("state")).toEqual(["known"]);
    expect((await program.stop()).code).toBe(0);
  },
);

test(
  "what no probe sees is suspected from what customers say, told to staff alone, and confirmed by them",
  { timeout: 120_000 },
  async () => {
    const target = await startTarget();
    const told: Body[] = [];
    const hook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        told.push(JSON.parse(Buffer.concat(chunks).toString()) as Body);
        response.writeHead(204, { connection: "close" }).end();
      });
    }).listen(0, "127.0.0.1");
    await once(hook, "listening");
    onTestFinished(() => void hook.close());
    const { port } = hook.address() as AddressInfo;
    const program = await startProgram({
      config: watching(target, ["web"], {
        site: { name: "Völgyhíd", languages: ["hu"], timezone: "Europe/Budapest" },
        channels: [
          {
            id: "hook",
            kind: "webhook",
            url: `http://127.0.0.1:${port}/`,
            secret: "a secret of twenty-four letters",
          },
        ],
      }),
    });
    const { db, ask, report } = await desk(program);
    const said = [
      "Reggel óta a rendes leveleink is a spam mappába kerülnek, a partnereké is.",
      "Mióta ma bejöttünk, minden ügyfelünk levele a levélszemétben landol. Miért?",
      "A könyvelőm levelei ma délelőtt óta spamként érkeznek, pedig eddig soha.",
      "Ma reggel óta tévesen spamnek jelöli a rendszer a normális leveleket.",
    ];
    for (const [n, text] of said.entries()) await report(n, text);
    await vi.waitFor(() => expect(told.map(({ type }) => type)).toEqual(["suspicion.raised"]), {
      timeout: 20_000,
      interval: 100,
    });
    expect(told[0]).toMatchObject({
      data: { suspicion: { place: "maros", symptom: "mail.spam" }, language: "hu" },
    });
    const page = await (await fetch(program.url)).text();
    expect(page).not.toMatch(/spam/i);
    // It is raised by the third of them; the fourth joins it.
    const suspicion = await vi.waitFor(
      async () => {
        const open = await ask("GET", "/suspicions");
        const [one] = open["items"] as { id: string; members: string[]; accounts: number }[];
        expect(one).toMatchObject({ accounts: said.length });
        return one;
      },
      { timeout: 10_000, interval: 100 },
    );
    const incident = await ask("POST", `/suspicions/${suspicion?.id}/confirm`, {
      title: { hu: "Rendes levelek a levélszemétben", en: "Normal mail is filed as spam" },
      text: { hu: "A szűrő hibás szabályát javítjuk.", en: "We are mending a rule of the filter." },
      public: true,
    });
    expect(incident).toMatchObject({
      cause: { kind: "reports", id: "maros mail.spam" },
      public: true,
    });
    expect(await db("links").whereNull("undone_at").select("id")).toHaveLength(
      suspicion?.members.length ?? 0,
    );
    const late = await report(5, "Nálunk is: ma reggel óta minden levél a spam mappába megy.");
    expect(late["answer"]).toMatchObject({ kind: "known", incident: incident["id"] });
    expect((await program.stop()).code).toBe(0);
  },
);
