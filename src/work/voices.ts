import type { ChannelSettings, Config } from "../config/config.js";
import type { Log } from "../log.js";
import { CHANNELS } from "../notify/index.js";
import { prepareLetters, type SendLetter } from "../notify/letters.js";
import type { MailSettings, Send } from "../notify/channel.js";
import type { Texts } from "../texts.js";

/** The channels of the configuration in force, ready to send. */
export interface Voices {
  /** Prepares what is new or changed and closes what is gone. */
  use(config: Config, texts: Texts): Promise<void>;
  readonly ready: ReadonlyMap<string, Voice>;
  /** What speaks to customers; `null` without a section `mail:`. */
  readonly letters: { readonly send: SendLetter } | null;
  close(): Promise<void>;
}

interface Voice {
  readonly kind: string;
  readonly send: Send;
}

interface Prepared extends Voice {
  /** Tells whether what it was made from still holds. */
  readonly made: string;
  close(): Promise<void>;
}

export function createVoices(log: Log): Voices {
  const ready = new Map<string, Prepared>();
  let letters: (ReturnType<typeof prepareLetters> & { readonly made: string }) | null = null;

  const end = async (id: string): Promise<void> => {
    const gone = ready.get(id);
    ready.delete(id);
    await gone?.close();
  };

  const prepare = (channel: ChannelSettings, mail: MailSettings | null, texts: Texts) => {
    const kind = CHANNELS[channel.kind];
    if (!kind) throw new Error(`there is no channel ${channel.kind}`);
    return kind.prepare(channel.settings, { mail, texts });
  };

  const prepareMail = async (mail: MailSettings | null): Promise<void> => {
    const made = JSON.stringify(mail);
    if (letters?.made === made) return;
    const gone = letters;
    letters = null;
    await gone?.close();
    if (mail === null) return;
    try {
      letters = { ...prepareLetters(mail), made };
    } catch (error) {
      log.error({ err: error }, "letters.unusable");
      letters = { ...UNUSABLE, made };
    }
  };

  return {
    ready,
    get letters() {
      return letters;
    },
    async use({ channels, mail, texts: own }, texts) {
      const made = new Map(
        channels.map(({ id, kind, settings }) => [id, JSON.stringify([kind, settings, mail, own])]),
      );
      await prepareMail(mail);
      for (const [id, present] of ready) if (made.get(id) !== present.made) await end(id);
      for (const channel of channels) {
        const { id, kind } = channel;
        if (ready.has(id)) continue;
        try {
          ready.set(id, { ...prepare(channel, mail, texts), kind, made: made.get(id) ?? "" });
        } catch (error) {
          log.error({ channel: id, err: error }, "channel.unusable");
          ready.set(id, { ...UNUSABLE, kind, made: made.get(id) ?? "" });
        }
      }
    },
    async close() {
      for (const id of ready.keys()) await end(id);
      await letters?.close();
      letters = null;
    },
  };
}

/** Stands in for a channel that cannot be prepared, so that what is owed to it waits for better settings. */
const UNUSABLE = {
  send: () => Promise.resolve({ sent: false, retry: true, reason: "channel-unusable" } as const),
  close: () => Promise.resolve(),
};
