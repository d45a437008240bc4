import { BlockList, isIP } from "node:net";

/** Everything the IANA special-purpose registries keep from the public internet (RFC 6890). */
const SPECIAL: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];
/** Of IPv6 only global unicast is public; within it, what wraps or documents is not. */
const SPECIAL_V6: readonly string[] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const special = listOf([...SPECIAL, ...SPECIAL_V6]);
const global = listOf(["2000::/3"]);

/** Whether an IP literal lies in the public internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, "ipv4");
  return family === 6 && global.check(address, "ipv6") && !special.check(address, "ipv6");
}

/** Public addresses and those in `allow` (CIDRs or single addresses). Throws on what is neither. */
export function createEgress(allow: readonly string[]): (address: string) => boolean {
  const allowed = listOf(allow);
  return (address) => {
    const family = isIP(address);
    if (family === 0) return false;
    return isPublic(address) || allowed.check(address, family === 4 ? "ipv4" : "ipv6");
  };
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address);
    const length = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    if (
      family === 0 ||
      !Number.isInteger(length) ||
      length < 0 ||
      length > (family === 4 ? 32 : 128)
    )
      throw new Error(`${range}: expected an address or a range such as 10.0.0.0/8`);
    list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
