import { isDatabaseAway } from "../../store/db.js";
import { createAdoption } from "./adopt.js";
import { openDesk, type ReadingSettings } from "./desk.js";
import { createCorrections } from "./corrected.js";
import { createDoubts } from "./doubts.js";
import { createLooker } from "./look-into.js";
import { sendConfirmed, tellUnlinked, tellUntold } from "./tell.js";
import { createUnderstanding } from "./understand.js";

/** Reads what comes in, for as long as this process leads. */
export interface Reading {
  /** Something came in, or an incident changed: looks at once. */
  wake(): void;
  /** The inventory changed. */
  forget(): void;
  stop(): Promise<void>;
}

const LOOK_MS = 5_000;
const ROUND_MS = 10_000;

/** Reads reports, adopts, tells, reads again and doubts: one step at a time, and none that fails keeps another. */
export function readReports(settings: ReadingSettings): Reading {
  const stopping = new AbortController();
  const desk = openDesk(settings, stopping.signal);
  const { log, reader } = desk;
  const looker = createLooker(desk);
  const adoption = createAdoption(desk);
  const understanding = createUnderstanding(desk, looker, () => adoption.again());
  const doubts = createDoubts(desk, looker);
  const corrections = createCorrections(desk, looker);
  let woken = false;
  let wakeUp = (): void => undefined;
  let roundMs = -Infinity;

  const wake = (): void => {
    woken = true;
    wakeUp();
  };

  /** False where the step has more to do, or failed, or the work is to end. */
  const isDone = async (name: string, step: () => Promise<boolean>): Promise<boolean> => {
    if (stopping.signal.aborted) return false;
    try {
      return !(await step());
    } catch (error) {
      if (isDatabaseAway(error)) log.debug({ step: name, err: error }, "reports.waiting");
      else log.error({ step: name, err: error }, "reports.step-failed");
      return true;
    }
  };

  const round: readonly (readonly [name: string, step: () => Promise<void>])[] = [
    ["tell", () => tellUntold(desk)],
    ["unlinked", () => tellUnlinked(desk)],
    ["corrected", () => corrections.readAgain()],
    ["confirmed", () => sendConfirmed(desk)],
    ["doubts", () => doubts.lookInto()],
    ["reopen", () => doubts.reopen()],
  ];

  const look = async (): Promise<void> => {
    const isRoundDue = (): boolean => performance.now() - roundMs >= (settings.roundMs ?? ROUND_MS);
    while (!stopping.signal.aborted) {
      if (await isDone("read", () => understanding.readSome())) break;
      if (isRoundDue()) {
        woken = true;
        break;
      }
    }
    const begins = isRoundDue();
    if (begins || !adopted) adopted = await isDone("adopt", () => adoption.adoptSome());
    if (!adopted) woken = true;
    if (!begins) return;
    roundMs = performance.now();
    for (const [name, step] of round) await isDone(name, () => step().then(() => false));
  };
  let adopted = true;

  const restUntilWoken = async (): Promise<void> => {
    if (woken || stopping.signal.aborted) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, LOOK_MS);
      wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      woken = false;
      await look();
      await restUntilWoken();
    }
  };
  const running = loop();

  return {
    wake,
    forget: () => reader.forget(),
    async stop() {
      stopping.abort();
      wake();
      await reader.stop();
      await running;
      await understanding.settled();
    },
  };
}
