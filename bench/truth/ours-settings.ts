import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { OwnFault } from "./case.js";
import { kill } from "./ours-processes.js";
import type { Stand } from "./stand.js";

const fileOf = ({ program }: Stand): string => join(program.folder, "tudunk.yaml");

const writing =
  (textOf: (config: string) => string) =>
  (stand: Stand): (() => void) => {
    stand.program.configure(textOf(stand.config));
    return () => stand.program.configure(stand.config);
  };

/** How our operators disturb us. */
export const OURS_SETTINGS: readonly OwnFault[] = [
  { name: "configuration broken", strike: writing((text) => `${text}\nmonitors: [`) },
  { name: "configuration cut in half", strike: writing((text) => text.slice(0, text.length / 2)) },
  {
    name: "configuration gone, main process killed",
    strike(stand) {
      renameSync(fileOf(stand), `${fileOf(stand)}.away`);
      kill(stand, "main");
      return () => renameSync(`${fileOf(stand)}.away`, fileOf(stand));
    },
  },
  {
    name: "configuration changed five times a second",
    strike(stand) {
      let n = 0;
      const changing = setInterval(
        () =>
          stand.program.configure(
            `${stand.config}# change ${(n += 1)}\nretention: { results: ${(n % 5) + 1}d }\n`,
          ),
        200,
      );
      return () => {
        clearInterval(changing);
        stand.program.configure(stand.config);
      };
    },
  },
  {
    name: "file of trusted certificates broken",
    strike(stand) {
      writeFileSync(stand.world.houseFile, "-----BEGIN nothing-----\n");
      kill(stand, "worker");
      return () => {
        writeFileSync(stand.world.houseFile, stand.world.houseRoot.cert);
        kill(stand, "worker");
      };
    },
  },
];

const HOUR_S = 3_600;

/** The file by which libfaketime is told how far the clock is off; beside the program's own folder. */
export const clockFile = (folder: string): string => join(folder, "clock");

const step =
  (seconds: number) =>
  ({ program }: Stand): (() => void) => {
    const say = (off: number): void =>
      writeFileSync(clockFile(dirname(program.folder)), `${off < 0 ? "" : "+"}${off}\n`);
    say(seconds);
    return () => say(0);
  };

/** The clock of the machine, steered by libfaketime. */
export const OURS_CLOCK: readonly OwnFault[] = [
  { name: "clock steps an hour ahead and back", needs: ["libfaketime"], strike: step(HOUR_S) },
  { name: "clock steps an hour back and ahead", needs: ["libfaketime"], strike: step(-HOUR_S) },
  { name: "clock steps a minute ahead and back", needs: ["libfaketime"], strike: step(60) },
];
