import type { Channel } from "./channel.js";
import { email } from "./email.js";
import { webhook } from "./webhook.js";

/** Every voice Tudunk has, by the word the configuration file uses for it. */
export const CHANNELS: Readonly<Record<string, Channel>> = { email, webhook };
