import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chainOf, issue, type Issued } from "../../test/support/certificates.js";
import type { Stage } from "../bench.js";
import { openDoor, type Door } from "./door.js";
import { openNameServer, resolving, type NameServer } from "./names.js";
import type { Network, Wires } from "./network.js";

/** All that lies outside the program: names, references, and an address for servers. */
export interface World {
  readonly stage: Stage;
  readonly address: string;
  readonly wires: Wires | null;
  /** The resolver that the program asks. */
  readonly names: NameServer;
  /** Name → addresses; read at each question. */
  readonly zone: Record<string, readonly string[]>;
  readonly references: readonly Door[];
  /** For every name in `test` and for the address; and who signed it. */
  readonly certificate: Issued;
  readonly root: Issued;
  /** A certificate whose root is in a file that the configuration names. */
  readonly houseCertificate: Issued;
  readonly houseRoot: Issued;
  readonly houseFile: string;
  door: (talk: Parameters<typeof openDoor>[2]) => Promise<Door>;
}

const NAMES = ["web1", "web2", "mail1", "dns1", "db1"].map((host) => `${host}.truth.test`);

/** Opens the world; it ends with the stage. */
export async function openWorld(
  stage: Stage,
  { address, wires }: Network,
  folder: string,
): Promise<World> {
  const zone: Record<string, readonly string[]> = Object.fromEntries(
    NAMES.map((name) => [name, [address]]),
  );
  const names = [...NAMES, address, "localhost"];
  const { leaf, root } = chainOf({ leaf: { names } });
  const houseRoot = issue({ name: "House Root", ca: true, to: 3_650, usage: null });
  const door: World["door"] = (talk) => openDoor(stage, address, talk);
  const greet: Parameters<typeof openDoor>[2] = (socket) => socket.end("hello\r\n");
  const houseFile = join(folder, "house.pem");
  writeFileSync(houseFile, houseRoot.cert);
  return {
    stage,
    address,
    wires,
    names: await openNameServer(stage, address, resolving(zone)),
    zone,
    references: [await door(greet), await door(greet)],
    certificate: leaf,
    root,
    houseCertificate: issue({ name: "localhost", names, by: houseRoot }),
    houseRoot,
    houseFile,
    door,
  };
}
