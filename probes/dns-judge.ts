import { isWritten, type RecordType } from "./dns-records.js";
import type { DnsReply } from "./dns-message.js";
import type { Expected } from "./dns-options.js";
import { down, up } from "./failures.js";
import type { Fact, Verdict } from "./probe.js";

/** What is shown of a set of records. */
const SHOWN = 20;

/** What a reply says, for a sysadmin. */
export const factsOf = ({
  rcode,
  authoritative,
  authentic,
  records,
  aliases,
  signedUntil,
  remarks,
}: DnsReply): Record<string, Fact> => ({
  rcode,
  values: records.slice(0, SHOWN).map(({ value }) => value),
  ...(records.length > SHOWN && { records: records.length }),
  ...(records.length > 0 && { ttl: Math.min(...records.map(({ ttl }) => ttl)) }),
  ...(aliases.length > 0 && { aliases }),
  ...(authoritative && { authoritative }),
  ...(authentic && { authentic }),
  ...(signedUntil && { signedUntil: signedUntil.toISOString() }),
  ...(remarks.length > 0 && { remarks }),
});

/** Whether code and records are as expected; the first thing that is not says the reason. */
export function judgeReply(
  { rcode, records }: DnsReply,
  expected: Expected,
  type: RecordType,
): Verdict {
  if (rcode !== expected.rcode) {
    if (rcode === "NXDOMAIN") return down("name-not-found");
    return down("rcode-unexpected", { expected: expected.rcode });
  }
  if (rcode !== "NOERROR") return up();
  const found = records.map(({ value }) => value);
  const isThere = (written: string): boolean =>
    found.some((value) => isWritten(type, value, written));
  const forbidden = expected.none.filter(isThere);
  if (forbidden.length > 0) return down("records-unexpected", { unexpected: forbidden });
  // Who only names what must not be there is content with nothing.
  const asksNothing = expected.none.length > 0 && expected.all.length + expected.any.length === 0;
  if (found.length === 0 && !asksNothing) return down("records-missing");
  const missing = expected.all.filter((written) => !isThere(written));
  if (missing.length > 0) return down("records-missing", { missing });
  if (expected.any.length > 0 && !expected.any.some(isThere))
    return down("records-missing", { missingAny: expected.any });
  const { only } = expected;
  const strange = only
    ? found.filter((value) => !only.some((written) => isWritten(type, value, written)))
    : [];
  return strange.length > 0
    ? down("records-unexpected", { unexpected: strange.slice(0, SHOWN) })
    : up();
}
