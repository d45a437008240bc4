import { expect, test } from "vitest";
import { NO_CONFIG, type Config } from "../../src/config/config.js";
import type { Told } from "../../src/core/alert.js";
import type { AlertRule } from "../../src/core/alert-rule.js";
import { keepAlerts, listFiring } from "../../src/store/alerts.js";
import { judgeScope } from "../../src/store/incidents.js";
import { beginEpoch } from "../../src/store/leadership.js";
import { findMonitor, listWatched } from "../../src/store/monitors.js";
import { createTurns } from "../../src/turns.js";
import { applyWhole } from "../../src/work/apply-config.js";
import { forgetOldAlerts, judgeAlertsOnce } from "../../src/work/judge-alerts.js";
import { createTell } from "../../src/work/tell-heard.js";
import { createTaker } from "../../src/work/take-results.js";
import { freshDb } from "../support/postgres.js";
import { after, metrics, monitorRow, newId, silent, watching } from "../support/watched.js";

const MINUTE = 60;
const HOUR = 3_600;

const rule = (id: string, more: Partial<AlertRule> = {}): AlertRule => ({
  id,
  match: { alertname: [id] },
  host: "{{ labels.instance }}",
  component: "web",
  impact: "partial_outage",
  outcome: "down",
  ignore: false,
  expiresMs: 5 * HOUR * 1_000,
  ...more,
});
const config: Config = {
  ...NO_CONFIG,
  hosts: [
    { id: "web3", kind: "server", name: "web3.test", addresses: [], parents: [], dependsOn: [] },
  ],
  components: [
    { id: "web", group: null, isGroup: false, name: { en: "Websites" }, description: null },
  ],
  rules: [rule("disk"), rule("load", { outcome: "degraded", host: null })],
};

async function judging() {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a"), monitorRow("b"), monitorRow("c")]);
  const state = { config, ended: 0 };
  const now = (): Date => world.clock.now;
  let present = 0;
  const begin = async () => {
    const epoch = await beginEpoch(db);
    world.roster.put(await listWatched(db));
    const taker = createTaker({
      db,
      roster: world.roster,
      epoch,
      location: "x",
      now,
      log: silent,
      metrics,
    });
    return judgeAlertsOnce({
      db,
      roster: world.roster,
      epoch,
      config: () => state.config,
      tell: createTell(`alerts-${epoch}`, async (batch, along) => {
        await taker.take(batch, along);
      }),
      inTurn: createTurns(),
      onEnded: () => (state.ended += 1),
      now,
      log: silent,
    });
  };
  let round = await begin();
  const told = (name: string, more: Partial<Told> = {}): Told => ({
    source: "prometheus",
    fingerprint: name,
    labels: { alertname: name.split(" ")[0] ?? "", instance: "web3.test:9100" },
    annotations: { summary: `${name} is full` },
    url: null,
    startsAt: null,
    endsAt: null,
    resolved: false,
    believedMs: 4 * MINUTE * 1_000,
    ...more,
  });
  const hear = (...words: Told[]) => keepAlerts(db, "prometheus", words, now());
  const look = async (id: string): Promise<string> => {
    const found = await findMonitor(db, id, now());
    const reason = (found?.lastResult as { reason?: string } | null | undefined)?.reason;
    return found ? `${found.state} ${reason ?? "-"}` : "none";
  };
  /** Goes round all the time until then; `each` happens once a minute. */
  const go = async (
    seconds: number,
    each: () => Promise<unknown> = async () => {},
  ): Promise<void> => {
    while (present < seconds) {
      present = Math.min(present + 5, seconds);
      world.clock.now = after(present);
      if (present % MINUTE === 0) await each();
      await round(false);
    }
    await round(true);
  };
  const restart = async (seconds: number): Promise<void> => {
    present = seconds;
    world.clock.now = after(seconds);
    round = await begin();
    await round(true);
  };
  return { ...world, db, state, told, hear, look, go, restart };
}

test("an alert becomes evidence on its host while it fires, and its end is the end of it", async () => {
  const { db, told, hear, look, go, clock } = await judging();
  await go(30);
  expect(await look("alert-disk--web3")).toBe("none");
  await hear(told("disk /", { startsAt: after(20).getTime() }), told("disk /home"));
  await go(31);
  expect(await findMonitor(db, "alert-disk--web3", clock.now)).toMatchObject({
    probe: "alert",
    host: "web3",
    component: "web",
    state: "down",
    since: after(20),
    labels: { rule: "disk" },
    lastResult: {
      reason: "alert-firing",
      facts: { firing: 2, alertname: "disk", summary: "disk / is full" },
    },
  });
  await hear(told("disk /", { resolved: true }));
  await go(40);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
  await hear(told("disk /home", { resolved: true }));
  await go(50);
  expect(await look("alert-disk--web3")).toBe("up ok");
});

test("the engine takes alerts as it takes looks: incident, impact, end", async () => {
  const { db, told, hear, go, clock } = await judging();
  await hear(told("disk /"));
  await go(10);
  const judge = () =>
    judgeScope(
      db,
      { kind: "host", id: "web3" },
      {
        now: clock.now,
        publish: "confirmed",
        nextUpdateMs: 1,
        reopenMs: 1,
        channels: [],
        location: "local",
        newId,
        speaker: { words: () => ({ title: {}, text: {} }), headline: () => ({}) },
        traceparent: null,
      },
    );
  await judge();
  expect(await db("incidents").select("cause_kind", "cause_id", "severity", "public")).toEqual([
    { cause_kind: "monitor", cause_id: "alert-disk--web3", severity: "major", public: true },
  ]);
  await hear(told("disk /", { resolved: true }));
  await go(20);
  await judge();
  expect(await db("incidents").pluck("state")).toEqual(["resolved"]);
});

test("an end that was lost leaves nothing open while the source goes on talking", async () => {
  const { db, told, hear, look, go } = await judging();
  await go(6 * MINUTE);
  await hear(told("disk /"));
  await go(6 * MINUTE + 10);
  const others = () => hear(told("load x"));
  await go(10 * MINUTE - 5, others);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
  await go(10 * MINUTE + 5, others);
  expect(await look("alert-disk--web3")).toMatch(/^up (alert-expired|ok)$/);
  expect(await look("alert-load")).toBe("degraded alert-firing");
  expect((await listFiring(db)).alerts.map(({ fingerprint }) => fingerprint)).toEqual(["load x"]);
});

test("a source that falls silent makes us blind, and after an hour nobody watches any more", async () => {
  const { told, hear, look, go, state } = await judging();
  await go(6 * MINUTE);
  await hear(told("disk /"));
  await go(9 * MINUTE);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
  await go(11 * MINUTE);
  expect(await look("alert-disk--web3")).toBe("unknown alert-source-silent");
  await go(HOUR + 10 * MINUTE - 10);
  expect(await look("alert-disk--web3")).toBe("unknown alert-source-silent");
  await go(HOUR + 10 * MINUTE + 5);
  expect(await look("alert-disk--web3")).toBe("none");
  expect(state.ended).toBe(1);
});

test("after a restart what fired goes on firing, and is not over for our not having listened", async () => {
  const { told, hear, look, go, restart } = await judging();
  await hear(told("disk /"));
  await go(MINUTE);
  await restart(HOUR);
  expect(await look("alert-disk--web3")).toBe("unknown alert-source-silent");
  await hear(told("load x"));
  await go(HOUR + 20);
  expect(await look("alert-disk--web3")).toBe("unknown alert-source-silent");
  await hear(told("disk /"));
  await go(HOUR + 30);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
});

test("a monitor of alerts ends an hour after they do, and comes back with its history", async () => {
  const { db, told, hear, look, go, clock } = await judging();
  await hear(told("disk /"));
  await go(10);
  await hear(told("disk /", { resolved: true }));
  await go(HOUR - 60);
  expect(await look("alert-disk--web3")).toBe("up ok");
  await go(HOUR + 60);
  expect(await look("alert-disk--web3")).toBe("none");
  await forgetOldAlerts(db, after(25 * HOUR));
  expect(await db("alerts").count()).toEqual([{ count: 0 }]);
  await hear(told("disk /"));
  await go(HOUR + 70);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
  expect(await db("monitors").where({ id: "alert-disk--web3" }).count()).toEqual([{ count: 1 }]);
  expect(clock.now).toEqual(after(HOUR + 70));
});

test("a configuration that is applied leaves monitors of alerts alone", async () => {
  const { db, roster, told, hear, look, go, clock } = await judging();
  await hear(told("disk /"));
  await go(10);
  await applyWhole(db, { ...config, monitors: [] }, roster, {
    epoch: await beginEpoch(db),
    now: clock.now,
    words: () => ({}),
  });
  expect((await listWatched(db)).map(({ id }) => id)).toEqual(["alert-disk--web3"]);
  expect(await look("alert-disk--web3")).toBe("down alert-firing");
});

test("what no rule places is forgotten when it is not told again", async () => {
  const { db, told, hear, go } = await judging();
  await hear(told("other"), told("strange", { believedMs: null }));
  await go(5 * MINUTE);
  expect((await listFiring(db)).alerts.map(({ fingerprint }) => fingerprint)).toEqual(["strange"]);
  await go(5 * HOUR + 10);
  expect((await listFiring(db)).alerts).toEqual([]);
  expect(await db("monitors").where({ probe: "alert" }).select("id")).toEqual([]);
});

test("rules that change take their alerts elsewhere", async () => {
  const { told, hear, look, go, state } = await judging();
  await hear(told("disk /"));
  await go(10);
  state.config = {
    ...config,
    rules: [rule("other", { match: { alertname: ["disk"] }, impact: "major_outage" })],
  };
  await go(11);
  expect(await look("alert-disk--web3")).toBe("none");
  expect(await look("alert-other--web3")).toBe("down alert-firing");
  state.config = { ...config, rules: [] };
  await go(20);
  expect(await look("alert-other--web3")).toBe("none");
});
