import { RE2JS } from "re2js";
import { z } from "zod";
import { secure } from "./connect.js";
import { openDialogue, type Dialogue } from "./dialogue.js";
import { encryptionBlock, handshakeFor, judgeSecured, type Encryption } from "./encryption.js";
import { up } from "./failures.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { familyWord, visitPlace, type Visit } from "./visit.js";

const target = placeTarget(true);

const TEXT = "expected a text of 1 to 1000 characters";
const text = z.string({ error: TEXT }).min(1, { error: TEXT }).max(1_000, { error: TEXT });
const PATTERN = "expected { regex: … } with a pattern in RE2 syntax of at most 500 characters";
const pattern = z.strictObject({
  regex: z.string({ error: PATTERN }).min(1).max(500).refine(isPattern, { error: PATTERN }),
});
const ENCRYPTED = "expected true, false or { verify, warnDays, minVersion, serverName, ca }";

const options = z.strictObject({
  /** Step by step: wait for `expect`, then say `send`. Either may be left out of a step. */
  dialogue: z
    .array(
      z
        .strictObject({
          expect: z.union([text, pattern], { error: "expected a text or { regex: … }" }).optional(),
          send: text.optional(),
        })
        .refine((step) => step.expect !== undefined || step.send !== undefined, {
          error: "expected expect, send or both",
        }),
      { error: "expected a list of steps such as { expect: …, send: … }" },
    )
    .max(50)
    .default([]),
  tls: z.union([z.boolean(), encryptionBlock], { error: ENCRYPTED }).default(false),
  family: familyWord,
});

type Step = (dialogue: Dialogue) => Promise<void>;

/**
 * A port that accepts the connection, and then follows the `dialogue` if there is one, is up. A text to
 * expect may stand anywhere in what comes; a pattern is looked for line by line (re2js, so in linear time),
 * also in a prompt without a line's end. In texts `\r \n \t \0 \xHH \\` stand for those characters.
 */
export const tcp: Probe = {
  kind: "tcp",
  target,
  options,
  prepare(aim, raw, eyes) {
    const { family, dialogue, tls } = readSettings(options, raw, "tcp");
    const place = readPlace(readSettings(target, aim, "target"), 0);
    if (!place) throw new Error("target: expected host:port");
    const encryption = tls === true ? encryptionBlock.parse({}) : tls === false ? null : tls;
    const steps = dialogue.flatMap(({ expect, send }) => [
      ...(expect === undefined ? [] : [expecting(expect)]),
      ...(send === undefined ? [] : [sending(send)]),
    ]);
    return (signal) =>
      visitPlace(eyes, { ...place, family }, signal, (visit) =>
        talk(place.host, steps, encryption, visit),
      );
  },
};

async function talk(
  host: string,
  steps: readonly Step[],
  encryption: Encryption | null,
  { socket: connected, facts, phases, signal, now }: Visit,
): Promise<Verdict> {
  let socket = connected;
  let verdict: Verdict = up();
  if (encryption) {
    const secured = await secure(connected, handshakeFor(host, encryption), phases, signal);
    const judged = judgeSecured(secured, host, encryption, now);
    facts["tls"] = judged.facts;
    verdict = judged.verdict ?? verdict;
    socket = secured;
  }
  // What is to be sent may be a secret: not to a server that is not the one it should be.
  if (steps.length > 0 && verdict.outcome !== "down") {
    const dialogue = openDialogue(socket, phases, signal);
    for (const step of steps) await step(dialogue);
    dialogue.close();
  } else {
    socket.end();
  }
  return verdict;
}

function expecting(expected: string | z.output<typeof pattern>): Step {
  if (typeof expected === "string") {
    const bytes = unescaped(expected);
    return (dialogue) => dialogue.until(bytes);
  }
  const compiled = RE2JS.compile(expected.regex);
  return async (dialogue) => {
    await dialogue.untilLine((line) => compiled.matcher(line).find());
  };
}

function sending(words: string): Step {
  const bytes = unescaped(words);
  return async (dialogue) => dialogue.write(bytes);
}

const CONTROLS: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0" };

/** The bytes of a text in UTF-8 in which `\xHH` is one byte; an unknown escape stays as it is. */
function unescaped(words: string): Buffer {
  const parts = words.split(/(\\x[0-9a-fA-F]{2}|\\[rnt0\\])/);
  return Buffer.concat(
    parts.map((part, index) => {
      if (index % 2 === 0) return Buffer.from(part);
      const [, kind = ""] = part;
      if (kind === "x") return Buffer.from(part.slice(2), "hex");
      return Buffer.from(CONTROLS[kind] ?? kind);
    }),
  );
}

function isPattern(words: string): boolean {
  try {
    return RE2JS.compile(words).programSize() <= 2_000;
  } catch {
    return false;
  }
}
