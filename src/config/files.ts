import path from "node:path";
import { whyUnreadable, type Disk } from "./disk.js";
import { readYaml } from "./read-yaml.js";
import { shown, type Part, type Reading, type Source } from "./reading.js";
import { sectionSchemas } from "./schema.js";
import { nothing } from "./yaml-node.js";

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_ALL_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 500;
const MAX_MATCHED_FOLDERS = 1000;

export interface Gathered {
  /** The main file first, then the included ones in the order of their `include:` and name. */
  readonly sources: readonly Source[];
  /** Every file that was read or should have been. */
  readonly files: readonly string[];
  /** Folders whose contents a wildcard asked for. */
  readonly folders: readonly string[];
}

/** Reads the main file and everything it includes. */
export async function gatherFiles(
  main: string,
  reading: Reading,
  disk: Disk,
  breathe: () => Promise<void> | undefined,
): Promise<Gathered> {
  const sources: Source[] = [];
  const files = new Set<string>();
  const folders = new Set<string>();
  const include = sectionSchemas([]).include;
  let bytes = 0;

  const gather = async (file: string, by: Part | null, above: readonly string[]): Promise<void> => {
    const complain = (message: string): void => {
      const top: Part = {
        source: { file, root: nothing(0), starts: [0] },
        path: [],
        node: nothing(0),
      };
      if (by) reading.mistake(by, [], { message: `${shown(file)} ${message}` });
      else reading.mistake(top, [], { message: `the file ${message}` });
    };
    if (above.includes(file)) {
      const chain = [...above.slice(above.indexOf(file)), file].join(" → ");
      complain(`is included by itself: ${chain}`);
      return;
    }
    if (files.has(file)) return;
    if (files.size >= MAX_FILES) {
      if (files.size === MAX_FILES)
        complain(`is one too many: at most ${MAX_FILES} files are read`);
      files.add(file);
      return;
    }
    files.add(file);
    let text: string;
    try {
      text = await disk.text(file, Math.min(MAX_FILE_BYTES, MAX_ALL_BYTES - bytes));
    } catch (error) {
      const why = whyUnreadable(error);
      complain(why === "is too large" ? `${why}: at most 16 MB, and 64 MB together` : why);
      return;
    }
    bytes += text.length;
    const { root, faults, starts } = await readYaml(text, breathe);
    const source: Source = { file, root, starts };
    for (const fault of faults) reading.fault(source, fault);
    sources.push(source);
    if (root.kind !== "map") {
      const isEmpty = root.kind === "scalar" && root.value === null;
      if (!isEmpty && faults.length === 0) {
        const expected = "a map of sections such as monitors:";
        const top: Part = { source, path: [], node: root };
        reading.mistake(top, [], { message: `expected ${expected} at the top`, expected });
      }
      return;
    }
    const entry = root.entries.find(({ key }) => key === "include");
    if (!entry) return;
    const part: Part = { source, path: ["include"], node: entry.value };
    if (entry.value.kind === "scalar" && entry.value.value === null) return;
    const patterns = await reading.read(include, part);
    for (const [index, pattern] of (patterns ?? []).entries()) {
      const node =
        entry.value.kind === "list" ? (entry.value.items[index] ?? entry.value) : entry.value;
      const at: Part = { source, path: ["include", index], node };
      const full = path.join(path.dirname(file), pattern);
      const absolute = path.isAbsolute(pattern) ? path.normalize(pattern) : full;
      if (!/[*?]/.test(pattern)) {
        await gather(absolute, at, [...above, file]);
        continue;
      }
      const matches = await matching(absolute, disk, folders);
      if (matches.length === 0)
        reading.warning(at, [], { message: `no file matches ${shown(pattern)}` });
      for (const match of matches) await gather(match, at, [...above, file]);
    }
  };

  await gather(path.normalize(main), null, []);
  return { sources, files: [...files], folders: [...folders] };
}

/**
 * The files that a pattern with `*` and `?` (each within one name) stands for, sorted. Names that start with a dot
 * are only matched by a pattern that does, so that editors' drafts are left alone.
 */
async function matching(pattern: string, disk: Disk, folders: Set<string>): Promise<string[]> {
  const { root } = path.parse(pattern);
  const steps = pattern.slice(root.length).split(path.sep);
  let found = [root];
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if (!/[*?]/.test(step)) {
      found = found.map((folder) => path.join(folder, step));
      continue;
    }
    const fits = wildcard(step);
    const next: string[] = [];
    for (const folder of found.slice(0, MAX_MATCHED_FOLDERS)) {
      folders.add(folder === "" ? "." : folder);
      const names = await disk.names(folder === "" ? "." : folder).catch(() => []);
      for (const { name, isFolder } of names)
        if (fits(name) && isFolder === !isLast) next.push(path.join(folder, name));
    }
    found = next.toSorted((a, b) => (a < b ? -1 : 1));
  }
  return found.filter((file) => file !== "");
}

/** Whether a name fits `step`, in time that grows only with both lengths multiplied. */
function wildcard(step: string): (name: string) => boolean {
  return (name) => {
    if (name.startsWith(".") && !step.startsWith(".")) return false;
    let [at, to, star, mark] = [0, 0, -1, 0];
    while (at < name.length) {
      if (step[to] === "*") [star, mark, to] = [to, at, to + 1];
      else if (to < step.length && (step[to] === "?" || step[to] === name[at]))
        [at, to] = [at + 1, to + 1];
      else if (star >= 0) [to, mark, at] = [star + 1, mark + 1, mark + 1];
      else return false;
    }
    while (step[to] === "*") to++;
    return to === step.length;
  };
}
