import { open, readdir } from "node:fs/promises";

/** How the loader looks at files, so that a test can hand it others. Both reject as `node:fs` does. */
export interface Disk {
  /** The text of a file of at most `maxBytes`; rejects with `TooLarge` beyond. */
  readonly text: (path: string, maxBytes: number) => Promise<string>;
  /** The names in a folder, with whether each is itself a folder. */
  readonly names: (
    folder: string,
  ) => Promise<readonly { readonly name: string; readonly isFolder: boolean }[]>;
}

export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

export const disk: Disk = {
  async text(path, maxBytes) {
    const file = await open(path, "r");
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
      if (!stat.isFile()) throw Object.assign(new Error("is no file"), { code: "ENOTFILE" });
      if (stat.size > maxBytes) throw new TooLarge();
      const bytes = await file.readFile();
      if (bytes.length > maxBytes) throw new TooLarge();
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } finally {
      await file.close();
    }
  },
  async names(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  },
};

/** Why a file could not be read, in words and without its path. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof TooLarge) return "is too large";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist";
    case "EACCES":
    case "EPERM":
      return "may not be read by this user";
    case "EISDIR":
      return "is a folder";
    case "ELOOP":
      return "is a link in a circle";
    case "ENOTFILE":
      return "is not a plain file";
    case "ERR_ENCODING_INVALID_ENCODED_DATA":
      return "is not UTF-8 text";
    default:
      return `cannot be read (${typeof code === "string" ? code : "unknown"})`;
  }
}
