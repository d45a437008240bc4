import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isOver,
  MAINTENANCE_STATES,
  mayBecome,
  stateAt,
  stepsDue,
  type MaintenanceState,
} from "../../src/core/maintenance.js";

const at = (minutes: number): Date => new Date(Date.UTC(2026, 10, 22, 2, minutes));
const planned = (state: MaintenanceState) => ({ state, startsAt: at(0), endsAt: at(60) });

test("work begins and ends as announced", () => {
  expect(stateAt(planned("scheduled"), at(-1))).toBe("scheduled");
  expect(stateAt(planned("scheduled"), at(0))).toBe("in_progress");
  expect(stateAt(planned("in_progress"), at(59))).toBe("in_progress");
  expect(stateAt(planned("verifying"), at(60))).toBe("completed");
});

test("who slept through it all takes each step once", () => {
  expect(stepsDue(planned("scheduled"), at(90))).toEqual(["in_progress", "completed"]);
  expect(stepsDue(planned("in_progress"), at(90))).toEqual(["completed"]);
});

test("what is over stays so, and nothing goes back", () => {
  const state = fc.constantFrom(...MAINTENANCE_STATES);
  fc.assert(
    fc.property(state, fc.integer({ min: -200, max: 200 }), (from, minutes) => {
      const to = stateAt(planned(from), at(minutes));
      const rank = (one: MaintenanceState): number => MAINTENANCE_STATES.indexOf(one);
      expect(rank(to)).toBeGreaterThanOrEqual(rank(from));
      expect(to === from || !isOver(from)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(state, state, (from, to) => {
      expect(isOver(from) && mayBecome(from, to)).toBe(false);
    }),
  );
  expect(mayBecome("verifying", "in_progress")).toBe(true);
  expect(mayBecome("in_progress", "scheduled")).toBe(false);
  expect(mayBecome("in_progress", "cancelled")).toBe(false);
  expect(mayBecome("scheduled", "completed")).toBe(false);
});
