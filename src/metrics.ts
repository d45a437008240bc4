import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

/** Gauges that call themselves totals: Prometheus' own lint refuses them, and others say the same. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** Tudunk's own metrics; labels are closed sets, units are in the names. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return {
    results: new Counter({
      name: "tudunk_results_total",
      help: "Results taken from workers and committed, by probe kind and outcome.",
      labelNames: ["kind", "outcome"],
      registers,
    }),
    probeSeconds: new Histogram({
      name: "tudunk_probe_duration_seconds",
      help: "How long one look took, by probe kind.",
      labelNames: ["kind"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    startLagSeconds: new Histogram({
      name: "tudunk_probe_start_lag_seconds",
      help: "How much later than planned looks began.",
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    incidents: new Counter({
      name: "tudunk_incident_changes_total",
      help: "Changes of incidents, by what happened.",
      labelNames: ["phase"],
      registers,
    }),
    reports: new Counter({
      name: "tudunk_reports_total",
      help: "Reports read, by the way they came in and what was answered.",
      labelNames: ["channel", "answer"],
      registers,
    }),
    beats: new Counter({
      name: "tudunk_beats_total",
      help: "Beats that jobs sent, by whether they were kept, wait on disk, were refused or of nobody we know.",
      labelNames: ["result"],
      registers,
    }),
    alerts: new Counter({
      name: "tudunk_alerts_total",
      help: "Alerts told by other monitoring systems, by whether a rule placed or ignored them or none matched.",
      labelNames: ["result"],
      registers,
    }),
    suspicions: new Counter({
      name: "tudunk_suspicions_total",
      help: "Suspected incidents that reports have raised.",
      registers,
    }),
    deliveries: new Counter({
      name: "tudunk_deliveries_total",
      help: "Attempts to send a message, by kind of channel and what became of it.",
      labelNames: ["kind", "result"],
      registers,
    }),
    monitors: new Gauge({
      name: "tudunk_monitors",
      help: "Monitors under watch, by what they are shown as.",
      labelNames: ["state"],
      registers,
    }),
    incidentsOpen: new Gauge({
      name: "tudunk_incidents_open",
      help: "Open incidents, by severity.",
      labelNames: ["severity"],
      registers,
    }),
    componentStatus: new Gauge({
      name: "tudunk_component_status",
      help: "1 for the status a component has, 0 for the others.",
      labelNames: ["component", "status"],
      registers,
    }),
    deliveriesOwed: new Gauge({
      name: "tudunk_deliveries_owed",
      help: "Messages owed and not yet sent, by channel.",
      labelNames: ["channel"],
      registers,
    }),
    deliveryOldestSeconds: new Gauge({
      name: "tudunk_delivery_oldest_owed_seconds",
      help: "Age of the oldest message owed, by channel; 0 where none is.",
      labelNames: ["channel"],
      registers,
    }),
    workerMissed: new Gauge({
      name: "tudunk_worker_missed_looks",
      help: "Looks left out since the worker started, because one before had not ended or it stood still.",
      registers,
    }),
    workerSpooled: new Gauge({
      name: "tudunk_worker_spooled_results",
      help: "Results seen and not yet committed.",
      registers,
    }),
    workerWordSeconds: new Gauge({
      name: "tudunk_worker_last_word_timestamp_seconds",
      help: "When a worker last spoke, Unix time.",
      registers,
    }),
    configReloadOk: new Gauge({
      name: "tudunk_config_last_reload_successful",
      help: "1 when the last reading of the configuration was applied.",
      registers,
    }),
    leading: new Gauge({
      name: "tudunk_leading",
      help: "1 in the one process that probes and decides.",
      registers,
    }),
  };
}
