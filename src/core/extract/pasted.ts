import type { Extraction } from "./extraction.js";
import { listed } from "./letter-words.js";
import { LEXICONS } from "./lexicons/index.js";
import type { Line } from "./lines.js";

type Kind = Extraction["asides"][number]["kind"];

/** What mail servers say when they return a message (RFC 3464, Postfix, Exim, Exchange, Gmail). */
const BOUNCE = [
  "this is the mail system at host",
  "i'm sorry to have to inform you that your message",
  "delivered to one or more recipients",
  "for further assistance, please send mail to postmaster",
  "i wasn't able to deliver your message",
  "undelivered mail returned",
  "mail delivery failed",
  "mail delivery system",
  "mail delivery subsystem",
  "mailer-daemon",
  "delivery status notification",
  "delivery has failed to these recipients",
  "the following address failed",
  "the following addresses failed",
  "the following addresses had permanent fatal errors",
  "the following address(es) failed",
  "a message that you sent could not be delivered",
  "message you sent could not be delivered",
  "permanent fatal errors",
  "transcript of session follows",
  "this is a permanent error",
  "in reply to rcpt to",
  "in reply to end of data",
  "in reply to mail from",
  "in reply to data command",
  "smtp error from remote",
  "remote server returned",
  "remote server responded",
  "remote host said",
  "diagnostic information for administrators",
  "generating server:",
  "the response from the remote server was",
  "address not found",
  "was undeliverable",
  "wasn't delivered to",
];
/** The same as Exchange and Outlook say it in our languages, folded. */
const BOUNCE_AT_HOME = [
  "a kezbesites nem sikerult a kovetkezo cimzetteknek",
  "kezbesithetetlen:",
  "dostava tem prejemnikom ali skupinam ni uspela",
  "ni mogoce dostaviti:",
  "dostarczenie do nastepujacych adresatow lub grup nie powiodlo sie",
  "niedostarczalne:",
  "doruceni temto prijemcum nebo skupinam se nezdarilo",
  "doruceni temto prijemcum nebo distribucnim seznamum se nezdarilo",
  "nedorucitelne:",
  "dorucenie tymto prijemcom alebo skupinam zlyhalo",
  "fehler bei der nachrichtenzustellung an folgende empfanger",
  "unzustellbar:",
];
const BOUNCE_HEAD =
  /^(?:final-recipient|original-recipient|reporting-mta|remote-mta|diagnostic-code|x-postfix-|arrival-date|last-attempt-date|action: (?:failed|delayed|relayed)|status: [245]\.\d)/;
const BOUNCE_SAYS =
  /(?:said|responded|response|reason|returned): ?"?[245]\d\d[ -]|^(?:>>> |<<< |\.\.\. )|\bstatus=(?:deferred|bounced)\b|\bdsn=[245]\.\d/;

const PAGE = [
  "<html",
  "<head",
  "<body",
  "<title>",
  "<!doctype",
  "</h1>",
  "stack trace:",
  "fatal error:",
  "parse error:",
  "uncaught exception",
  "uncaught error",
  "uncaught pdoexception",
  "uncaught mysqli",
  "traceback (most recent call last)",
  "this site can't be reached",
  "this page isn't working",
  "your connection is not private",
  "checking the proxy and the firewall",
  "checking the connection",
  "the requested url was not found on this server",
  "the server encountered an internal error",
  "the server is temporarily unable to service your request",
  "additionally, a",
  "you don't have permission to access",
  "took too long to respond",
  "refused to connect",
  "apache server at",
  "warning: potential security risk ahead",
  "there has been a critical error on",
];
const PAGE_SAYS =
  /^(?:warning|notice|deprecated): .{0,300} on line \d|^#\d+ .{0,200}\(\d+\): |^at .{1,200}\(.{1,200}:\d+(?::\d+)?\)$|\.php(?::|\()\d+\)?|\.php on line \d|^sqlstate\[|^php (?:warning|fatal)/;

/** Marks the lines that a mail server, a web server, a browser or a program wrote, the lines that belong to them included. */
export function markPasted(lines: readonly Line[], kinds: (Kind | null)[]): void {
  for (const [n, line] of lines.entries()) {
    const text = line.text.replace(/^(?:> ?)+/, "");
    if (BOUNCE_AT_HOME.some((say) => text.startsWith(say))) kinds[n] = "bounce";
    if (text === "" || kinds[n] || wordy(line)) continue;
    if (
      BOUNCE_HEAD.test(text) ||
      BOUNCE_SAYS.test(text) ||
      BOUNCE.some((say) => text.includes(say))
    )
      kinds[n] = "bounce";
    else if (PAGE_SAYS.test(text) || PAGE.some((say) => text.includes(say)))
      kinds[n] = "error-page";
  }
  // A machine's paragraph is the machine's as a whole, and so are paragraphs between two of them.
  for (let n = 0; n < lines.length;) {
    const kind = kinds[n];
    if (!kind) {
      n++;
      continue;
    }
    let last = n;
    for (let next = n + 1; next < lines.length && next - last <= 3; next++)
      if (kinds[next] === kind) last = next;
    for (let at = n; at <= last; at++) kinds[at] = kind;
    for (let at = n - 1; at >= 0 && belongs(lines[at]) && kinds[at] === null; at--)
      kinds[at] = kind;
    let after = last + 1;
    for (; after < lines.length && belongs(lines[after]) && kinds[after] === null; after++)
      kinds[after] = kind;
    n = after;
  }
}

/** Whether a line beside a machine's own may be one of it: not empty, not a sentence that leads to it, not somebody's words. */
function belongs(line: Line | undefined): boolean {
  if (line === undefined || line.text === "" || line.text.startsWith(">")) return false;
  return !line.text.endsWith(":") && !wordy(line);
}

/** Whether somebody speaks in this line: two small words of our languages but English, or two English ones that no machine says. */
function wordy(line: Line): boolean {
  let spoken = 0;
  const said = new Set<string>();
  for (const written of line.text.split(/[\s("',!?:;)]+/)) {
    const word = written.endsWith(".") ? written.slice(0, -1) : written;
    if (SPOKEN.has(word)) spoken++;
    if (SAID.has(word)) said.add(word);
  }
  return spoken >= 2 || said.size >= 2;
}

/** Who writes speaks of what is theirs, and of when; machines and mail servers speak to "you". */
const SAID: ReadonlySet<string> = new Set(
  `our ours my mine us hello hi hey thanks cheers regards since today yesterday morning afternoon
  customers clients visitors colleague says shows getting anyone everyone shop`.split(/\s+/),
);

/** What a machine may say too. */
const MACHINES_WORDS = new Set([
  "host",
  "server",
  "mail",
  "web",
  "domain",
  "in",
  "to",
  "do",
  "so",
  "on",
  "me",
  "status",
  "code",
]);
/** Small words that are no English ones: a line that has two of them was written by somebody. */
const SPOKEN = spokenWords();

function spokenWords(): ReadonlySet<string> {
  const english = new Set(listed(LEXICONS.en.letters.common));
  return new Set(
    Object.values(LEXICONS)
      .filter(({ language }) => language !== "en")
      .flatMap(({ letters }) => listed(letters.common))
      .filter((word) => word.length > 1 && !english.has(word) && !MACHINES_WORDS.has(word)),
  );
}
