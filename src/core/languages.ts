/** The languages that reports are read in and answered in. */
export const LANGUAGES = ["hu", "sl", "pl", "cs", "sk", "de", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
