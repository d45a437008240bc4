import { expect, test } from "vitest";
import { findErrorCodes } from "../../../src/core/extract/error-codes.js";
import { readFields } from "../../../src/core/extract/field.js";
import { report } from "./world.js";

const codesOf = (text: string): string[] =>
  readFields(report(text)).flatMap((field) => findErrorCodes(field).map(({ value }) => value));

test.each<[text: string, codes: string[]]>([
  // mail
  ["535-ös hibát ír", ["535"]],
  ["The server said 535 5.7.8 authentication failed", ["535", "5.7.8"]],
  ["550-5.7.1 listed", ["550", "5.7.1"]],
  ["#550 5.1.1 user unknown", ["550", "5.1.1"]],
  ["kód 451, potem 4.7.0", ["451", "4.7.0"]],
  ['píše "554"', ["554"]],
  ["Fehler 421 beim Versand", ["421"]],
  ["status 5.7.606", ["5.7.606"]],
  ["Outlook: 0x800CCC0E", ["0x800ccc0e"]],
  ["[AUTHENTICATIONFAILED] Invalid credentials", ["[authenticationfailed]"]],
  // web
  ["503-at dob a honlap", ["503"]],
  ["500 Internal Server Error", ["500"]],
  ["stran javlja 500", ["500"]],
  ["wyskakuje błąd 500", ["500"]],
  ["vrací 404 i 403", ["404", "403"]],
  ["Fehler 403 beim Speichern", ["403"]],
  ["HTTP 400 on every POST", ["400"]],
  ["502/504 felváltva", ["502", "504"]],
  ["NET::ERR_CERT_DATE_INVALID", ["err_cert_date_invalid"]],
  ["ERR_CONNECTION_TIMED_OUT", ["err_connection_timed_out"]],
  ["SEC_ERROR_UNKNOWN_ISSUER", ["sec_error_unknown_issuer"]],
  ["DNS_PROBE_FINISHED_NXDOMAIN", ["dns_probe_finished_nxdomain"]],
  ["dig answers SERVFAIL, then NXDOMAIN", ["servfail", "nxdomain"]],
  ["PR_END_OF_FILE_ERROR", ["pr_end_of_file_error"]],
  ["connect ECONNREFUSED", ["econnrefused"]],
  ["mod_security rule id 942100 fires", ["942100"]],
  // databases
  ["SQLSTATE[HY000] [2002] Connection refused", ["sqlstate[hy000]", "2002"]],
  ["#1045 - Access denied, mysql error 1045", ["1045"]],
  ["(HY000/1040): Too many connections", ["1040"]],
  ["Can't connect to MySQL server on 'localhost' (111)", ["111"]],
])("in %j the codes are %j", (text, codes) => {
  expect([...new Set(codesOf(text))]).toEqual(codes);
});

test.each([
  "550 Ft volt, most 500 forint",
  "zaplatili jsme 550 Kč a 403 Kč",
  "kosztuje 500 zł, wcześniej 450 zł",
  "that is 500 €, not $550",
  "500 MB tárhely, 503 MB kell",
  "550 ms, 500 px",
  "we sent it to 500 members, 550 customers",
  "550 zpráv ve schránce, 503 e-mailů",
  "elküldtünk 550 levelet",
  "tel. 550 123 456, +36 1 555 0100, 041 503 550",
  "telefon: 503 404 550",
  "port 587, 465, 993 és a 443-as port",
  "mail3:587",
  "PHP 5.6.40, WordPress 5.7.1, nginx/1.18.0, verzió 4.4.2",
  "PHP 5.4.3-ról váltottunk",
  "2002 óta ügyfelek vagyunk, 2013-ban költöztünk",
  "5.4.2026 és 5.4.26",
  "10:45-kor, 5:50-kor, 4.30-kor",
  "Hlavní 550/12, ul. Lipowa 503",
  "/hirek/404",
  "4,503 zł oraz 1.550 Ft",
  "ticket 88112, szám: 503",
])("there is no code in %j", (text) => {
  expect(codesOf(text)).toEqual([]);
});
