/**
 * Counters for Prometheus, fed by reports. No label holds the name of a job or a container, so that the text stays
 * as small with ten thousand jobs as with one; each job's figures are in `/api/statistics`.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { resultOf } from '../history/rows.ts';
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

const results = [
  'succeeded',
  'nonzero',
  'failed to start',
  'timeout',
  'cancelled',
  'container gone',
  'worker lost',
  'unknown',
  'skipped',
  'misfired',
  'missed',
  'abandoned',
] as const;

const latenessBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600];
const durationBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];
/** Coarse enough to cost nothing when idle, milliseconds. */
const loopResolution = 50;

export function createMetrics(): Metrics {
  const fireTimes = new Map<string, number>(results.map((result) => [result, 0]));
  const lateness = createHistogram(latenessBounds);
  const durations = createHistogram(durationBounds);
  let loop: IntervalHistogram | undefined;
  const count = (result: string, by: number): void => {
    fireTimes.set(result, (fireTimes.get(result) ?? 0) + by);
  };
  return {
    observe(report) {
      observeReport(report, count, lateness, durations);
    },
    render(gauges) {
      if (loop === undefined) {
        loop = monitorEventLoopDelay({ resolution: loopResolution });
        loop.enable();
      }
      const text = renderAll(gauges, fireTimes, lateness, durations, loop);
      loop.reset();
      return text;
    },
    close() {
      loop?.disable();
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

function renderAll(
  gauges: Gauges,
  fireTimes: ReadonlyMap<string, number>,
  lateness: Histogram,
  durations: Histogram,
  loop: IntervalHistogram,
): string {
  const outcomes = [...fireTimes].map(([result, value]) =>
    sample('fire_times_total', value, { outcome: result }),
  );
  // The timer measures the time between its own ticks.
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - loopResolution / 1000);
  const delays = [0.5, 0.99, 1].map((quantile) =>
    sample('event_loop_delay_seconds', seconds(loop.count === 0 ? 0 : loop.percentile(quantile * 100)), {
      quantile: String(quantile),
    }),
  );
  return [
    head('fire_times_total', 'counter', 'Fire times by what became of them.'),
    ...outcomes,
    ...histogram('lateness_seconds', 'Start of executions minus the moment they were due.', lateness),
    ...histogram('execution_duration_seconds', 'From start to end of executions.', durations),
    ...gaugeLines(gauges),
    head('event_loop_delay_seconds', 'gauge', 'Delay of the event loop since the metrics were last read.'),
    ...delays,
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
