import type { z } from "zod";
import type { EventName, SUSPICION_RAISED, SuspicionNotice } from "../core/delivery.js";
import type { IncidentView } from "../core/incident-view.js";
import type { Texts } from "../texts.js";

/** One thing to say, the same for every channel of its kind. */
export type Message = IncidentMessage | SuspicionMessage;

interface MessageHead {
  /** Stable across retries: receivers may use it to drop a second copy. `[a-zA-Z0-9_-]{1,64}`. */
  readonly key: string;
  /** When the change happened, not when this attempt is made. */
  readonly at: Date;
  /** One line for people: what fails, since when. Plain text in `language`. */
  readonly headline: string;
  /** The wording of the change, plain text, several lines. */
  readonly text: string;
  readonly language: string;
  /** Where it can be read. */
  readonly url: string;
  readonly site: { readonly name: string; readonly url: string; readonly timezone: string };
}

export interface IncidentMessage extends MessageHead {
  readonly event: EventName;
  readonly incident: IncidentView;
  /** Monitor → what it looks at and what it saw last; for staff, text from outside in it. */
  readonly details?: Readonly<Record<string, string>>;
  /** Affected component → its name in `language`. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface SuspicionMessage extends MessageHead {
  readonly event: typeof SUSPICION_RAISED;
  readonly suspicion: SuspicionNotice;
}

/** What the far side answered. `retry: false` is final; `afterMs` is the wait it asked for. */
export type SendResult =
  | { readonly sent: true; readonly detail?: string }
  | {
      readonly sent: false;
      readonly retry: boolean;
      readonly afterMs?: number;
      readonly reason: string;
    };

/** Sends one message; never rejects for a failure of the far side, only for a bug of ours. */
export type Send = (message: Message, signal: AbortSignal) => Promise<SendResult>;

/** What a channel may use besides its own settings. */
export interface ChannelContext {
  readonly mail: MailSettings | null;
  /** Words around the message; without it those of the language files, none of the operator's. */
  readonly texts?: Texts;
  /** The longest that one send may take, in ms; by default 20 s for a webhook and 60 s for a mail. */
  readonly timeoutMs?: number;
}

export interface MailSettings {
  /** `smtp://user@host:587` or `smtps://…`, the password apart. */
  readonly smtp: string;
  readonly password: string | null;
  readonly from: string;
}

/** A voice. One file, one object, one word in `notify/index.ts`. */
export interface Channel {
  readonly kind: string;
  /** The kind's own keys beside `id` and `kind`; strict. */
  readonly settings: z.ZodObject;
  /** Reads the settings once. Throws a plain one-line `Error` on bad settings. */
  prepare(
    settings: unknown,
    context: ChannelContext,
  ): { readonly send: Send; close(): Promise<void> };
}
