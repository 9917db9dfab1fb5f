/**
 * Answers questions from the database; every one of them in a time that does not grow with the number of rows.
 *
 * A page may be narrowed by job, outcomes and time. The indexes are ordered by fire time within one result, so a
 * page is the newest few of each wanted result, merged; that reads at most a page for each of the dozen results,
 * however rare they are among millions of others.
 */
import type Database from 'libsql';
import type { ExecId, ExecutionId, JobId, WallMs } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import type { JobColumns } from './counts.ts';
import type { HistoryQuery, HistoryRow, JobStatistics, UnfinishedExecution } from './history.ts';
import { boundedLimit, isWanted, outcomeOf, type Placed, parseCursor, type Result, results } from './rows.ts';
import { optional, text } from './values.ts';

/** The columns of `running`. */
export interface RunningColumns {
  readonly seq: number;
  readonly id: string;
  readonly job: string;
  readonly job_name: string;
  readonly container: string;
  readonly container_name: string;
  readonly service: string | null;
  readonly exec: string | null;
  readonly user: string;
  readonly fire_time: number;
  readonly started_at: number;
  readonly lateness_ms: number;
  readonly start_by: number | null;
}

interface RowColumns {
  readonly seq: number;
  readonly id: string | null;
  readonly job: string;
  readonly job_name: string;
  readonly container: string;
  readonly container_name: string;
  readonly service: string | null;
  readonly fire_time: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly result: Exclude<Result, 'running'>;
  readonly exit_code: number | null;
  readonly reason: string | null;
  readonly lateness_ms: number;
  readonly duration_ms: number | null;
  readonly output: string;
}

/** The columns of `memories`. */
export interface MemoryColumns {
  readonly job: string;
  readonly anchor: number | null;
  readonly handled_until: number | null;
  readonly paused: number;
  readonly trigger_text: string;
}

/** Rows that go into the new database as they are. */
export interface Salvaged {
  readonly memories: readonly MemoryColumns[];
  readonly running: readonly RunningColumns[];
}

const columns = (output: string): string => `e.seq, e.id, j.id AS job, j.name AS job_name, c.id AS container,
  c.name AS container_name, c.service, e.fire_time, e.started_at, e.ended_at, e.result, e.exit_code, e.reason,
  e.lateness_ms, e.duration_ms, ${output} AS output`;
const joins = 'JOIN jobs j ON j.key = e.job JOIN containers c ON c.key = e.container';

/** Parameters: 1 fire time and 2 number before which, 3 fire time from which, 4 rows, 5 job, 6… results. */
function pageSql(byJob: boolean): string {
  const newest = results.map(
    (_, index) => `SELECT * FROM (SELECT seq, fire_time FROM executions
      WHERE ${byJob ? 'job = ?5 AND ' : ''}result = ?${index + 6}
        AND (fire_time, seq) < (?1, ?2) AND fire_time >= ?3
      ORDER BY fire_time DESC, seq DESC LIMIT ?4)`,
  );
  const merged = `SELECT seq FROM (${newest.join(' UNION ALL ')}) ORDER BY fire_time DESC, seq DESC LIMIT ?4`;
  return `SELECT ${columns("''")} FROM (${merged}) m CROSS JOIN executions e ON e.seq = m.seq ${joins}`;
}

function prepareAll(db: Database.Database) {
  const row = `SELECT ${columns('e.output')} FROM executions e ${joins}`;
  return {
    page: db.prepare(pageSql(false)),
    pageOfJob: db.prepare(pageSql(true)),
    job: db.prepare('SELECT * FROM jobs WHERE id = ?'),
    jobs: db.prepare(`SELECT id, executions, succeeded, p50_duration_ms, p95_duration_ms, max_duration_ms,
      max_lateness_ms FROM jobs WHERE executions > 0 ORDER BY id`),
    byId: db.prepare(`${row} WHERE e.id = ?`),
    bySeq: db.prepare(`${row} WHERE e.seq = ? AND e.id IS NULL`),
    memories: db.prepare('SELECT * FROM memories'),
    running: db.prepare('SELECT * FROM running ORDER BY seq'),
    newest: db.prepare(`SELECT max((SELECT coalesce(max(seq), 0) FROM executions),
      (SELECT coalesce(max(seq), 0) FROM running)) AS seq`),
  };
}

export class HistoryReader {
  readonly #run: ReturnType<typeof prepareAll>;

  constructor(db: Database.Database) {
    this.#run = prepareAll(db);
  }

  /** One row more than the limit, if there are so many: whoever asks learns that there is a next page. */
  page(query: HistoryQuery): readonly Placed[] {
    const cursor = query.before === undefined ? undefined : parseCursor(query.before);
    const to = query.to ?? Number.MAX_SAFE_INTEGER;
    const before =
      cursor !== undefined && cursor.fireTime < to ? [cursor.fireTime, cursor.seq] : [Math.ceil(to), -1];
    const wanted = results.map((result) => (isWanted(result, query.outcome) ? result : null));
    const from = query.from === undefined ? Number.MIN_SAFE_INTEGER : Math.ceil(query.from);
    const values = [...before, from, boundedLimit(query) + 1];
    if (query.job === undefined) return this.#run.page.all(...values, null, ...wanted).map(placed);
    const [job] = this.#run.job.all(text(query.job)) as JobColumns[];
    return job === undefined ? [] : this.#run.pageOfJob.all(...values, job.key, ...wanted).map(placed);
  }

  execution(id: ExecutionId): HistoryRow | undefined {
    const numbered = /^row-(\d{1,15})$/.exec(id);
    const [found] =
      numbered === null ? this.#run.byId.all(text(id)) : this.#run.bySeq.all(Number(numbered[1]));
    return found === undefined ? undefined : placed(found).row;
  }

  statistics(job: string | undefined): readonly JobStatistics[] {
    const found = (job === undefined ? this.#run.jobs.all() : this.#run.job.all(text(job))) as JobColumns[];
    return found.filter((columns) => columns.executions > 0).map(jobStatistics);
  }

  memories(): ReadonlyMap<JobId, JobMemory> {
    const found = this.#run.memories.all() as MemoryColumns[];
    return new Map(found.map((memory) => [memory.job as JobId, jobMemory(memory)]));
  }

  unfinished(): readonly UnfinishedExecution[] {
    return (this.#run.running.all() as RunningColumns[]).map((running) => ({
      execution: running.id as ExecutionId,
      job: running.job as JobId,
      jobName: running.job_name,
      container: running.container,
      containerName: running.container_name,
      service: optional(running.service),
      exec: optional(running.exec) as ExecId | undefined,
      user: running.user,
      fireTime: running.fire_time as WallMs,
      startedAt: running.started_at as WallMs,
      startBy: optional(running.start_by) as WallMs | undefined,
    }));
  }

  /** What must not be lost of a database that is damaged somewhere: as much of it as can be read. */
  salvage(): Salvaged {
    return {
      memories: orEmpty(() => this.#run.memories.all() as MemoryColumns[]),
      running: orEmpty(() => this.#run.running.all() as RunningColumns[]),
    };
  }

  /** The number after that of the newest row. */
  nextSeq(): number {
    const [newest] = this.#run.newest.all() as { seq: number }[];
    return (newest?.seq ?? 0) + 1;
  }
}

function orEmpty<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

/** As `rollup.ts` calculated it when the job's counts were written. */
function jobStatistics(job: JobColumns): JobStatistics {
  const { executions, p50_duration_ms: p50, p95_duration_ms: p95, max_duration_ms: max } = job;
  return {
    job: job.id,
    executions,
    successRate: job.succeeded / executions,
    durationMs: p50 === null || p95 === null ? undefined : { p50, p95, max },
    longestLatenessMs: job.max_lateness_ms,
  };
}

function jobMemory(memory: MemoryColumns): JobMemory {
  return {
    anchor: optional(memory.anchor) as WallMs | undefined,
    handledUntil: optional(memory.handled_until) as WallMs | undefined,
    paused: memory.paused !== 0,
    triggerText: memory.trigger_text,
  };
}

export function runningRow(running: RunningColumns): HistoryRow {
  return {
    execution: running.id as ExecutionId,
    job: running.job as JobId,
    jobName: running.job_name,
    container: running.container,
    containerName: running.container_name,
    service: optional(running.service),
    fireTime: running.fire_time as WallMs,
    startedAt: running.started_at as WallMs,
    endedAt: undefined,
    outcome: 'running',
    exitCode: undefined,
    reason: undefined,
    latenessMs: running.lateness_ms,
    durationMs: undefined,
    output: '',
  };
}

function placed(found: unknown): Placed {
  const columns = found as RowColumns;
  const row: HistoryRow = {
    execution: (columns.id ?? `row-${columns.seq}`) as ExecutionId,
    job: columns.job as JobId,
    jobName: columns.job_name,
    container: columns.container,
    containerName: columns.container_name,
    service: optional(columns.service),
    fireTime: columns.fire_time as WallMs,
    startedAt: optional(columns.started_at) as WallMs | undefined,
    endedAt: optional(columns.ended_at) as WallMs | undefined,
    outcome: outcomeOf(columns.result),
    exitCode: optional(columns.exit_code),
    reason: optional(columns.reason),
    latenessMs: columns.lateness_ms,
    durationMs: optional(columns.duration_ms),
    output: columns.output,
  };
  return { seq: columns.seq, row };
}
