import { expect, test } from "vitest";
import { accentsOf, contrast } from "../../src/web/page/accent.js";

const rgb = (hex: string): [number, number, number] => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
];

test.each([null, "#ff0", "#ffffff", "#000", "#e30613", "#1a5fb4", "red; } body { display: none"])(
  "accent %j can be read on both papers",
  (accent) => {
    const { light, dark } = accentsOf(accent);
    expect(contrast(rgb(light), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(dark), [19, 22, 25])).toBeGreaterThanOrEqual(4.5);
  },
);

test("accent: a colour that can be read stays as it was chosen", () => {
  expect(accentsOf("#8b0000").light).toBe("#8b0000");
});
