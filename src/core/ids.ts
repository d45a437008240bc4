const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** An id of 12 characters `[a-z0-9]` from at least 12 random bytes; some 58 bits, drawn evenly enough. */
export const publicId = (random: Uint8Array): string =>
  Array.from({ length: 12 }, (_, i) => ALPHABET[(random[i] ?? 0) % ALPHABET.length]).join("");
