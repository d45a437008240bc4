/** For the `default` of a `switch` over a union: the compiler refuses a case nobody wrote. */
export function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
