import type { Client, SFTPWrapper } from "ssh2";
import { down, Failure } from "./failures.js";

const MAX_ENTRIES = 10_000;
/** draft-ietf-secsh-filexfer-02, section 7. */
const END_OF_LIST = 1;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/** How many names a folder has, itself and its parent apart; `cut` says that there are more. */
export interface Names {
  readonly entries: number;
  readonly cut: boolean;
}

/** Reads the names of a folder, batch by batch, at most 10,000. */
export async function listFolder(
  client: Client,
  path: string,
  signal: AbortSignal,
): Promise<Names> {
  const sftp = await open(client);
  const handle = await new Promise<Buffer>((done, fail) =>
    sftp.opendir(path, (error, opened) => (error ? fail(refusal(error)) : done(opened))),
  );
  let entries = 0;
  for (;;) {
    if (signal.aborted) throw new Error("aborted");
    const batch = await nextBatch(sftp, handle);
    if (!batch) return { entries, cut: false };
    entries += batch.filter((name) => name !== "." && name !== "..").length;
    if (entries >= MAX_ENTRIES) return { entries, cut: true };
  }
}

const open = (client: Client): Promise<SFTPWrapper> =>
  new Promise((done, fail) => {
    client.sftp((error, sftp) => {
      if (error) return fail(new Failure(down("sftp-missing", { error: error.message })));
      sftp.on("error", fail);
      done(sftp);
    });
    client.once("close", () => fail(new Failure(down("closed-early"))));
  });

/** The next names; `null` at the end of the list. */
const nextBatch = (sftp: SFTPWrapper, handle: Buffer): Promise<readonly string[] | null> =>
  new Promise((done, fail) => {
    sftp.readdir(handle, (error, list) => {
      if (!error) return done(list.map(({ filename }) => filename));
      if (statusOf(error) === END_OF_LIST) return done(null);
      fail(refusal(error));
    });
  });

const statusOf = (error: Error): unknown => ("code" in error ? error.code : undefined);

function refusal(error: Error): Failure {
  const status = statusOf(error);
  const isPath = status === NO_SUCH_FILE || status === PERMISSION_DENIED;
  return new Failure(down(isPath ? "path-refused" : "list-failed", { error: error.message }));
}
