import { expect, test } from "vitest";
import { createEgress, isPublic } from "../../probes/egress.js";

test.each([
  ["8.8.8.8", true],
  ["193.0.6.139", true],
  ["2a00:1450:400d:80c::200e", true],
  ["127.0.0.1", false],
  ["10.1.2.3", false],
  ["172.31.255.255", false],
  ["172.32.0.1", true],
  ["100.64.0.1", false],
  ["169.254.169.254", false],
  ["192.168.1.1", false],
  ["192.0.2.1", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::ffff:8.8.8.8", false],
  ["64:ff9b::808:808", false],
  ["2002:7f00:1::", false],
  ["2001:0:4136:e378::1", false],
  ["2001:db8::1", false],
  ["fc00::1", false],
  ["fe80::1", false],
  ["ff02::1", false],
  ["web.test", false],
])("whether %s lies in the public internet is %s", (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});

test("what is allowed may be reached beside the public internet, and nothing else", () => {
  const mayReach = createEgress(["10.0.0.0/8", "192.168.7.7", "fd00::/8"]);
  const reached = ["10.9.8.7", "192.168.7.7", "fd12::1", "8.8.8.8"];
  expect(reached.map(mayReach)).toEqual([true, true, true, true]);
  const refused = ["192.168.7.8", "11.0.0.256", "fc00::1", "127.0.0.1", "localhost"];
  expect(refused.map(mayReach)).toEqual([false, false, false, false, false]);
});

test.each(["10.0.0.0/33", "web.test", "10.0.0.0/x", "fd00::/129", ""])(
  "%j is not a range that may be allowed",
  (range) => {
    expect(() => createEgress([range])).toThrow("expected an address or a range");
  },
);
