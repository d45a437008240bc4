/** The text without the secrets, should a server repeat one of them; the longest go first. */
export const masked = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret !== "")
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "•••"), text);
