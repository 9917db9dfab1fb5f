/**
 * The jobs and containers that rows refer to, each with the number of its rows, and each job with the counts of its
 * statistics (`rollup.ts`), so that statistics never have to walk the executions. They change in the transaction
 * that changes the rows. The copies in memory hold what the database holds; after a transaction that failed they
 * are thrown away and read again. A job or container whose last row goes, goes too.
 */
import type Database from 'libsql';
import type { HistoryRow } from './history.ts';
import {
  type Counted,
  countRow,
  createRollup,
  type Histogram,
  type Rollup,
  statisticsOf,
  uncountRow,
} from './rollup.ts';
import { nullableInteger, text } from './values.ts';

/** A job as it is stored. */
export interface StoredJob {
  readonly key: number;
  readonly id: string;
  name: string;
  rows: number;
  readonly rollup: Rollup;
}

interface StoredContainer {
  readonly key: number;
  readonly name: string;
  rows: number;
}

/** The columns of `jobs`. */
export interface JobColumns {
  readonly key: number;
  readonly id: string;
  readonly name: string;
  readonly rows: number;
  readonly executions: number;
  readonly succeeded: number;
  /** Null where no execution ran in its container. */
  readonly p50_duration_ms: number | null;
  readonly p95_duration_ms: number | null;
  readonly max_duration_ms: number;
  readonly max_lateness_ms: number;
  readonly durations: string;
  readonly lateness: string;
}

/** More than this many copies are not kept from one transaction to the next. */
const copiesLimit = 20_000;

const sql = {
  jobById: 'SELECT * FROM jobs WHERE id = ?',
  jobByKey: 'SELECT * FROM jobs WHERE key = ?',
  addJob: "INSERT INTO jobs VALUES (NULL, ?, ?, 0, 0, 0, NULL, NULL, 0, 0, '{}', '{}')",
  setJob: `UPDATE jobs SET name = ?, rows = ?, executions = ?, succeeded = ?, p50_duration_ms = ?,
    p95_duration_ms = ?, max_duration_ms = ?, max_lateness_ms = ?, durations = ?, lateness = ? WHERE key = ?`,
  dropJob: 'DELETE FROM jobs WHERE key = ?',
  container: 'SELECT key, name, rows FROM containers WHERE id = ? AND name = ? AND service IS ?',
  containerByKey: 'SELECT key, name, rows FROM containers WHERE key = ?',
  addContainer: 'INSERT INTO containers VALUES (NULL, ?, ?, ?, 0)',
  setContainer: 'UPDATE containers SET rows = ? WHERE key = ?',
  dropContainer: 'DELETE FROM containers WHERE key = ?',
};

export class StoredCounts {
  readonly #run: { readonly [K in keyof typeof sql]: Database.Statement<unknown[]> };
  readonly #jobs = new Map<string, StoredJob>();
  readonly #jobsByKey = new Map<number, StoredJob>();
  readonly #containers = new Map<string, StoredContainer>();
  readonly #containersByKey = new Map<number, StoredContainer>();
  readonly #changedJobs = new Set<StoredJob>();
  readonly #changedContainers = new Set<StoredContainer>();

  constructor(db: Database.Database) {
    const prepare = (name: keyof typeof sql) => db.prepare(sql[name]);
    this.#run = {
      jobById: prepare('jobById'),
      jobByKey: prepare('jobByKey'),
      addJob: prepare('addJob'),
      setJob: prepare('setJob'),
      dropJob: prepare('dropJob'),
      container: prepare('container'),
      containerByKey: prepare('containerByKey'),
      addContainer: prepare('addContainer'),
      setContainer: prepare('setContainer'),
      dropContainer: prepare('dropContainer'),
    };
  }

  /** The key of a row's job, which is added if it is new. */
  jobKey(row: HistoryRow): number {
    const job = this.#job(text(row.job), text(row.jobName));
    job.name = text(row.jobName);
    return job.key;
  }

  /** The key of a row's container, which is added if it is new, or new under this name. */
  containerKey(row: HistoryRow): number {
    return this.#container(text(row.container), text(row.containerName), row.service).key;
  }

  count(jobKey: number, containerKey: number, row: Counted): void {
    this.#change(jobKey, containerKey, 1, (rollup) => countRow(rollup, row));
  }

  uncount(jobKey: number, containerKey: number, row: Counted): void {
    this.#change(jobKey, containerKey, -1, (rollup) => uncountRow(rollup, row));
  }

  /** Writes what changed; call it within the transaction. */
  write(): void {
    for (const job of this.#changedJobs) this.#writeJob(job);
    for (const container of this.#changedContainers) this.#writeContainer(container);
    this.#changedJobs.clear();
    this.#changedContainers.clear();
    if (this.#jobs.size > copiesLimit || this.#containers.size > copiesLimit) this.discard();
  }

  /** Throws the copies away; call it when the transaction failed. */
  discard(): void {
    for (const copies of [this.#jobs, this.#jobsByKey, this.#containers, this.#containersByKey])
      copies.clear();
    this.#changedJobs.clear();
    this.#changedContainers.clear();
  }

  #change(jobKey: number, containerKey: number, by: 1 | -1, rollUp: (rollup: Rollup) => void): void {
    const job = this.#jobsByKey.get(jobKey) ?? this.#readJob(jobKey);
    if (job !== undefined) {
      job.rows += by;
      rollUp(job.rollup);
      this.#changedJobs.add(job);
    }
    const container = this.#containersByKey.get(containerKey) ?? this.#readContainer(containerKey);
    if (container !== undefined) {
      container.rows += by;
      this.#changedContainers.add(container);
    }
  }

  #job(id: string, name: string): StoredJob {
    const known = this.#jobs.get(id);
    if (known !== undefined) return known;
    const [found] = this.#run.jobById.all(id) as JobColumns[];
    if (found !== undefined) return this.#keepJob(storedJob(found));
    const key = Number(this.#run.addJob.run(id, name).lastInsertRowid);
    return this.#keepJob({ key, id, name, rows: 0, rollup: createRollup() });
  }

  #readJob(key: number): StoredJob | undefined {
    const [found] = this.#run.jobByKey.all(key) as JobColumns[];
    return found === undefined ? undefined : this.#keepJob(storedJob(found));
  }

  #keepJob(job: StoredJob): StoredJob {
    this.#jobs.set(job.id, job);
    this.#jobsByKey.set(job.key, job);
    return job;
  }

  #container(id: string, name: string, service: string | undefined): StoredContainer {
    const copy = JSON.stringify([id, name, service]);
    const known = this.#containers.get(copy);
    if (known !== undefined) return known;
    const of = service === undefined ? null : text(service);
    const [found] = this.#run.container.all(id, name, of) as StoredContainer[];
    const container = found ?? {
      key: Number(this.#run.addContainer.run(id, name, of).lastInsertRowid),
      name,
      rows: 0,
    };
    this.#containers.set(copy, container);
    this.#containersByKey.set(container.key, container);
    return container;
  }

  #readContainer(key: number): StoredContainer | undefined {
    const [found] = this.#run.containerByKey.all(key) as StoredContainer[];
    if (found !== undefined) this.#containersByKey.set(key, found);
    return found;
  }

  #writeJob(job: StoredJob): void {
    if (job.rows > 0) {
      const { executions, succeeded, maxDuration, maxLateness, durations, lateness } = job.rollup;
      const { durationMs } = statisticsOf(job.id, job.rollup);
      const histograms = [writeHistogram(durations), writeHistogram(lateness)];
      this.#run.setJob.run(
        job.name,
        job.rows,
        executions,
        succeeded,
        nullableInteger(durationMs?.p50),
        nullableInteger(durationMs?.p95),
        Math.round(maxDuration),
        Math.round(maxLateness),
        ...histograms,
        job.key,
      );
    } else {
      this.#run.dropJob.run(job.key);
      this.#jobs.delete(job.id);
      this.#jobsByKey.delete(job.key);
    }
  }

  #writeContainer(container: StoredContainer): void {
    if (container.rows > 0) {
      this.#run.setContainer.run(container.rows, container.key);
    } else {
      this.#run.dropContainer.run(container.key);
      // Both maps may hold it, and under one name only: reading again is rare and cheap.
      this.#containers.clear();
      this.#containersByKey.clear();
    }
  }
}

function storedJob(columns: JobColumns): StoredJob {
  return {
    key: columns.key,
    id: columns.id,
    name: columns.name,
    rows: columns.rows,
    rollup: {
      executions: columns.executions,
      succeeded: columns.succeeded,
      maxDuration: columns.max_duration_ms,
      maxLateness: columns.max_lateness_ms,
      durations: readHistogram(columns.durations),
      lateness: readHistogram(columns.lateness),
    },
  };
}

function readHistogram(json: string): Histogram {
  const counts = JSON.parse(json) as Record<string, number>;
  return new Map(Object.entries(counts).map(([bucket, count]) => [Number(bucket), count]));
}

function writeHistogram(histogram: Histogram): string {
  return JSON.stringify(Object.fromEntries(histogram));
}
