/** Lets one step run at a time, in the order they came; one that fails does not stop the next. */
export type InTurn = <T>(step: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let line: Promise<unknown> = Promise.resolve();
  return (step) => {
    const done = line.then(step);
    line = done.catch(() => undefined);
    return done;
  };
}
