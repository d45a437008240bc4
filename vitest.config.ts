import { defineConfig } from "vitest/config";
import { closingLine } from "./test/support/closing-line.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/postgres.ts"],
    reporters: ["default", closingLine],
    // Every test file a process: what one leaves open or listens to is no other's.
    pool: "forks",
    maxWorkers: 2,
    sequence: { shuffle: true },
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
