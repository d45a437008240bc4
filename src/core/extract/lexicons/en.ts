import type { Lexicon } from "../lexicon.js";

/** English. */
export const en: Lexicon = {
  language: "en",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {},

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {},

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {},

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
