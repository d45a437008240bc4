import { describe, expect, test } from "vitest";
import { identify, subjectsOf } from "../../../src/core/correlate/sender.js";
import { DIRECTORY, mention, report, told } from "./hoster.js";

const whose = (...args: Parameters<typeof told>) => ({
  by: (more: Parameters<typeof report>[0]) => identify(report(more), told(...args), DIRECTORY),
});

describe("whose report it is", () => {
  const named = { names: [mention("mailbox", "info@lampabolt.example")] };

  test("what the channel proves wins over everything the report names", () => {
    const sender = whose(named).by({ accountId: "K-100", from: "iroda@viragoskert.example" });
    expect(sender).toEqual({ accountId: "K-100", how: "proven", certainty: 1 });
  });

  test.each([
    ["a registered contact", { from: "IRODA@viragoskert.example" }, "K-101", "contact"],
    [
      "an address in a customer's own domain",
      { from: "valaki@meteorit.example" },
      "K-201",
      "own-domain",
    ],
    [
      "a private address and a named mailbox",
      { from: "x@ingyen.example" },
      "K-200",
      "named-domain",
    ],
  ] as const)("is found by %s", (_, from, accountId, how) => {
    expect(whose(named).by(from)).toMatchObject({ accountId, how });
  });

  test("is found by the account's number and by the company's name", () => {
    expect(whose({ names: [mention("account", "k-202")] }).by({})).toMatchObject({
      accountId: "K-202",
      how: "named-account",
    });
    expect(whose({ names: [mention("company", "k-102")] }).by({ channel: "phone" })).toMatchObject({
      accountId: "K-102",
      how: "company",
    });
  });

  test("is found by the name that the channel gives", () => {
    const sender = whose({}).by({ channel: "phone", fromName: "Meteorit, egy hölgy" });
    expect(sender).toMatchObject({ accountId: "K-201", how: "company" });
    expect(whose({}).by({ channel: "facebook", fromName: "Kiss Piroska" })).toBeNull();
  });

  test("an address that two accounts share means the one whose domain is named", () => {
    const own = whose({ names: [mention("domain", "masik-ugynokseg.example")] });
    expect(own.by({ from: "kozos@levelek.example" })).toMatchObject({
      accountId: "K-901",
      certainty: 0.97,
    });
    const nobody = whose({}).by({ from: "kozos@levelek.example" });
    expect(nobody?.certainty).toBeLessThan(0.5);
  });

  test("nobody is named by a remote party or by nothing at all", () => {
    const remote = { names: [mention("mailbox", "bolt@lampabolt.example", { role: "remote" })] };
    expect(whose(remote).by({ from: "x@ingyen.example" })).toBeNull();
    expect(whose({}).by({})).toBeNull();
  });

  test("an agency that names a client's domain means the client's services", () => {
    const extraction = told({ names: [mention("domain", "hajomalom.example")] });
    const sender = identify(report({ from: "ugyelet@ugynokseg.example" }), extraction, DIRECTORY);
    expect(sender?.accountId).toBe("K-900");
    const subjects = subjectsOf(extraction, sender, DIRECTORY);
    expect(subjects.map(({ account }) => account.id)).toEqual(["K-100", "K-900"]);
    expect(subjects[0]?.certainty).toBeGreaterThan(subjects[1]?.certainty ?? 1);
  });
});
