import { pino, type DestinationStream, type Logger } from "pino";

/** Structured JSON lines: `log.info({ incident: "…" }, "incident.opened")`. Event is `noun.past-verb`. */
export type Log = Logger;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Field names whose values never reach a line, at the top and one level down. */
const SECRET = ["password", "secret", "token", "authorization", "auth", "cookie", "apiKey"];

/** What the database says of an error may quote a customer's words. */
const QUOTING = ["err.detail", "err.where", "err.internalQuery"];

/** A logger writing to `destination` (default: standard output) that redacts secrets by name. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    messageKey: "event",
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [...SECRET.flatMap((name) => [name, `*.${name}`]), ...QUOTING],
      censor: "[secret]",
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
