import type { Directory } from "../directory.js";
import { LANGUAGES } from "../languages.js";
import { extract } from "./extract.js";
import type { Extraction, ReportText } from "./extraction.js";

/**
 * What is understood of a report by a hoster with this directory: the zone and language of the
 * account count where its sender is known, by proof or by address.
 */
export function understand(report: ReportText, directory: Directory): Extraction {
  const proven = report.accountId === null ? null : directory.account(report.accountId);
  const [known] = report.from === null ? [] : directory.accountsOf(report.from);
  const account = proven ?? known ?? null;
  return extract(report, {
    directory,
    zone: account?.timezone ?? directory.timezone,
    account,
    accountLanguage: LANGUAGES.find((one) => one === account?.language) ?? null,
  });
}
