import fc from "fast-check";
import { expect, test } from "vitest";
import { readFully, readYaml } from "../../src/config/read-yaml.js";
import type { YamlNode } from "../../src/config/yaml-node.js";

const SEEDS = [
  `site:
  name: Gyümölcstárhely   # a comment
  url: https://status.example.hu/#top
  languages: [hu, en,]
  support: { email: help@example.hu, phone: "+36 1 555 0100" }

references: [192.0.2.1:53, '198.51.100.1:443']
hosts:
  - { id: rack-a, kind: rack }
  - id: web3
    addresses: [192.0.2.13, "2001:db8::13"]
    parents:
    - rack-a
components:
- id: hosting
  name: { en: Web hosting, hu: 'Web''tárhely' }
  components:
    - { id: web3, name: web3 }
monitors:
  - id: web3-http
    probe: http
    target: https://web3.example.hu/health
    every: 30s

    expect: { status: [200, 2e2, 0x1f], body: "o\\"k\\u00e9", slow: 1.50 }
    headers:
      X-One: a b  c
      empty:
    labels: { team: web }
  - id: web4-http # end
    paused: true
    body: |
      # not a comment
      - not an item
    every: ~
`,
  `defaults: &d
  every: 60s
monitors:
  - &one { id: a, probe: http }
  - <<: *one
    id: b
  - { <<: [*one, *d], id: c }
include: ["a/*.yaml"]
`,
  `---
{
  "site": { "name": "A", "languages": ["hu"] },
  "monitors": [
    { "id": "a", "every": "30s", "n": -1.5e3, "x": null },
    { "id": "b", "paused": true, "list": [] }
  ]
}
`,
  "a: b\r\nlist:\r\n  - c: 1\r\n    d: two\r\n  - e\r\n\r\n",
];
const PARTS = [
  "\n",
  " ",
  "  ",
  "\t",
  ":",
  ": ",
  "- ",
  "-",
  "#",
  " #",
  '"',
  "'",
  "[",
  "]",
  "{",
  "}",
  ",",
  "&a ",
  "*a",
  "|\n",
  ">-\n",
  "!x ",
  "? ",
  "\\",
  "%",
  "---\n",
  "...\n",
  "\r\n",
  "~",
  "é",
  "\u00a0",
  "0",
  "1.",
  "<<: ",
  "\n    ",
  "\n  - ",
  "\n- ",
  "key: value\n",
  "\n  key: ",
  "a",
];

const mutated = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(
      fc.record({
        at: fc.nat(900),
        cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
        add: fc.constantFrom("", ...PARTS),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([seed, edits]) =>
    edits.reduce((text, { at, cut, add }) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + add + text.slice(from + cut);
    }, seed),
  );

/** A node without the place of values that are not there. */
function bare(node: YamlNode): unknown {
  if (node.kind === "list") return { at: node.at, items: node.items.map(bare) };
  if (node.kind === "map")
    return {
      at: node.at,
      entries: node.entries.map(({ key, keyAt, value }) => ({ key, keyAt, value: bare(value) })),
    };
  return node.value === null && node.source === "" ? null : node;
}

test("a text that is read quickly says the same as one that is read in full", async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      const quick = await readYaml(text);
      const full = readFully(text, 0);
      const saying = ({ root, faults }: typeof full) => (faults.length > 0 ? "wrong" : bare(root));
      expect({ text, says: saying(quick) }).toEqual({ text, says: saying(full) });
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? 1500) },
  );
});

test.each(SEEDS)("a seed of the comparison is itself without fault: %#", async (text) => {
  const { root, faults } = await readYaml(text);
  expect(faults).toEqual([]);
  expect(bare(root)).toEqual(bare(readFully(text, 0).root));
});
