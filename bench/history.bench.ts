/**
 * The history on disk, with many rows: how long its views, its start and its records take. `CHOREWHEEL_BENCH_ROWS`
 * sets the number of rows (a million if left out), `CHOREWHEEL_BENCH_STATE` a folder that is filled once and kept.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { History, HistoryQuery } from '../src/history/history.ts';
import { openStore } from '../src/history/store.ts';
import type { ContainerId, ExecutionId, JobId, WallMs } from '../src/ids.ts';
import type { Execution } from '../src/scheduling/events.ts';
import { pause } from './daemon-process.ts';
import { type BenchRow, percentile, type Scenario } from './harness.ts';
import { FILL_JOBS, fillHistory, firstFireTime, jobName } from './history-fill.ts';

const PER_SECOND = 5_000;
const FOREVER = 1e15;

function open(folder: string, maxBytes = FOREVER): Promise<History> {
  return openStore({ folder, maxAgeMs: FOREVER, maxBytes }, (message) => console.error(message));
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Each view once on a fresh process' cold caches, then again; the greatest counts. */
async function views(history: History, rows: number, newest: number): Promise<BenchRow[]> {
  const first = firstFireTime(rows, newest);
  const middle = Math.round((first + newest) / 2);
  const queries: [string, HistoryQuery][] = [
    ['newest page', { limit: 100 }],
    ['newest page of 1,000', { limit: 1000 }],
    ['one job', { job: jobName(17), limit: 100 }],
    ['failed ones', { outcome: ['nonzero', 'timeout', 'unknown', 'container gone'], limit: 100 }],
    ['an outcome one in a million has', { outcome: ['timeout'], limit: 100 }],
    ['an outcome none has', { outcome: ['worker lost'], limit: 100 }],
    ['failed ones of one job', { job: jobName(9), outcome: ['nonzero'], limit: 100 }],
    ['an hour in the middle', { from: middle, to: middle + 3_600_000, limit: 1000 }],
    ['a page far back', { before: `${first + 100_000}.400`, limit: 1000 }],
  ];
  const asked: [string, () => Promise<unknown>][] = queries.map(([name, query]) => [
    name,
    () => history.executions(query),
  ]);
  const { rows: some } = await history.executions({ job: jobName(17), to: middle, limit: 1 });
  const id = some[0]?.execution as ExecutionId;
  asked.push(
    ['one execution', () => history.execution(id)],
    [`statistics of all ${FILL_JOBS} jobs`, () => history.statistics()],
    ['statistics of one job', () => history.statistics(jobName(17))],
  );
  const results: BenchRow[] = [];
  for (const [name, ask] of asked) {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) times.push(await took(ask));
    results.push({ measure: `view: ${name}`, value: percentile(times, 1), unit: 'ms', better: 'lower' });
  }
  return results;
}

async function opening(folder: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    let history: History | undefined;
    times.push(
      await took(async () => {
        history = await open(folder);
      }),
    );
    await history?.close();
  }
  return percentile(times, 0.5);
}

function execution(number: number, now: number): Execution {
  const name = `job-${number % FILL_JOBS}`;
  return {
    id: `b${number}` as ExecutionId,
    job: jobName(number % FILL_JOBS) as JobId,
    definition: {
      name,
      command: 'true',
      words: ['true'],
      trigger: { kind: 'date', text: '', timezone: 'UTC', at: 0, next: () => undefined },
      jitterMs: 0,
      max: 1,
      overlap: 'skip',
      graceMs: Number.POSITIVE_INFINITY,
      timeoutMs: Number.POSITIVE_INFINITY,
      catchUp: 'skip',
      user: '',
      workdir: '',
      environment: [],
    },
    container: (number % 200).toString(16).padStart(64, '0') as ContainerId,
    containerName: `container-${number % 200}`,
    service: undefined,
    fireTime: Math.floor(now) as WallMs,
    latenessMs: 1,
    startedAt: Math.floor(now) as WallMs,
    cause: 'schedule',
  };
}

/** Records at an even rate, each execution ending 100 ms after its start, and watches memory and queue. */
async function recording(history: History, seconds: number): Promise<BenchRow[]> {
  const begin = performance.now();
  const waiting: Execution[] = [];
  const queue: number[] = [];
  const memory: number[] = [];
  let number = 0;
  let second = 0;
  while (performance.now() - begin < seconds * 1000) {
    const wanted = ((performance.now() - begin) / 1000) * PER_SECOND;
    for (; number < wanted; number += 1) {
      const started = execution(number, Date.now());
      history.recordStarted(started);
      waiting.push(started);
    }
    for (const ended of waiting.splice(0, Math.max(0, waiting.length - PER_SECOND / 10))) {
      history.recordOutput(ended.id, 'a line as jobs write it');
      history.recordEnded(ended, { kind: 'exited', exitCode: 0 }, Date.now() as WallMs, 100);
    }
    queue.push(history.health().waiting);
    if (performance.now() - begin > second * 1000) {
      second += 1;
      memory.push(process.memoryUsage().rss / 2 ** 20);
    }
    await pause(5);
  }
  const seconds_ = (performance.now() - begin) / 1000;
  const { dropped } = history.health();
  const half = memory.slice(Math.floor(memory.length / 2));
  return [
    { measure: 'recorded', value: number / seconds_, unit: 'executions/s', better: 'higher' },
    { measure: 'records that wait, p99', value: percentile(queue, 0.99), unit: '', better: 'lower' },
    { measure: 'records given up', value: dropped, unit: '', better: 'lower' },
    { measure: 'memory at half time', value: half[0] ?? 0, unit: 'MiB' },
    { measure: 'memory at the end', value: half.at(-1) ?? 0, unit: 'MiB', better: 'lower' },
  ];
}

const scenario: Scenario = {
  name: 'history',
  title: 'The history on disk, filled',
  about:
    'A database that is full already. Views: the slowest of five, asked as the API asks. Start: the median of five openings.',
  async run({ short }) {
    const rows = Number(process.env.CHOREWHEEL_BENCH_ROWS ?? (short ? 20_000 : 1_000_000));
    const scratch = mkdtempSync(join(tmpdir(), 'cwb-'));
    const kept = process.env.CHOREWHEEL_BENCH_STATE;
    const folder = kept ?? join(scratch, 'full');
    try {
      const newest = Math.floor(Date.UTC(2026, 0, 1));
      const fillMs = existsSync(join(folder, 'history.db'))
        ? undefined
        : await took(async () => fillHistory(folder, rows, newest));
      const history = await open(folder);
      const results = await views(history, rows, newest);
      await history.close();
      const full = await opening(folder);
      const empty = await opening(join(scratch, 'empty'));
      const fresh = await open(join(scratch, 'empty'), 256 * 2 ** 20);
      results.push(
        { measure: `start with ${rows} rows`, value: full, unit: 'ms', better: 'lower' },
        { measure: 'start with none', value: empty, unit: 'ms', better: 'lower' },
        ...(await recording(fresh, short ? 2 : 60)),
      );
      await fresh.close();
      if (fillMs !== undefined) results.push({ measure: 'filled in', value: fillMs / 1000, unit: 's' });
      return results;
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};
export default scenario;
