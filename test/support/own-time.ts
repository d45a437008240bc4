/** How much of the processor we ourselves have used (ms): what others do on this machine does not count. */
export const ownMs = (): number => process.cpuUsage().user / 1_000;
