/** The kind of monitors that stand for alerts of other systems; no configuration declares them. */
export const ALERT = "alert";

/** Kinds of monitors that tell of themselves: their results come to us, and no worker looks at them. */
export const HEARD: ReadonlySet<string> = new Set(["heartbeat", ALERT]);

export const isHeard = (probe: string): boolean => HEARD.has(probe);
