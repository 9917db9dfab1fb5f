/**
 * Counters for Prometheus, fed by reports. No label holds the name of a job or a container, so that the text stays
 * as small with ten thousand jobs as with one; each job's figures are in `/api/statistics`.
 */
import { resultOf, results } from '../history/rows.ts';
import type { Report } from '../scheduling/reports.ts';

export interface Metrics {
  observe(report: Report): void;
  /** Prometheus text, version 0.0.4. */
  render(gauges: Gauges): string;
  /** Ends the measurement of the event loop. */
  close(): void;
}

/** What is read at the moment of the question. */
export interface Gauges {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly jobs: number;
  readonly running: number;
  readonly queued: number;
  readonly poolSize: number;
  readonly problems: number;
  readonly connected: boolean;
  readonly reconnects: number;
  readonly resyncs: number;
  readonly historyDegraded: boolean;
  readonly historyWaiting: number;
  readonly historyDropped: number;
}

const latenessBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600];
const durationBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];
const loopBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
/** How often the event loop's delay is measured, milliseconds: too seldom to cost anything when idle. */
const loopStepMs = 50;

export function createMetrics(): Metrics {
  const fireTimes = new Map<string, number>(results.map((result) => [result, 0]));
  const lateness = createHistogram(latenessBounds);
  const durations = createHistogram(durationBounds);
  const loopDelay = createHistogram(loopBounds);
  let watch: NodeJS.Timeout | undefined;
  const count = (result: string, by: number): void => {
    fireTimes.set(result, (fireTimes.get(result) ?? 0) + by);
  };
  return {
    observe(report) {
      observeReport(report, count, lateness, durations);
    },
    render(gauges) {
      // An instance that nobody asks measures nothing.
      watch ??= watchLoop(loopDelay);
      return renderAll(gauges, fireTimes, { lateness, durations, loopDelay });
    },
    close() {
      clearInterval(watch);
    },
  };
}

type Count = (result: string, by: number) => void;

function observeReport(report: Report, count: Count, lateness: Histogram, durations: Histogram): void {
  switch (report.kind) {
    case 'execution started':
      lateness.add(report.execution.latenessMs / 1000);
      return;
    case 'execution ended': {
      const { outcome, durationMs } = report;
      const exitCode = 'exitCode' in outcome ? outcome.exitCode : undefined;
      count(resultOf({ outcome: outcome.kind, exitCode }), 1);
      if (outcome.kind !== 'failed to start') durations.add(durationMs / 1000);
      return;
    }
    case 'skipped':
      count('skipped', report.range?.count ?? 1);
      return;
    case 'misfired':
      count('misfired', 1);
      return;
    case 'missed':
      count('missed', Math.max(0, report.count - report.running));
      return;
    case 'abandoned':
      count('abandoned', 1);
      return;
    default:
      return;
  }
}

interface Histogram {
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last counts what is above all of them. */
  readonly counts: number[];
  sum: number;
  add(value: number): void;
}

function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  return {
    bounds,
    counts,
    sum: 0,
    add(value) {
      let index = 0;
      while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
      counts[index] = (counts[index] ?? 0) + 1;
      this.sum += value;
    },
  };
}

/**
 * Adds how late a timer comes, again and again. (Node's own monitor counts its period as delay, and misses what held
 * the loop up right after a reset.)
 */
function watchLoop(delays: Histogram): NodeJS.Timeout {
  let due = performance.now() + loopStepMs;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.add(Math.max(0, now - due) / 1000);
    due = now + loopStepMs;
  }, loopStepMs);
  return timer.unref();
}

interface Histograms {
  readonly lateness: Histogram;
  readonly durations: Histogram;
  readonly loopDelay: Histogram;
}

function renderAll(
  gauges: Gauges,
  fireTimes: ReadonlyMap<string, number>,
  { lateness, durations, loopDelay }: Histograms,
): string {
  const outcomes = [...fireTimes].map(([result, value]) =>
    sample('fire_times_total', value, { outcome: result }),
  );
  // The timer measures the time between its own ticks.
  return [
    head('fire_times_total', 'counter', 'Fire times by what became of them.'),
    ...outcomes,
    ...histogram('lateness_seconds', 'Start of executions minus the moment they were due.', lateness),
    ...histogram('execution_duration_seconds', 'From start to end of executions.', durations),
    ...gaugeLines(gauges),
    ...histogram('event_loop_delay_seconds', 'How late timers come, since the first reading.', loopDelay),
    '',
  ].join('\n');
}

function gaugeLines(gauges: Gauges): string[] {
  const usage = process.cpuUsage();
  const lines: readonly (readonly [string, 'gauge' | 'counter', string, number])[] = [
    ['jobs', 'gauge', 'Registered jobs.', gauges.jobs],
    ['running', 'gauge', 'Executions that run.', gauges.running],
    ['queued', 'gauge', 'Firings that wait for a place.', gauges.queued],
    ['pool_size', 'gauge', 'The most executions that run at once.', gauges.poolSize],
    ['problems', 'gauge', 'Mistakes in labels of the containers that exist.', gauges.problems],
    ['engine_connected', 'gauge', 'Whether there is contact with the engine.', Number(gauges.connected)],
    ['engine_reconnects_total', 'counter', 'Contacts that were lost and made again.', gauges.reconnects],
    ['engine_resyncs_total', 'counter', 'Complete lists of containers.', gauges.resyncs],
    ['history_degraded', 'gauge', 'Whether the history can not be written.', Number(gauges.historyDegraded)],
    ['history_waiting', 'gauge', 'Records that wait to be written.', gauges.historyWaiting],
    ['history_dropped_total', 'counter', 'Records that were given up.', gauges.historyDropped],
    ['start_time_seconds', 'gauge', 'When it started, since the epoch.', gauges.startedAt / 1000],
    ['cpu_seconds_total', 'counter', 'Processor time used.', (usage.user + usage.system) / 1e6],
    ['resident_memory_bytes', 'gauge', 'Memory in use.', process.memoryUsage.rss()],
  ];
  return [
    head('info', 'gauge', 'Always 1; the version is its label.'),
    sample('info', 1, { version: gauges.version }),
    ...lines.flatMap(([name, type, help, value]) => [head(name, type, help), sample(name, value)]),
  ];
}

function head(name: string, type: string, help: string): string {
  return `# HELP chorewheel_${name} ${help}\n# TYPE chorewheel_${name} ${type}`;
}

function sample(name: string, value: number, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `chorewheel_${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function histogram(name: string, help: string, { bounds, counts, sum }: Histogram): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return sample(`${name}_bucket`, total, { le: index < bounds.length ? String(bounds[index]) : '+Inf' });
  });
  return [
    head(name, 'histogram', help),
    ...buckets,
    sample(`${name}_sum`, sum),
    sample(`${name}_count`, total),
  ];
}
