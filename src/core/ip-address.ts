/** The one spelling of an IPv4 or IPv6 address (RFC 5952), without zone or brackets; `null` for anything else. */
export function canonicalAddress(text: string): string | null {
  if (text.length > 64) return null;
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1");
  return bare.includes(":") ? sixOf(bare.toLowerCase()) : fourOf(bare);
}

function fourOf(text: string): string | null {
  const parts = text.split(".");
  const good = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part));
  return good && parts.every((part) => Number(part) <= 255) ? text : null;
}

function sixOf(text: string): string | null {
  const mapped = /^(.*:)([\d.]+)$/.exec(text);
  if (mapped && text.includes(".")) {
    const four = fourOf(mapped[2] ?? "");
    if (four === null) return null;
    if (/^(0{0,4}:)*:?ffff:$/.test(mapped[1] ?? "")) return four;
    const [a = 0, b = 0, c = 0, d = 0] = four.split(".").map(Number);
    return sixOf(`${mapped[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null;
  return shortened(groups.map((group) => group.replace(/^0+(?=.)/, "")));
}

/** The longest run of zeros, the first of equals, becomes `::`. */
function shortened(groups: readonly string[]): string {
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (groups[from + length] === "0") length++;
    if (length > best.length) best = { from, length };
  }
  if (best.length === 1) return groups.join(":");
  const before = groups.slice(0, best.from).join(":");
  return `${before}::${groups.slice(best.from + best.length).join(":")}`;
}
