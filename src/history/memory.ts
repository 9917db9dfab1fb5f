/**
 * The history without a database: the newest rows in memory, in the order of pages, and once more by job.
 * Rows are added at the end nearly always (they are recorded in the order of time), and the oldest tenth leaves at
 * once when the ring is full, so that adding costs constant time on average.
 */
import type { Outcome } from '../execution/outcome.ts';
import type { ExecId, ExecutionId, WallMs } from '../ids.ts';
import type { Execution } from '../scheduling/events.ts';
import { excerptText } from './excerpt.ts';
import type {
  History,
  HistoryHealth,
  HistoryPage,
  HistoryQuery,
  HistoryRow,
  JobStatistics,
  NotRun,
} from './history.ts';
import { countRow, createRollup, type Rollup, statisticsOf, uncountRow } from './rollup.ts';
import {
  boundedLimit,
  comparePlaced,
  endedRow,
  matchesQuery,
  notRunRow,
  type Placed,
  pageOf,
  startedRow,
} from './rows.ts';
import { RunningExecutions } from './running.ts';

export interface MemoryLimits {
  /** Rows, at least 10. */
  readonly rows: number;
  /** Characters of output in all rows together. */
  readonly output: number;
}

/** Some 10 MB of rows beside the output. */
const defaultLimits: MemoryLimits = { rows: 10_000, output: 16 * 1024 * 1024 };

export function createMemoryHistory(limits: MemoryLimits = defaultLimits): History {
  return new MemoryHistory(limits);
}

class MemoryHistory implements History {
  readonly recovered = { memories: new Map(), unfinished: [] };
  readonly #limits: MemoryLimits;
  readonly #running = new RunningExecutions();
  /** Oldest first, the reverse of `comparePlaced`. */
  #rows: Placed[] = [];
  readonly #byJob = new Map<string, Placed[]>();
  readonly #byId = new Map<ExecutionId, Placed>();
  readonly #rollups = new Map<string, Rollup>();
  #seq = 0;
  #outputSize = 0;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  recordStarted(execution: Execution): void {
    const { user } = execution.definition;
    this.#running.add(this.#nextSeq(), startedRow(execution), { user, startBy: undefined, exec: undefined });
  }

  acknowledged(): undefined {
    return undefined;
  }

  recordCreated(execution: ExecutionId, exec: ExecId): void {
    const running = this.#running.get(execution);
    if (running !== undefined) running.exec = exec;
  }

  recordOutput(execution: ExecutionId, line: string): void {
    this.#running.output(execution, line);
  }

  recordEnded(execution: Execution, outcome: Outcome, endedAt: WallMs, durationMs: number): void {
    const running = this.#running.take(execution.id);
    const started = running?.row ?? startedRow(execution);
    const output = excerptText(running?.excerpt);
    const row = endedRow(started, outcome, endedAt, durationMs, output);
    this.#keep({ seq: running?.seq ?? this.#nextSeq(), row });
  }

  /** Nothing outlives a process here, so nothing can be lost. */
  recordLost(): void {}

  recordNotRun(notRun: NotRun): void {
    const seq = this.#nextSeq();
    this.#keep({ seq, row: notRunRow(notRun, seq) });
  }

  remember(): void {}

  forget(): void {}

  executions(query: HistoryQuery): Promise<HistoryPage> {
    const limit = boundedLimit(query);
    const kept = query.job === undefined ? this.#rows : (this.#byJob.get(query.job) ?? []);
    const found = this.#running.matching(query);
    let stored = 0;
    for (let index = kept.length - 1; index >= 0 && stored <= limit; index -= 1) {
      const placed = kept[index];
      if (placed === undefined || !matchesQuery(placed, query)) continue;
      found.push(placed);
      stored += 1;
    }
    return Promise.resolve(pageOf(found, limit));
  }

  execution(id: ExecutionId): Promise<HistoryRow | undefined> {
    return Promise.resolve(this.#running.row(id) ?? this.#byId.get(id)?.row);
  }

  statistics(job?: string): Promise<readonly JobStatistics[]> {
    const wanted = job === undefined ? [...this.#rollups.keys()].sort() : [job];
    return Promise.resolve(
      wanted.flatMap((name) => {
        const rollup = this.#rollups.get(name);
        return rollup === undefined || rollup.executions === 0 ? [] : [statisticsOf(name, rollup)];
      }),
    );
  }

  health(): HistoryHealth {
    return { kind: 'memory', degraded: undefined, waiting: 0, dropped: 0 };
  }

  close(): Promise<boolean> {
    return Promise.resolve(true);
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #keep(placed: Placed): void {
    const { row } = placed;
    insert(this.#rows, placed);
    insert(
      getOrAdd(this.#byJob, row.job, () => []),
      placed,
    );
    this.#byId.set(row.execution, placed);
    countRow(getOrAdd(this.#rollups, row.job, createRollup), row);
    this.#outputSize += row.output.length;
    if (this.#rows.length > this.#limits.rows) this.#shed(Math.ceil(this.#limits.rows / 10));
    while (this.#outputSize > this.#limits.output && this.#rows.length > 1) {
      this.#shed(Math.ceil(this.#rows.length / 10));
    }
  }

  /** Lets the oldest rows go. */
  #shed(count: number): void {
    const gone = this.#rows.slice(0, count);
    this.#rows = this.#rows.slice(count);
    const jobs = new Map<string, number>();
    for (const { row } of gone) {
      jobs.set(row.job, (jobs.get(row.job) ?? 0) + 1);
      this.#byId.delete(row.execution);
      this.#outputSize -= row.output.length;
      const rollup = this.#rollups.get(row.job);
      if (rollup !== undefined) uncountRow(rollup, row);
    }
    // The oldest rows of all are the oldest of their jobs too.
    for (const [job, shed] of jobs) {
      const left = (this.#byJob.get(job) ?? []).slice(shed);
      if (left.length > 0) this.#byJob.set(job, left);
      else {
        this.#byJob.delete(job);
        this.#rollups.delete(job);
      }
    }
  }
}

/**
 * Into its place in an array that runs from old to new: mostly the end. An execution that ran while thousands of
 * others became due belongs far before it, so that the place is found by halving.
 */
function insert(rows: Placed[], placed: Placed): void {
  let low = 0;
  let high = rows.length;
  let middle = high - 1;
  while (low < high) {
    if (comparePlaced(rows[middle] as Placed, placed) < 0) high = middle;
    else low = middle + 1;
    middle = (low + high) >> 1;
  }
  if (low === rows.length) rows.push(placed);
  else rows.splice(low, 0, placed);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
