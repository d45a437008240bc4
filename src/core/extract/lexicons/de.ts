import type { Lexicon } from "../lexicon.js";

/** German. */
export const de: Lexicon = {
  language: "de",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {},

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {},

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {},

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
