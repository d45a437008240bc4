import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { OwnFault } from "./case.js";
import { runs } from "./network.js";
import { databaseOf, killDatabase, pause } from "./ours-processes.js";

/** Takes all the room there is; the returned function gives it back. */
function fill(folder: string): () => void {
  const file = join(folder, "filler");
  const descriptor = openSync(file, "w");
  for (let bytes = Buffer.alloc(1 << 20); bytes.length >= 512;) {
    try {
      writeSync(descriptor, bytes);
    } catch {
      bytes = bytes.subarray(0, bytes.length / 2);
    }
  }
  closeSync(descriptor);
  return () => rmSync(file);
}

/** What we keep things in. */
export const OURS_STORAGE: readonly OwnFault[] = [
  { name: "database stands still", strike: (stand) => pause(databaseOf(stand)) },
  {
    name: "database killed",
    strike(stand) {
      killDatabase(stand);
      return () => undefined;
    },
  },
  {
    name: "disk full",
    needs: ["mount"],
    strike: ({ program }) => fill(program.folder),
  },
  {
    name: "disk full, main process stands still",
    needs: ["mount"],
    strike(stand) {
      const free = fill(stand.program.folder);
      const goOn = pause(stand.program.pids("main"));
      return () => {
        goOn();
        free();
      };
    },
  },
  {
    name: "spool cannot be written, database stands still",
    needs: ["mount"],
    strike(stand) {
      const spool = join(stand.program.folder, "data/spool");
      if (!runs("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", spool))
        throw new Error("the spool could not be covered");
      const goOn = pause(databaseOf(stand));
      return () => {
        runs("umount", "-l", spool);
        goOn();
      };
    },
  },
];
