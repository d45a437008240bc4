import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROBES } from "../../probes/index.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { mailServerMissing, startMailServer, type MailServer } from "../support/mail-server.js";

const missing = mailServerMissing();

describe.skipIf(missing !== null)(
  `with Postfix and Dovecot${missing ? ` (${missing})` : ""}`,
  () => {
    let server: MailServer;
    beforeAll(async () => {
      server = await startMailServer();
    });
    afterAll(async () => server?.stop());

    const eyes = { resolver: createResolver() };
    const look = (
      kind: string,
      port: number,
      options: object = {},
      timeoutMs = 8_000,
    ): Promise<Result> => {
      const probe = PROBES[kind];
      if (!probe) throw new Error(`there is no probe ${kind}`);
      const run = probe.prepare(`127.0.0.1:${port}`, { tls: { ca: server.ca }, ...options }, eyes);
      return runProbe(run, timeoutMs, () => new Date());
    };
    const auth = () => ({ username: server.user, password: server.password });

    test("trip", async () => {
      for (const read of [
        { imap: `127.0.0.1:${server.imap}` },
        { pop3: `127.0.0.1:${server.pop3}` },
      ])
        console.log(
          JSON.stringify(
            await look("mail-trip", server.submission, {
              auth: auth(),
              from: "proven@real.test",
              to: server.user,
              read: { ...auth(), ...read, tls: { ca: server.ca } },
            }),
            null,
            1,
          ),
        );
      console.log(JSON.stringify(await look("pop3", server.pop3, { auth: auth() })));
      console.log(server.log());
      expect(1).toBe(1);
    });
  },
);
