import { hostname } from "node:os";
import type { Dialogue } from "./dialogue.js";
import { down, Failure } from "./failures.js";
import { offerOf } from "./mail/smtp-replies.js";

export const STARTTLS_PROTOCOLS = ["smtp", "imap", "pop3"] as const;
export type StartTlsProtocol = (typeof STARTTLS_PROTOCOLS)[number];

/** How to ask for TLS inside a conversation, and how to leave it. */
export interface StartTls {
  readonly port: number;
  readonly goodbye: string;
  /** Talks up to the server's "go ahead"; fails as refused or not offered. */
  ask(dialogue: Dialogue): Promise<void>;
}

const refusal = (
  reason: "greeting-refused" | "starttls-missing" | "starttls-refused",
  reply: string,
) => new Failure(down(reason, { reply }));

export const STARTTLS: Readonly<Record<StartTlsProtocol, StartTls>> = {
  /** RFC 3207. */
  smtp: {
    port: 25,
    goodbye: "QUIT",
    async ask(dialogue) {
      const greeting = await dialogue.read();
      if (greeting.code !== 220) throw refusal("greeting-refused", greeting.text);
      const offer = await dialogue.say(`EHLO ${ehloName()}`);
      if (!offerOf(offer).starttls) throw refusal("starttls-missing", offer.text);
      const answer = await dialogue.say("STARTTLS");
      if (answer.code !== 220) throw refusal("starttls-refused", answer.text);
    },
  },
  /** RFC 3501, section 6.2.1. */
  imap: {
    port: 143,
    goodbye: "b LOGOUT",
    async ask(dialogue) {
      const greeting = await dialogue.line();
      if (!/^\* OK\b/i.test(greeting)) throw refusal("greeting-refused", greeting);
      dialogue.send("a STARTTLS");
      let answer = await dialogue.line();
      while (answer.startsWith("* ")) answer = await dialogue.line();
      if (/^a OK\b/i.test(answer)) return;
      // RFC 3501: BAD is what a server says to a command that it does not know.
      throw refusal(/^a NO\b/i.test(answer) ? "starttls-refused" : "starttls-missing", answer);
    },
  },
  /** RFC 2595, section 4. */
  pop3: {
    port: 110,
    goodbye: "QUIT",
    async ask(dialogue) {
      const greeting = await dialogue.line();
      if (!greeting.startsWith("+OK")) throw refusal("greeting-refused", greeting);
      dialogue.send("STLS");
      const answer = await dialogue.line();
      if (!answer.startsWith("+OK")) throw refusal("starttls-missing", answer);
    },
  },
};

/** This machine's name where it is a full one, else the address that we speak from (RFC 5321, section 4.1.3). */
export function ehloName(localAddress = "127.0.0.1"): string {
  const name = hostname();
  if (/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(name)) return name;
  return localAddress.includes(":") ? `[IPv6:${localAddress}]` : `[${localAddress}]`;
}
