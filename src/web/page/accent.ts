/** The papers that text in the accent colour stands on; they are those of views/assets/page.css. */
const PAPER = { light: [255, 255, 255], dark: [19, 22, 25] } as const;
/** WCAG AA for text. */
const CONTRAST = 4.5;
const OURS = "#1a5fb4";

type Rgb = readonly [number, number, number];

/** The site's accent for both themes, moved towards black or white only as far as text on it needs. */
export function accentsOf(accent: string | null): {
  readonly light: string;
  readonly dark: string;
} {
  const colour = parse(accent ?? OURS) ?? parse(OURS) ?? [0, 0, 0];
  return {
    light: hex(readable(colour, PAPER.light, [0, 0, 0])),
    dark: hex(readable(colour, PAPER.dark, [255, 255, 255])),
  };
}

/** How well two colours can be told apart, by WCAG: 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function readable(colour: Rgb, paper: Rgb, towards: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, towards, share);
    if (contrast(mixed, paper) >= CONTRAST) return mixed;
  }
  return towards;
}

function parse(text: string): Rgb | null {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) return null;
  const full = digits.length === 3 ? digits.replaceAll(/./g, "$&$&") : digits;
  const part = (start: number): number => Number.parseInt(full.slice(start, start + 2), 16);
  return [part(0), part(2), part(4)];
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  Math.round(a[0] + (b[0] - a[0]) * share),
  Math.round(a[1] + (b[1] - a[1]) * share),
  Math.round(a[2] + (b[2] - a[2]) * share),
];

const hex = (rgb: Rgb): string =>
  `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

function luminance([red, green, blue]: Rgb): number {
  const linear = (part: number): number =>
    part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
