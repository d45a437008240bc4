import type { Lexicon } from "../lexicon.js";

/** Slovenian. */
export const sl: Lexicon = {
  language: "sl",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {},

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {},

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {},

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
