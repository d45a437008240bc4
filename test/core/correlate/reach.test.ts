import { describe, expect, test } from "vitest";
import { fitOfKind, fitOfService } from "../../../src/core/correlate/compat.js";
import { reachOf, touchOf } from "../../../src/core/correlate/reach.js";
import { FAULTS } from "../../../src/core/wording.js";
import { DIRECTORY, known } from "./hoster.js";

const account = (id: string) => {
  const found = DIRECTORY.account(id);
  if (!found) throw new Error(`no account ${id}`);
  return found;
};
const touch = (id: string, more: Parameters<typeof known>[0]) =>
  touchOf(account(id), null, reachOf(known(more), DIRECTORY), DIRECTORY);

describe("what a kind of fault shows as", () => {
  test.each([
    ["mail.auth", "mail.send"],
    ["mail.imap", "mail.login"],
    ["email.outbound", "mail.send"],
    ["smtp_auth", "mail.send"],
    ["mariadb", "database"],
    ["web.http.503", "web.error5xx"],
    ["php-fpm", "web.error5xx"],
    ["mod_security", "web.error4xx"],
    ["ssl.expired", "tls"],
    ["nameserver", "dns"],
    ["uplink.loss", "web.down"],
    ["disk.full", "web.slow"],
    ["mail.queue", "mail.receive"],
    ["customer_panel", "panel.login"],
    ["rbl", "mail.bounce_blocklist"],
  ] as const)("%s is most of all %s", (kind, symptom) => {
    const fit = fitOfKind(kind)?.fit ?? {};
    const [most] = Object.entries(fit).sort(([, a], [, b]) => b - a);
    expect(most?.[0]).toBe(symptom);
  });

  test("every fault that our own probes tell has a row, but for our own blindness", () => {
    const without = FAULTS.filter((fault) => fitOfKind(fault) === null);
    expect(without).toEqual(["sight.lost"]);
    expect(fitOfKind("quarterly.review")).toBeNull();
  });

  test("a kind never heard of is read from the services it hits", () => {
    const reach = reachOf(
      known({ kind: "mystery", services: ["pult/panel"], places: ["pult"], words: [] }),
      DIRECTORY,
    );
    expect(reach.fit["panel.login"]).toBe(1);
    expect(reach.fit["mail.send"] ?? 0).toBe(0);
  });

  test("a kind never heard of and without a place is read from its words", () => {
    const words = ["FTP: nem lehet belépni", "FTP connections are refused."];
    const reach = reachOf(known({ kind: "mystery", services: [], places: [], words }), DIRECTORY);
    const [most] = Object.entries(reach.fit).sort(([, a], [, b]) => b - a);
    expect(most?.[0]).toBe("ftp");
  });

  test("what hits a whole machine shows as what that machine does", () => {
    const reach = reachOf(
      known({ kind: "maintenance", services: [], places: ["adat1"] }),
      DIRECTORY,
    );
    expect(reach.fit.database).toBeGreaterThan(0.5);
    expect(reach.fit["mail.login"] ?? 0).toBeLessThan(0.2);
  });

  test("a service never heard of shows as nothing known", () => {
    expect(fitOfService("teleport")).toEqual({});
  });
});

describe("whom an incident touches", () => {
  test("an account by its own server, and nobody on another", () => {
    const more = { kind: "mail.auth", places: ["posta1"], services: ["posta1/submission"] };
    expect([...touch("K-100", more).own]).toEqual([["mail", "posta1"]]);
    expect(touch("K-200", more)).toMatchObject({ shared: [], leaning: [] });
    expect(touch("K-200", more).own.size).toBe(0);
  });

  test("of a PHP version only those who use it", () => {
    const more = { kind: "web.php_pool", places: ["tisza"], services: ["tisza/php80"] };
    expect(touch("K-100", more).own.get("web")).toBe("tisza");
    expect(touch("K-101", more).own.size).toBe(0);
    expect(touch("K-101", more).neighbour).toBe("tisza");
  });

  test("of a switch all who stand on something behind it", () => {
    const more = { kind: "network.switch", places: ["sw-b"], services: [] };
    expect([...touch("K-200", more).own.keys()].sort()).toEqual(["db", "mail", "web"]);
    expect(touch("K-100", more).own.size).toBe(0);
  });

  test("of what customers share, everybody", () => {
    const more = { kind: "panel.login", places: ["pult"], services: ["pult/panel"] };
    expect(touch("K-100", more).shared).toContain("pult/panel");
    expect(touch("K-200", more).shared).toContain("pult/panel");
  });

  test("incoming mail reaches each mailbox through the gateway", () => {
    const more = { kind: "mail.receive", places: ["kapu"], services: ["kapu/inbound-mx"] };
    expect(touch("K-200", more).own.get("mail")).toBe("posta2");
  });
});
