import type { Lexicon } from "../lexicon.js";

/** Slovak. */
export const sk: Lexicon = {
  language: "sk",

  // ── how letters are written ────────────────────────────────────────────────────────────────
  letters: {},

  // ── WHAT ───────────────────────────────────────────────────────────────────────────────────
  what: {},

  // ── cues: their own cause, or no fault at all ──────────────────────────────────────────────
  cues: {},

  // ── SINCE WHEN ─────────────────────────────────────────────────────────────────────────────
  time: {},
};
