import type { ChannelSettings, Config } from "../config/config.js";
import type { Log } from "../log.js";
import { CHANNELS } from "../notify/index.js";
import type { MailSettings, Send } from "../notify/channel.js";

/** The channels of the configuration in force, ready to send. */
export interface Voices {
  /** Prepares what is new or changed and closes what is gone. */
  use(config: Config): Promise<void>;
  readonly ready: ReadonlyMap<string, Voice>;
  close(): Promise<void>;
}

interface Voice {
  readonly kind: string;
  readonly send: Send;
}

interface Prepared extends Voice {
  /** Tells whether the settings it was made from still hold. */
  readonly made: string;
  close(): Promise<void>;
}

export function createVoices(log: Log): Voices {
  const ready = new Map<string, Prepared>();

  const end = async (id: string): Promise<void> => {
    const gone = ready.get(id);
    ready.delete(id);
    await gone?.close();
  };

  return {
    ready,
    async use({ channels, mail }) {
      const wanted = new Map(channels.map((channel) => [channel.id, channel]));
      for (const [id, { made }] of ready) {
        const channel = wanted.get(id);
        if (!channel || madeFrom(channel, mail) !== made) await end(id);
      }
      for (const channel of channels) {
        if (ready.has(channel.id)) continue;
        try {
          const prepared = CHANNELS[channel.kind]?.prepare(channel.settings, { mail });
          if (prepared)
            ready.set(channel.id, {
              ...prepared,
              kind: channel.kind,
              made: madeFrom(channel, mail),
            });
        } catch (error) {
          log.error({ channel: channel.id, err: error }, "channel.unusable");
        }
      }
    },
    async close() {
      for (const id of ready.keys()) await end(id);
    },
  };
}

const madeFrom = ({ kind, settings }: ChannelSettings, mail: MailSettings | null): string =>
  JSON.stringify([kind, settings, mail]);
