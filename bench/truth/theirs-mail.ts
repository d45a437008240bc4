import type { RealFault } from "./case.js";
import { encrypted, lines, silence, type Script, type Talk } from "./door.js";
import { MAIL, MAILBOX } from "./services.js";
import type { World } from "./world.js";

type Answers = Partial<Script>;

const keys = ({ certificate: { chain, key } }: World) => ({ cert: chain, key });

/** A submission server that is well until it talks otherwise. */
const submission = (name: string, talk: (world: World) => Talk): RealFault => ({
  name,
  async arrange(world) {
    const well = lines("220 mail ESMTP", MAIL, keys(world));
    const door = await world.door(well);
    const id = name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
    return {
      cause: id,
      monitors: [
        {
          id,
          probe: "smtp",
          target: `${world.address}:${door.port}`,
          host: `host-${id}`,
          component: id,
          starttls: "required",
          tls: { ca: world.root.cert, warnDays: 0 },
        },
      ],
      strike: () => door.become(talk(world)),
      mend: () => door.become(well),
    };
  },
});

/** The same with a login over TLS from the first byte. */
const login = (
  name: string,
  probe: "smtp" | "imap" | "pop3",
  greeting: string,
  well: Script,
  wrong: Answers,
  wrongGreeting = greeting,
): RealFault => ({
  name,
  async arrange(world) {
    const talk = (said: string, script: Script): Talk =>
      encrypted(keys(world), lines(said, script));
    const door = await world.door(talk(greeting, well));
    const id = name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
    return {
      cause: id,
      monitors: [
        {
          id,
          probe,
          target: `${world.address}:${door.port}`,
          host: `host-${id}`,
          component: id,
          implicitTls: true,
          tls: { ca: world.root.cert, warnDays: 0 },
          auth: { username: "probe", password: "word" },
        },
      ],
      strike: () => door.become(talk(wrongGreeting, { ...well, ...wrong } as Script)),
      mend: () => door.become(talk(greeting, well)),
    };
  },
});

const SUBMISSION: Script = {
  EHLO: "250-mail\r\n250 AUTH PLAIN",
  AUTH: "334 ",
  QUIT: "221 bye",
  "": "235 welcome",
};
const BOX: Script = {
  ...MAILBOX,
  AUTHENTICATE: "% OK in",
  EXAMINE: "* 3 EXISTS\r\n% OK open",
  "": "% OK done",
};
const POP: Script = {
  CAPA: "+OK\r\nUSER\r\nSASL PLAIN\r\n.",
  AUTH: "+OK in",
  USER: "+OK",
  PASS: "+OK in",
  STAT: "+OK 0 0",
  QUIT: "+OK bye",
};

/** Mail. */
export const THEIRS_MAIL: readonly RealFault[] = [
  submission("SMTP: 421 as a greeting", () => lines("421 too busy", MAIL)),
  submission("SMTP: 554 as a greeting", () => lines("554 go away", MAIL)),
  submission("SMTP: no greeting", () => silence),
  submission("SMTP: STARTTLS gone", () => lines("220 mail ESMTP", { ...MAIL, EHLO: "250 mail" })),
  login("SMTP: login refused", "smtp", "220 mail ESMTP", SUBMISSION, { "": "535 no" }),
  login("IMAP: BYE as a greeting", "imap", "* OK ready", BOX, {}, "* BYE too many users"),
  login("IMAP: login refused", "imap", "* OK ready", BOX, { AUTHENTICATE: "% NO no" }),
  login("POP3: mailbox broken", "pop3", "+OK ready", POP, { STAT: "-ERR corrupt" }),
];
