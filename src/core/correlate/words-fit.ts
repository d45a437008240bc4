import type { Symptom } from "../extract/extraction.js";
import { readFields } from "../extract/field.js";
import { LEXICONS } from "../extract/lexicons/index.js";
import { readSymptoms } from "../extract/what.js";
import type { Fit } from "./compat.js";
import { isFault } from "./symptoms.js";

const LONGEST = 2_000;
const MOST_KEPT = 500;
const kept = new Map<string, Fit>();

/**
 * What a fault shows as by the words of its title and statements, read as a customer's words are,
 * in every language at once (they are often told in several); empty where they say nothing.
 */
export function fitOfWords(words: readonly string[]): Fit {
  const text = words.join("\n").slice(0, LONGEST);
  const before = kept.get(text);
  if (before) return before;
  const fit = readFit(text);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(text, fit);
  return fit;
}

function readFit(text: string): Fit {
  if (text.trim() === "") return {};
  const fields = readFields({
    subject: null,
    text,
    receivedAt: 0,
    channel: "api",
    from: null,
    fromName: null,
    accountId: null,
    attachments: [],
  });
  const sums: Partial<Record<Symptom, number>> = {};
  for (const lexicon of Object.values(LEXICONS)) {
    const guesses = readSymptoms(fields, lexicon);
    const [top] = guesses;
    if (!top || !isFault(top.symptom) || top.symptom === "other") continue;
    for (const { symptom, p } of guesses)
      if (isFault(symptom)) sums[symptom] = (sums[symptom] ?? 0) + p;
  }
  const most = Math.max(0, ...Object.values(sums));
  return Object.fromEntries(Object.entries(sums).map(([symptom, sum]) => [symptom, sum / most]));
}
