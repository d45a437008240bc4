/** Kinds of monitors that tell of themselves: their results come to us, and no worker looks at them. */
const HEARD: ReadonlySet<string> = new Set(["heartbeat", "alert"]);

export const isHeard = (probe: string): boolean => HEARD.has(probe);
