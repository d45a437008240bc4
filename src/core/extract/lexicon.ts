import type { Language } from "../languages.js";

/** What reading a language needs to know of it; one file a language in `lexicons/`. */
export interface Lexicon {
  readonly language: Language;
  readonly letters: LetterWords;
  readonly what: WhatWords;
  readonly cues: CueWords;
  readonly time: TimeWords;
}

// ── how letters are written: greetings, quotations, signatures, spelled-out addresses ───────────

export type LetterWords = Readonly<Record<never, never>>;

// ── WHAT ─────────────────────────────────────────────────────────────────────────────────────

export type WhatWords = Readonly<Record<never, never>>;

export type CueWords = Readonly<Record<never, never>>;

// ── SINCE WHEN ───────────────────────────────────────────────────────────────────────────────

export type TimeWords = Readonly<Record<never, never>>;
