import { isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { LOG_LEVELS, type LogLevel } from "./log.js";

/** Everything the environment says, checked. */
export interface Settings {
  readonly port: number;
  /** `null` for all interfaces. */
  readonly host: string | null;
  readonly publicUrl: string | null;
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** The configuration file; it may not be there yet. */
  readonly configPath: string;
  /** Whether somebody named the file, so that its absence is worth a word. */
  readonly configNamed: boolean;
  /** Seals and signs; `null`: that of the data folder. Several instances on one database need the same. */
  readonly secretKey: string | null;
  readonly logLevel: LogLevel;
  readonly trustProxy: readonly string[];
}

const optional = <T extends z.ZodType>(type: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), type.optional());

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `expected a ${protocols.join(" or ")} address`,
  });

const subnet = z.string().refine(
  (text) => {
    const [address = "", bits, ...rest] = text.split("/");
    const most = isIP(address) === 6 ? 128 : 32;
    return (
      isIP(address) !== 0 &&
      rest.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
    );
  },
  { error: "expected addresses or CIDRs, separated by commas" },
);

const schema = z.object({
  PORT: optional(z.coerce.number({ error: "expected a port" }).int().min(0).max(65_535)),
  HOST: optional(z.string()),
  PUBLIC_URL: optional(url("http:", "https:")),
  DATABASE_URL: optional(url("postgres:", "postgresql:")),
  DATA_DIR: optional(z.string()),
  TUDUNK_CONFIG: optional(z.string()),
  SECRET_KEY: optional(z.string().min(32, { error: "expected 32 random characters or more" })),
  LOG_LEVEL: optional(z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(", ")}` })),
  TRUST_PROXY: optional(
    z
      .string()
      .transform((list) => list.split(",").map((one) => one.trim()))
      .pipe(z.array(subnet)),
  ),
});

/** Settings, or one line for each variable that is wrong; values are never shown. */
export type SettingsRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads the environment at once. The only place that knows its variables. */
export function readSettings(env: NodeJS.ProcessEnv): SettingsRead {
  const read = schema.safeParse(env);
  if (!read.success)
    return {
      ok: false,
      mistakes: read.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`),
    };
  const { PORT, HOST, PUBLIC_URL, DATABASE_URL, DATA_DIR, TUDUNK_CONFIG } = read.data;
  const { SECRET_KEY, LOG_LEVEL, TRUST_PROXY } = read.data;
  return {
    ok: true,
    settings: {
      port: PORT ?? 3000,
      host: HOST ?? null,
      publicUrl: PUBLIC_URL?.replace(/\/+$/, "") ?? null,
      databaseUrl: DATABASE_URL ?? null,
      dataDir: resolve(DATA_DIR ?? "data"),
      configPath: resolve(TUDUNK_CONFIG ?? "tudunk.yaml"),
      configNamed: TUDUNK_CONFIG !== undefined,
      secretKey: SECRET_KEY ?? null,
      logLevel: LOG_LEVEL ?? "info",
      trustProxy: TRUST_PROXY ?? [],
    },
  };
}
