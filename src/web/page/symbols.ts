import type { Look } from "./view.js";

/** A state's shape on a grid of 16, told apart without colour; `hollow` ones are outlines. */
export interface Sign {
  readonly look: Look;
  readonly shape: string;
  readonly mark: string;
  readonly hollow: boolean;
  /** Of the tab's icon, readable on light and dark tabs alike. */
  readonly colour: string;
}

const CIRCLE = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z";

const sign = (look: Look, colour: string, shape: string, mark: string, hollow = false): Sign => ({
  look,
  colour,
  shape,
  mark,
  hollow,
});

/** Tick, bars, triangle, diamond, octagon, broken ring, ring. */
export const SYMBOLS: readonly Sign[] = [
  sign("ok", "#1e8a55", CIRCLE, "M4.8 8.3l2.2 2.2 4.2-4.6"),
  sign("work", "#2f6fc4", "M3 1.5h10L14.5 3v10L13 14.5H3L1.5 13V3z", "M5 6h6M5 10h6"),
  sign("slow", "#b07800", "M8 1l7.4 13.5H.6z", "M8 6.2v3.6M8 12.2v.1"),
  sign("part", "#cf5a12", "M8 .6L15.4 8 8 15.4.6 8z", "M5 8h6"),
  sign("down", "#c4283c", "M5 1h6l4 4v6l-4 4H5l-4-4V5z", "M5.5 5.5l5 5M10.5 5.5l-5 5"),
  sign(
    "dark",
    "#6f7a86",
    CIRCLE,
    "M6.2 6.4a1.9 1.9 0 1 1 2.6 1.8c-.6.2-.8.5-.8 1.1M8 11.6v.1",
    true,
  ),
  sign("new", "#6f7a86", CIRCLE, "M8 5v6M5 8h6", true),
];

/** The icon of a tab, alone in its file. */
export const iconOf = ({ shape, mark, hollow, colour }: Sign): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">` +
  `<path ${hollow ? `stroke="${colour}"` : `fill="${colour}"`} d="${shape}"/>` +
  `<path stroke="${hollow ? colour : "#fff"}" d="${mark}"/></svg>`;
