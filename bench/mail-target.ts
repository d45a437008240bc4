import { openSink, type Sink } from "../test/support/mail-sink.js";
import { answering } from "./child.js";

/** A mail server that delivers at once, in a process of its own so that its cost is nobody else's. */
export type MailQuestion =
  { readonly do: "listen"; readonly cert: string; readonly key: string } | { readonly do: "count" };

export interface MailPorts {
  readonly smtp: number;
  readonly imap: number;
}

export interface MailCounts {
  readonly submitted: number;
  readonly imapLogins: number;
  readonly imapCommands: number;
  /** Mails that lie in the mailbox. */
  readonly left: number;
}

let sink: Sink | undefined;

answering(async (question: MailQuestion): Promise<MailPorts | MailCounts> => {
  sink ??= await openSink({ tls: question.do === "listen" ? question : {} });
  if (question.do === "listen") return { smtp: sink.smtp, imap: sink.imap };
  return {
    ...sink.counts,
    imapCommands: sink.heard.length,
    left: sink.mails.length,
  };
});
