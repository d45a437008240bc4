import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Compiles `files` and what they import for a process of their own; the folder they are in then. */
export function compile(...files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-compiled-"));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const shared of ["node_modules", "migrations", "package.json"])
    symlinkSync(join(ROOT, shared), join(folder, shared));
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      rootDir: ROOT,
      outDir: join(folder, "dist"),
      incremental: false,
      tsBuildInfoFile: null,
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    files: files.map((file) => join(ROOT, file)),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const ran = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`does not compile: ${ran.stdout}${ran.stderr}`);
  return join(folder, "dist");
}
