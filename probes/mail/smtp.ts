import type { Reply } from "../dialogue.js";
import { down, Failure } from "../failures.js";
import { ehloName } from "../starttls.js";
import { base64, plainAnswer, type Login } from "./access.js";
import { judgeSmtpReply, offerOf, type Offer, type Stage } from "./smtp-replies.js";
import type { Conversation, Protocol, Steps } from "./talk.js";

export interface SmtpConversation extends Conversation {
  /** Says `line` at this stage; ends the look unless the reply is one of `expected`. */
  readonly say: (stage: Stage, line: string, expected: readonly number[]) => Promise<Reply>;
  /** Sends a mail to those named before; ends the look unless the server takes it, and returns its words. */
  readonly message: (mail: string) => Promise<string>;
}

/** SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH (RFC 4954); `ehlo` is how we call ourselves. */
export const smtpProtocol = (ehlo?: string): Protocol<SmtpConversation> => ({
  secretless: new Set<Stage>(["greeting", "ehlo", "starttls"]),
  // Sending servers take what they get.
  mindsCertificates: false,
  begin: (steps) => beginSmtp(steps, ehlo ?? ehloName(steps.localAddress)),
});

function beginSmtp({ dialogue, facts, at, refuse }: Steps, name: string): SmtpConversation {
  let offer: Offer = { words: [], starttls: false, mechanisms: new Set() };

  const need = (stage: Stage, reply: Reply, expected: readonly number[]): Reply => {
    const refused = judgeSmtpReply(stage, reply, expected);
    return refused ? refuse(refused.verdict, { ...refused.facts, reply: reply.text }) : reply;
  };
  const say: SmtpConversation["say"] = async (stage, line, expected) => {
    at(stage);
    return need(stage, await dialogue.say(line), expected);
  };

  return {
    goodbye: "QUIT",
    say,
    async message(mail) {
      await say("data", "DATA", [354]);
      at("message");
      // A line with a lone dot would end it (RFC 5321, section 4.5.2).
      dialogue.write(Buffer.from(`${mail.replaceAll(/^\./gm, "..")}\r\n.\r\n`));
      return need("message", await dialogue.read(), [250]).text;
    },
    get offersTls() {
      return offer.starttls;
    },
    greet: async () => need("greeting", await dialogue.read(), [220]).text,
    async offers() {
      at("ehlo");
      let reply = await dialogue.say(`EHLO ${name}`);
      // Before 1995 there was HELO only (RFC 5321, section 3.2).
      if ([500, 502, 504].includes(reply.code)) reply = await dialogue.say(`HELO ${name}`);
      offer = offerOf(need("ehlo", reply, [250]));
      facts["offers"] = offer.words;
    },
    async startTls() {
      const { code, text } = await dialogue.say("STARTTLS");
      if (code === 220) return null;
      const seen = { code, reply: text };
      return { facts: seen, ...(code === 421 && { closing: down("service-closing") }) };
    },
    async logIn(auth) {
      const login = loginSteps(offer, auth);
      if (!login) throw new Failure(down("auth-missing"));
      let reply = await dialogue.say(login.command);
      for (const answer of login.answers) {
        need("auth", reply, [334]);
        reply = await dialogue.say(answer);
      }
      need("auth", reply, [235]);
      return login.mechanism;
    },
  };
}

/** The lines of a login: the command, then one answer for each 334. */
interface LoginSteps {
  readonly mechanism: "PLAIN" | "LOGIN";
  readonly command: string;
  readonly answers: readonly string[];
}

/** PLAIN (RFC 4616) where it is offered, else LOGIN; `null` where neither is. */
function loginSteps({ mechanisms }: Offer, auth: Login): LoginSteps | null {
  if (mechanisms.has("PLAIN"))
    return { mechanism: "PLAIN", command: "AUTH PLAIN", answers: [plainAnswer(auth)] };
  if (!mechanisms.has("LOGIN")) return null;
  const answers = [base64(auth.username), base64(auth.password)];
  return { mechanism: "LOGIN", command: "AUTH LOGIN", answers };
}
