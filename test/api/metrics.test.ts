import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMetrics, type Gauges } from '../../src/api/metrics.ts';
import type { Report } from '../../src/scheduling/reports.ts';
import { execution, start, wall } from '../history/builders.ts';

const gauges: Gauges = {
  version: '1.2.3',
  startedAt: 1_000_000,
  jobs: 10_000,
  running: 3,
  queued: 4,
  poolSize: 10,
  problems: 2,
  connected: true,
  reconnects: 5,
  resyncs: 6,
  historyDegraded: false,
  historyWaiting: 7,
  historyDropped: 8,
};

const started = execution('a', { latenessMs: 20 });
const subject = {
  job: started.job,
  jobName: 'backup',
  container: started.container,
  containerName: 'shop-db-1',
  service: undefined,
};

function rendered(t: TestContext, reports: readonly Report[]): Map<string, number> {
  const metrics = createMetrics();
  t.after(() => metrics.close());
  for (const report of reports) metrics.observe(report);
  const lines = metrics.render(gauges).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of samples)
    assert.match(line, /^chorewheel_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.e+-]+$/);
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('fire times are counted by what became of them', (t) => {
  const ended = (outcome: Extract<Report, { kind: 'execution ended' }>['outcome']) =>
    ({ kind: 'execution ended', execution: started, outcome, durationMs: 200 }) as const;
  const samples = rendered(t, [
    ended({ kind: 'exited', exitCode: 0 }),
    ended({ kind: 'exited', exitCode: 1 }),
    ended({ kind: 'failed to start', reason: 'no' }),
    { kind: 'skipped', subject, fireTime: wall(start), reason: 'overlap' },
    {
      kind: 'skipped',
      subject,
      fireTime: wall(start),
      reason: 'paused',
      range: { until: wall(start + 1), count: 4, exact: true },
    },
    { kind: 'misfired', subject, fireTime: wall(start), latenessMs: 5, graceMs: 1 },
    {
      kind: 'missed',
      subject,
      from: wall(start),
      to: wall(start + 9),
      count: 10,
      exact: true,
      policy: 'once',
      running: 1,
    },
    { kind: 'abandoned', subject, fireTime: wall(start), execution: undefined, reason: 'stop' },
  ]);
  const counted = (outcome: string) => samples.get(`chorewheel_fire_times_total{outcome="${outcome}"}`);
  assert.deepEqual(
    ['succeeded', 'nonzero', 'failed to start', 'skipped', 'misfired', 'missed', 'abandoned', 'timeout'].map(
      counted,
    ),
    [1, 1, 1, 5, 1, 9, 1, 0],
  );
  assert.equal(samples.get('chorewheel_execution_duration_seconds_count'), 2);
  assert.equal(samples.get('chorewheel_execution_duration_seconds_sum'), 0.4);
});

test('lateness is a cumulative histogram in seconds', (t) => {
  const samples = rendered(t, [
    { kind: 'execution started', execution: started },
    { kind: 'execution started', execution: execution('b', { latenessMs: 900_000 }) },
  ]);
  const bucket = (le: string) => samples.get(`chorewheel_lateness_seconds_bucket{le="${le}"}`);
  assert.deepEqual(['0.01', '0.025', '300', '3600', '+Inf'].map(bucket), [0, 1, 1, 2, 2]);
  assert.equal(samples.get('chorewheel_lateness_seconds_count'), 2);
  assert.equal(samples.get('chorewheel_lateness_seconds_sum'), 900.02);
});

test('gauges are told as they are, and every metric has a help and a type', (t) => {
  const samples = rendered(t, []);
  const expected: Readonly<Record<string, number>> = {
    jobs: 10_000,
    running: 3,
    queued: 4,
    pool_size: 10,
    problems: 2,
    engine_connected: 1,
    engine_reconnects_total: 5,
    engine_resyncs_total: 6,
    history_degraded: 0,
    history_waiting: 7,
    history_dropped_total: 8,
    start_time_seconds: 1000,
    'info{version="1.2.3"}': 1,
  };
  for (const [name, value] of Object.entries(expected))
    assert.equal(samples.get(`chorewheel_${name}`), value);
  const metrics = createMetrics();
  t.after(() => metrics.close());
  const text = metrics.render(gauges);
  const names = new Set(
    [...samples.keys()].map((name) => name.replace(/\{.*$/, '').replace(/_(bucket|sum|count)$/, '')),
  );
  for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} `, 'm'));
});
