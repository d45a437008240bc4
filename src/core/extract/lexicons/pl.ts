import type { Lexicon } from "../lexicon.js";

/** Polish. */
export const pl: Lexicon = {
  language: "pl",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {},

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {},

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {},

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
