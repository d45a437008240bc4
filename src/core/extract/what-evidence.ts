import { type Span, type Symptom, type SymptomGuess, SYMPTOMS } from "./extraction.js";
import { type Leaning, NO_FAULTS } from "./what-table.js";

const SHARPNESS = 1.8;
const LEAST_SHARE = 0.02;
const NOTHING = 0.02;
const MOST_SPANS = 6;
/** From this weight on, a passage is shown as a reason. */
const TELLING = 0.2;
/** The second, third … of a kind says so much of the one before. */
const NEXT_SAYS = 0.4;

/** Where a text says nothing that is known. */
const UNKNOWN: readonly { readonly symptom: Symptom; readonly p: number }[] = [
  { symptom: "other", p: 0.4 },
  { symptom: "howto", p: 0.3 },
  { symptom: "web.down", p: 0.15 },
  { symptom: "mail.login", p: 0.15 },
];

interface Sign {
  readonly weight: number;
  /** It holds whatever else is said to be in order. */
  readonly firm: boolean;
  readonly spans: readonly Span[];
}

/** What speaks for and against each symptom, with the passages that say it. */
export class Evidence {
  readonly #signs = new Map<Symptom, Sign[]>();
  readonly #doubts = new Map<Symptom, number>();
  readonly #outdone = new Map<Symptom, number>();

  add(leaning: Leaning, factor: number, spans: readonly Span[], firm = false): void {
    for (const symptom of SYMPTOMS) {
      const weight = (leaning[symptom] ?? 0) * factor;
      if (weight <= 0) continue;
      this.#signs.set(symptom, [...(this.#signs.get(symptom) ?? []), { weight, firm, spans }]);
    }
  }

  /** Something is said to be in order that would be out of order with this symptom. */
  doubt(symptom: Symptom, factor: number): void {
    this.#doubts.set(symptom, Math.min(this.#doubts.get(symptom) ?? 1, factor));
  }

  /** Something more special says better what is meant. */
  outdo(symptom: Symptom, factor: number): void {
    this.#outdone.set(symptom, Math.min(this.#outdone.get(symptom) ?? 1, factor));
  }

  score(symptom: Symptom): number {
    const doubt = this.#doubts.get(symptom) ?? 1;
    const [first = 0, ...rest] = (this.#signs.get(symptom) ?? [])
      .map(({ weight, firm }) => (firm ? weight : weight * doubt))
      .sort((a, b) => b - a);
    const more = rest
      .slice(0, 4)
      .reduce((sum, weight, nth) => sum + weight * NEXT_SAYS ** (nth + 1), 0);
    return (first + more) * (this.#outdone.get(symptom) ?? 1);
  }

  best(): number {
    return Math.max(...SYMPTOMS.map((symptom) => this.score(symptom)));
  }

  bestFault(): number {
    return Math.max(
      ...SYMPTOMS.map((symptom) => (NO_FAULTS.has(symptom) ? 0 : this.score(symptom))),
    );
  }

  /** Shares that sum to 1, best first, never none. */
  guesses(): readonly SymptomGuess[] {
    const scored = SYMPTOMS.map((symptom) => ({
      symptom,
      p: this.score(symptom) ** SHARPNESS,
    }));
    const sum = total(scored);
    const kept =
      sum < NOTHING ? UNKNOWN : scored.filter(({ p }) => p > 0 && p / sum >= LEAST_SHARE);
    const whole = total(kept);
    return kept
      .map(({ symptom, p }) => ({ symptom, p: p / whole, spans: this.#spansOf(symptom) }))
      .sort((a, b) => b.p - a.p);
  }

  #spansOf(symptom: Symptom): readonly Span[] {
    const telling = [...(this.#signs.get(symptom) ?? [])]
      .filter(({ weight }) => weight >= TELLING)
      .sort((a, b) => b.weight - a.weight)
      .flatMap(({ spans }) => spans);
    const distinct = new Map(
      telling.map((span) => [`${span.field} ${span.from} ${span.to}`, span] as const),
    );
    return [...distinct.values()].slice(0, MOST_SPANS);
  }
}

const total = (shares: readonly { readonly p: number }[]) =>
  shares.reduce((sum, { p }) => sum + p, 0);
