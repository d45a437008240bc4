import { type Aside, findAsides } from "./asides.js";
import type { ReportText, Span, Part } from "./extraction.js";
import { type Folded, fold, masked, type Range } from "./fold.js";

/** What of a report is read; the rest is kept, but says nothing. */
export const MOST_TEXT = 20_000;
const MOST_SUBJECT = 300;

/** "Fwd:" as mail programs of our languages write it. */
const HANDED_ON = /^\s{0,20}(?:fwd?|fw|tov[aá]bb[ií]t[aá]s|tov|wg|pd|prz|p[rř]|psl|posl|posr)\s?:/i;

/** The subject or the text of a report. All three views have the same places. */
export interface Field {
  readonly field: Part;
  /** All of it. */
  readonly whole: Folded;
  /** Without quotations, signatures and disclaimers: pasted bounces and error pages stay, being evidence. */
  readonly evidence: Folded;
  /** Only the customer's own words of now: without any aside. */
  readonly own: Folded;
  /** Places in the folded text. */
  readonly asides: readonly Aside[];
}

/** The subject (where there is one) and the text, folded and parted into own words and asides. */
export function readFields(report: ReportText): readonly Field[] {
  const fields: Field[] = [];
  if (report.subject !== null) {
    const whole = fold(capped(report.subject, MOST_SUBJECT));
    fields.push({ field: "subject", whole, evidence: whole, own: whole, asides: [] });
  }
  const whole = fold(capped(report.text, MOST_TEXT));
  const asides = findAsides(whole, HANDED_ON.test(report.subject ?? ""));
  fields.push({
    field: "text",
    whole,
    evidence: masked(
      whole,
      asides.filter(({ kind }) => kind !== "bounce" && kind !== "error-page"),
    ),
    own: masked(whole, asides),
    asides,
  });
  return fields;
}

/** The passage of the original for places in the folded field. */
export function spanOf(field: Field, { from, to }: Range): Span {
  return { field: field.field, ...field.whole.span(from, to) };
}

/** The first `most` units, without half of a surrogate pair at the end. */
function capped(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
