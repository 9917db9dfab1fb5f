/**
 * Counts of one job from which its statistics are read in constant time, whatever the number of executions.
 *
 * Durations and latenesses go into a log-scaled histogram: bucket 0 is below 1 ms, bucket `b` holds
 * [2^((b-1)/8), 2^(b/8)) ms, so a percentile is exact to 9 % and a month fits in some 260 buckets.
 * A row that leaves the history is taken out again by the same arithmetic; only the exact maximum can't be, so
 * what is told as the maximum is never above the upper end of the highest bucket in use.
 */
import type { HistoryRow, JobStatistics } from './history.ts';

/** Bucket to count; no bucket has count 0. */
export type Histogram = Map<number, number>;

export interface Rollup {
  executions: number;
  succeeded: number;
  readonly durations: Histogram;
  maxDuration: number;
  readonly lateness: Histogram;
  maxLateness: number;
}

/** What of a row counts. */
export type Counted = Pick<HistoryRow, 'outcome' | 'exitCode' | 'latenessMs' | 'durationMs'>;

const bucketsPerDoubling = 8;

export function createRollup(): Rollup {
  return {
    executions: 0,
    succeeded: 0,
    durations: new Map(),
    maxDuration: 0,
    lateness: new Map(),
    maxLateness: 0,
  };
}

/** Whether rows of this outcome are executions that ended, in contrast to running ones and to fire times that did not run. */
function isExecution(outcome: HistoryRow['outcome']): boolean {
  switch (outcome) {
    case 'running':
    case 'skipped':
    case 'misfired':
    case 'missed':
    case 'abandoned':
      return false;
    default:
      return true;
  }
}

export function countRow(rollup: Rollup, row: Counted): void {
  if (!isExecution(row.outcome)) return;
  rollup.executions += 1;
  if (row.outcome === 'exited' && row.exitCode === 0) rollup.succeeded += 1;
  add(rollup.lateness, bucketOf(row.latenessMs), 1);
  rollup.maxLateness = Math.max(rollup.maxLateness, row.latenessMs);
  if (row.durationMs === undefined || row.outcome === 'failed to start') return;
  add(rollup.durations, bucketOf(row.durationMs), 1);
  rollup.maxDuration = Math.max(rollup.maxDuration, row.durationMs);
}

/** The reverse of `countRow`. */
export function uncountRow(rollup: Rollup, row: Counted): void {
  if (!isExecution(row.outcome)) return;
  rollup.executions -= 1;
  if (row.outcome === 'exited' && row.exitCode === 0) rollup.succeeded -= 1;
  add(rollup.lateness, bucketOf(row.latenessMs), -1);
  rollup.maxLateness = Math.min(rollup.maxLateness, highest(rollup.lateness));
  if (row.durationMs === undefined || row.outcome === 'failed to start') return;
  add(rollup.durations, bucketOf(row.durationMs), -1);
  rollup.maxDuration = Math.min(rollup.maxDuration, highest(rollup.durations));
}

export function statisticsOf(job: string, rollup: Rollup): JobStatistics {
  const { durations, maxDuration } = rollup;
  return {
    job,
    executions: rollup.executions,
    successRate: rollup.executions > 0 ? rollup.succeeded / rollup.executions : undefined,
    durationMs:
      durations.size === 0
        ? undefined
        : {
            p50: Math.min(percentile(durations, 0.5), maxDuration),
            p95: Math.min(percentile(durations, 0.95), maxDuration),
            max: maxDuration,
          },
    longestLatenessMs: rollup.maxLateness,
  };
}

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : 1 + Math.floor(Math.log2(ms) * bucketsPerDoubling + 1e-9);
}

function upperEnd(bucket: number): number {
  return Math.round(2 ** (bucket / bucketsPerDoubling));
}

function add(histogram: Histogram, bucket: number, by: 1 | -1): void {
  const count = (histogram.get(bucket) ?? 0) + by;
  if (count > 0) histogram.set(bucket, count);
  else histogram.delete(bucket);
}

function highest(histogram: Histogram): number {
  return histogram.size === 0 ? 0 : upperEnd(Math.max(...histogram.keys()));
}

function percentile(histogram: Histogram, share: number): number {
  const buckets = [...histogram].sort((a, b) => a[0] - b[0]);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= total * share) return upperEnd(bucket);
  }
  return 0;
}
