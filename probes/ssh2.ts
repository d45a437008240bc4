import { createRequire } from "node:module";

type Ssh2 = typeof import("ssh2");
let loaded: Ssh2 | undefined;

/** The package ssh2, loaded for the first monitor that needs it: it takes some ten megabytes a process. */
export function ssh2(): Ssh2 {
  loaded ??= createRequire(import.meta.url)("ssh2") as Ssh2;
  return loaded;
}
