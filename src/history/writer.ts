/**
 * Writes batches into the database and lets old rows go. Runs on the history's thread, which waits for the disk as
 * long as it has to; everything here is synchronous and throws what the driver throws.
 */
import type Database from 'libsql';
import { assertNever, type JobId, type WallMs } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import { StoredCounts } from './counts.ts';
import type { HistoryRow } from './history.ts';
import type { Batch, Change } from './protocol.ts';
import { type RunningColumns, runningRow, type Salvaged } from './reader.ts';
import { endedRow, outcomeOf, type Result, resultOf } from './rows.ts';
import { integer, nullableInteger, nullableText, text } from './values.ts';

export interface Retention {
  /** Milliseconds. */
  readonly maxAgeMs: number;
  /** Of the pages in use. */
  readonly maxBytes: number;
}

interface OldColumns {
  readonly seq: number;
  readonly job: number;
  readonly container: number;
  readonly result: Exclude<Result, 'running'>;
  readonly exit_code: number | null;
  readonly lateness_ms: number;
  readonly duration_ms: number | null;
  readonly at: number;
  readonly size: number;
}

interface Pages {
  readonly pages: number;
  readonly free: number;
  readonly size: number;
}

/** Statements are made once: this driver frees them late. */
function prepareAll(db: Database.Database) {
  return {
    progress: db.prepare('SELECT session, batch FROM progress'),
    setProgress: db.prepare('INSERT OR REPLACE INTO progress VALUES (1, ?, ?)'),
    remember: db.prepare('INSERT OR REPLACE INTO memories VALUES (?, ?, ?, ?, ?)'),
    forget: db.prepare('DELETE FROM memories WHERE job = ?'),
    start: db.prepare('INSERT OR REPLACE INTO running VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    created: db.prepare('UPDATE running SET exec = ? WHERE id = ?'),
    running: db.prepare('SELECT * FROM running WHERE id = ?'),
    ended: db.prepare('DELETE FROM running WHERE id = ?'),
    // An execution ends once: what is told of it later changes nothing.
    insert: db.prepare('INSERT OR IGNORE INTO executions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    oldest: db.prepare(`SELECT seq, job, container, result, exit_code, lateness_ms, duration_ms,
      coalesce(ended_at, fire_time) AS at, octet_length(output) AS size FROM executions ORDER BY seq LIMIT ?`),
    prune: db.prepare('DELETE FROM executions WHERE seq <= ?'),
    pages: db.prepare(`SELECT page_count AS pages, freelist_count AS free, page_size AS size
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`),
  };
}

export class HistoryWriter {
  readonly #db: Database.Database;
  readonly #session: string;
  readonly #run: ReturnType<typeof prepareAll>;
  readonly #counts: StoredCounts;
  #durable = false;

  /** `session` tells the batches of this process from those of an earlier one. */
  constructor(db: Database.Database, session: string) {
    this.#db = db;
    this.#session = session;
    this.#run = prepareAll(db);
    this.#counts = new StoredCounts(db);
  }

  /** Writes a batch, whole or not at all; one that was written before is left as it is. */
  apply(batch: Batch): void {
    this.#setDurable(batch.durable);
    this.#transaction(() => {
      const [progress] = this.#run.progress.all() as { session: string; batch: number }[];
      if (progress?.session === this.#session && progress.batch >= batch.number) return;
      for (const [job, memory] of batch.memories) this.#remember(job, memory);
      for (const change of batch.changes) this.#apply(change, batch.base);
      this.#run.setProgress.run(this.#session, batch.number);
    });
  }

  /** Puts into a new database what could be read of a damaged one. */
  restore({ memories, running }: Salvaged): void {
    this.#transaction(() => {
      for (const { job, anchor, handled_until, paused, trigger_text } of memories)
        this.#run.remember.run(job, anchor, handled_until, paused, trigger_text);
      for (const row of running) {
        const { seq, id, job, job_name, container, container_name, service, exec, user } = row;
        const whose = [id, job, job_name, container, container_name, service, exec, user];
        this.#run.start.run(seq, ...whose, row.fire_time, row.started_at, row.lateness_ms, row.start_by);
      }
    });
  }

  /** Lets at most `step` of the oldest rows go that are too old or too many; returns whether there may be more. */
  prune(now: number, retention: Retention, step: number): boolean {
    const { pages, free, size } = this.#pages();
    // What a row takes is guessed too high rather than too low: too little goes in one step, and more in the next.
    let excess = (pages - free) * size - retention.maxBytes;
    const tooMuch = excess > 0;
    const oldest = this.#run.oldest.all(step) as OldColumns[];
    const kept = oldest.findIndex((row) => {
      if (excess <= 0 && row.at >= now - retention.maxAgeMs) return true;
      excess -= size * (1 + Math.ceil(row.size / size));
      return false;
    });
    const gone = kept === -1 ? oldest : oldest.slice(0, kept);
    const last = gone.at(-1);
    if (last === undefined) return false;
    this.#transaction(() => {
      for (const row of gone) this.#uncount(row);
      this.#run.prune.run(last.seq);
    });
    return tooMuch || gone.length === step;
  }

  /** Gives up to `step` free pages back to the file system, while a quarter of the file is free. */
  shrink(step: number): void {
    const { pages, free } = this.#pages();
    if (free > 256 && free * 4 > pages) this.#db.exec(`PRAGMA incremental_vacuum(${step})`);
  }

  #pages(): Pages {
    const [pages] = this.#run.pages.all() as Pages[];
    return pages ?? { pages: 0, free: 0, size: 0 };
  }

  /** With a write-ahead log NORMAL survives the death of the process, FULL a loss of power too. */
  #setDurable(durable: boolean): void {
    if (durable === this.#durable) return;
    this.#db.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
    this.#durable = durable;
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#counts.write();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#counts.discard();
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #remember(job: JobId, memory: JobMemory | undefined): void {
    if (memory === undefined) {
      this.#run.forget.run(text(job));
      return;
    }
    const { anchor, handledUntil, paused, triggerText } = memory;
    const times = [nullableInteger(anchor), nullableInteger(handledUntil)];
    this.#run.remember.run(text(job), ...times, paused ? 1 : 0, text(triggerText));
  }

  #apply(change: Change, base: number): void {
    switch (change.kind) {
      case 'started':
        this.#start(change, base);
        return;
      case 'created':
        this.#run.created.run(text(change.exec), text(change.execution));
        return;
      case 'row':
        this.#run.ended.run(text(change.row.execution));
        this.#insert(base + change.seq, change.row);
        return;
      case 'lost':
        this.#lose(change);
        return;
      default:
        assertNever(change);
    }
  }

  #start({ row, seq, user, exec, startBy }: Extract<Change, { kind: 'started' }>, base: number): void {
    this.#run.start.run(
      base + seq,
      text(row.execution),
      text(row.job),
      text(row.jobName),
      text(row.container),
      text(row.containerName),
      nullableText(row.service),
      nullableText(exec),
      text(user),
      integer(row.fireTime),
      integer(row.startedAt ?? row.fireTime),
      integer(row.latenessMs),
      nullableInteger(startBy),
    );
  }

  #lose({ execution, reason, endedAt }: Extract<Change, { kind: 'lost' }>): void {
    const [started] = this.#run.running.all(text(execution)) as RunningColumns[];
    if (started === undefined) return;
    this.#run.ended.run(text(execution));
    const outcome = { kind: 'unknown', reason } as const;
    this.#insert(started.seq, endedRow(runningRow(started), outcome, endedAt as WallMs, undefined, ''));
  }

  #insert(seq: number, row: HistoryRow): void {
    const job = this.#counts.jobKey(row);
    const container = this.#counts.containerKey(row);
    const { changes } = this.#run.insert.run(
      seq,
      row.startedAt === undefined ? null : text(row.execution),
      job,
      container,
      integer(row.fireTime),
      nullableInteger(row.startedAt),
      nullableInteger(row.endedAt),
      resultOf(row),
      nullableInteger(row.exitCode),
      nullableText(row.reason),
      integer(row.latenessMs),
      nullableInteger(row.durationMs),
      text(row.output),
    );
    if (changes > 0) this.#counts.count(job, container, row);
  }

  #uncount(row: OldColumns): void {
    this.#counts.uncount(row.job, row.container, {
      outcome: outcomeOf(row.result),
      exitCode: row.exit_code ?? undefined,
      latenessMs: row.lateness_ms,
      durationMs: row.duration_ms ?? undefined,
    });
  }
}
