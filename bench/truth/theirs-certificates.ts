import { chainOf, issue, type Issued } from "../../test/support/certificates.js";
import type { RealFault } from "./case.js";
import { encrypted, page, type Talk } from "./door.js";
import type { World } from "./world.js";

const serving = ({ chain, key }: Pick<Issued, "chain" | "key">): Talk =>
  encrypted({ cert: chain, key }, page(200));

/** An encrypted site that is well until another certificate, or none, is shown. */
const shown = (name: string, talk: (world: World) => Talk, more: object = {}): RealFault => ({
  name,
  async arrange(world) {
    const well = serving(world.certificate);
    const door = await world.door(well);
    const id = name.replaceAll(/[^a-z0-9]+/g, "-");
    return {
      cause: id,
      monitors: [
        {
          id,
          probe: "http",
          target: `https://${world.address}:${door.port}/`,
          host: `host-${id}`,
          component: id,
          tls: { ca: world.root.cert, warnDays: 0, ...more },
        },
      ],
      strike: () => door.become(talk(world)),
      mend: () => door.become(well),
    };
  },
});

/** Certificates and encryption. */
export const THEIRS_CERTIFICATES: readonly RealFault[] = [
  shown("certificate: expired", ({ address, root }) =>
    serving(issue({ names: [address], by: root, from: -90, to: -1 })),
  ),
  shown("certificate: of another host", ({ root }) =>
    serving(issue({ names: ["other.test"], by: root })),
  ),
  shown("certificate: signed by itself", ({ address }) => serving(issue({ names: [address] }))),
  shown("certificate: without its intermediate", ({ certificate: { cert, key } }) =>
    serving({ chain: cert, key }),
  ),
  shown("certificate: of an unknown authority", ({ address }) =>
    serving(
      chainOf({ root: { name: "Nobody" }, middle: { name: "No one" }, leaf: { names: [address] } })
        .leaf,
    ),
  ),
  shown(
    "tls: version too old",
    ({ certificate: { chain, key } }) =>
      encrypted({ cert: chain, key, maxVersion: "TLSv1.2" }, page(200)),
    { minVersion: "TLSv1.3" },
  ),
  shown("tls: not spoken any more", () => page(200)),
];
