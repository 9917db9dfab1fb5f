/**
 * What must hold after any number of kills, for each job that catches up. The engine's own record of the execs that it
 * started (`CHOREWHEEL_EXECUTION` in their environment) is the truth about what ran.
 *
 * 1. Recorded: each exec that was started has its row, with the exit code that the engine knows; what was in the
 *    database at a kill is there at the end.
 * 2. Not twice: no two started execs are of the same fire time.
 * 3. Not lost: each fire time of the job's grid, from the first one with a row to the last one handled, has an exec or a
 *    row that says why not, or lies in a range told as missed. With `all` nothing may be missed; with `once` a range
 *    told as missed ends before a fire time that has its exec or row.
 * 4. `max` holds at the engine at any time, survivors of a kill included.
 */
import type { Exec } from '../../bench/fleet/execution.ts';
import type { Busy } from './busy.ts';
import { MAX } from './busy.ts';
import { readState, type StateRow } from './state.ts';

export interface Judgement {
  readonly faults: readonly string[];
  /** For the reader: executions started, rows, and so on. */
  readonly summary: string;
}

interface JobRecord {
  readonly rows: StateRow[];
  readonly execs: { readonly exec: Exec; readonly row: StateRow }[];
}

export function judge(busy: Busy): Judgement {
  const state = readState(busy.folder);
  const faults: string[] = [...busy.complaints];
  const byId = new Map(state.rows.map((row) => [row.id, row]));
  const jobs = new Map<string, JobRecord>();
  for (const row of state.rows) jobOf(jobs, row.job).rows.push(row);
  for (const { id, job } of state.running) faults.push(`${job} ${id} is unfinished after an orderly stop`);
  for (const id of busy.safe) if (!byId.has(id)) faults.push(`${id} was in the database and is not any more`);
  let started = 0;
  for (const exec of busy.fleet.executions()) {
    const mark = exec.variable('CHOREWHEEL_EXECUTION');
    if (mark === undefined || exec.startedNs < 0) continue;
    started += 1;
    const row = byId.get(mark);
    if (row !== undefined) jobOf(jobs, row.job).execs.push({ exec, row });
    else if (exec.ask.words.join(' ') !== 'echo plain')
      faults.push(`${mark} (${exec.ask.words}) ran without a row`);
  }
  for (const [job, record] of jobs) {
    const name = nameOf(job);
    if (name === 'plain') continue;
    faults.push(
      ...unequalEnds(job, record),
      ...twice(job, record),
      ...lost(job, name, record, state.handledUntil.get(job) ?? 0),
      ...beyondMax(job, MAX[name] ?? 1, record),
    );
  }
  const survivors = busy.found.reduce((sum, count) => sum + count, 0);
  const missed = state.rows.filter((row) => row.result === 'missed').length;
  return {
    faults,
    summary: `${started} execs started, ${state.rows.length} rows, ${missed} of them missed, ${survivors} survivors found, ${jobs.size} jobs`,
  };
}

function jobOf(jobs: Map<string, JobRecord>, job: string): JobRecord {
  const known = jobs.get(job) ?? { rows: [], execs: [] };
  jobs.set(job, known);
  return known;
}

function nameOf(job: string): string {
  return ['once', 'all', 'slow', 'grid', 'plain'].find((name) => job.includes(name)) ?? job;
}

function* unequalEnds(job: string, { execs }: JobRecord): Generator<string> {
  // An engine whose reader is gone tells a wrong exit code: that makes the end unknown.
  for (const { exec, row } of execs)
    if (exec.exitCode !== row.exit_code && !(row.result === 'unknown' && exec.reportedCode !== undefined))
      yield `${job} ${row.id} exited with ${exec.exitCode}, told as ${row.result} ${row.exit_code} ${row.reason}`;
}

function* twice(job: string, { execs }: JobRecord): Generator<string> {
  const seen = new Map<number, string | null>();
  for (const { row } of execs) {
    const other = seen.get(row.fire_time);
    if (other !== undefined) yield `${job} ran twice for ${time(row.fire_time)}: ${other} and ${row.id}`;
    seen.set(row.fire_time, row.id);
  }
}

function* lost(job: string, name: string, { rows }: JobRecord, handledUntil: number): Generator<string> {
  const step = name === 'grid' ? 2000 : 1000;
  const kept = rows.filter((row) => row.result !== 'missed');
  const accounted = new Set(kept.map((row) => row.fire_time));
  const missed = rows.filter((row) => row.result === 'missed');
  if (name === 'all') for (const row of missed) yield `${job} missed ${time(row.fire_time)}: ${row.reason}`;
  const told = missed.map(({ fire_time, reason }) => rangeOf(fire_time, reason ?? ''));
  const times = [...accounted, ...told.map(({ from }) => from)].sort((a, b) => a - b);
  const first = times[0] ?? 0;
  for (let at = first; at <= Math.min(handledUntil, times.at(-1) ?? 0); at += step) {
    if (accounted.has(at) || told.some(({ from, to }) => at >= from && at < to)) continue;
    yield `${job} lost ${time(at)}`;
  }
  for (const at of times) if ((at - first) % step !== 0) yield `${job} left its grid: ${time(at)}`;
}

interface Range {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** The fire times that a row tells as missed, but for the newest, which was to run. */
function rangeOf(from: number, reason: string): Range {
  const [, until = ''] = /until (\S+) passed/.exec(reason) ?? [];
  return { from, to: Date.parse(until) };
}

function* beyondMax(job: string, max: number, { execs }: JobRecord): Generator<string> {
  const edges = execs
    .flatMap(({ exec }) => [
      { at: exec.startedNs, by: 1 },
      { at: exec.endedNs < 0 ? Number.MAX_SAFE_INTEGER : exec.endedNs, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let running = 0;
  for (const { by } of edges) {
    running += by;
    if (running > max) {
      yield `${job} ran ${running} times at once, its max is ${max}`;
      return;
    }
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
