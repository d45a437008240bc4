import { expect, test } from "vitest";
import { createDirectory } from "../../src/core/directory-of.js";
import { NO_INVENTORY, type StandingPlace } from "../../src/core/inventory.js";
import { withTraced } from "../../src/core/named-by-dns.js";

const server = (id: string, address: string): StandingPlace => ({
  id,
  kind: "server",
  hostname: `${id}.host.test`,
  addresses: [address],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
});

const directory = createDirectory({
  ...NO_INVENTORY,
  places: [server("vltava", "192.0.2.1"), server("labe", "192.0.2.2")],
});

test("a name that leads to places of ours lives there, and so does what is below it", () => {
  const traced = withTraced(directory, [
    { name: "pekarna.example", web: ["192.0.2.1"], mail: ["192.0.2.2"], dns: [] },
  ]);
  const owner = traced.ownerOf("www.pekarna.example");
  expect(owner?.account.servers).toEqual({ web: "vltava", mail: "labe" });
  expect(traced.account(owner?.account.id ?? "")).toBe(owner?.account);
  expect(owner && traced.livesOn(owner.account).map(({ id }) => id)).toEqual(
    expect.arrayContaining(["vltava", "labe"]),
  );
});

test("a name that leads elsewhere is nobody's, and others are as they were", () => {
  const traced = withTraced(directory, [
    { name: "elsewhere.example", web: ["198.51.100.9"], mail: [], dns: [] },
  ]);
  expect(traced).toBe(directory);
  expect(traced.ownerOf("elsewhere.example")).toBeNull();
});

test("a name of which we only answer for the zone leans on that server's names alone", () => {
  const traced = withTraced(directory, [
    { name: "away.example", web: ["198.51.100.9"], mail: [], dns: ["192.0.2.2"] },
  ]);
  expect(traced.ownerOf("away.example")?.account.servers).toEqual({ dns: "labe" });
});
