import type { Extraction } from "./extraction.js";
import type { Folded, Range } from "./fold.js";

/** A passage that is not the customer's own words of now; places in the folded text. */
export interface Aside extends Range {
  readonly kind: Extraction["asides"][number]["kind"];
}

/** Quotations, signatures, disclaimers, pasted bounces and error pages of a mail, in order, none within another. */
export function findAsides(text: Folded): readonly Aside[] {
  const asides: Aside[] = [];
  for (const line of text.text.matchAll(/^[ ]{0,40}>[^\n]*/gm))
    asides.push({ kind: "quotation", from: line.index, to: line.index + line[0].length });
  return asides;
}
