/**
 * Fills a state folder with executions as if they had run: rows by one SQL statement per chunk, the jobs' counts by
 * the same arithmetic through the code that counts rows. What row number `n` holds depends on `n` alone.
 */
import type Database from 'libsql';
import { openDatabase } from '../src/history/database.ts';
import { countRow, createRollup, type Histogram, type Rollup, statisticsOf } from '../src/history/rollup.ts';

export const FILL_JOBS = 1_000;
export const FILL_CONTAINERS = 200;
/** Between two fire times, milliseconds. */
const STEP_MS = 250;
const CHUNK = 500_000;

/** `MOST_RARE` rows apart, so that a search for this outcome finds next to nothing among millions. */
const MOST_RARE = 1_000_000;

const INSERT = `INSERT INTO executions
  WITH RECURSIVE n(i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT i, iif(i % 200 = 7, NULL, printf('%08x%08x', (i * 2654435761) & 4294967295, i)),
    i % ${FILL_JOBS} + 1, i % ${FILL_CONTAINERS} + 1, ?3 + i * ${STEP_MS},
    iif(i % 200 = 7, NULL, ?3 + i * ${STEP_MS} + i % 50), ?3 + i * ${STEP_MS} + i % 50 + i * 7919 % 20000,
    CASE WHEN i % ${MOST_RARE} = 3 THEN 'timeout' WHEN i % 200 = 7 THEN 'skipped'
      WHEN i % 100 = 9 THEN 'nonzero' ELSE 'succeeded' END,
    iif(i % ${MOST_RARE} = 3 OR i % 200 = 7, NULL, i % 100 = 9), iif(i % 200 = 7, 'overlap', NULL),
    i % 50, iif(i % 200 = 7, NULL, i * 7919 % 20000), 'output of number ' || i || ', a line as jobs write it' || char(10)
  FROM n`;

/** The fire time of the first row, when the newest is to be at `newest`. */
export function firstFireTime(rows: number, newest: number): number {
  return newest - rows * STEP_MS;
}

/** Takes minutes for ten million rows, and some 250 bytes of disk for each. */
export function fillHistory(folder: string, rows: number, newest: number): void {
  const { db } = openDatabase(folder, 'fill');
  try {
    db.exec('PRAGMA synchronous = OFF');
    db.exec('PRAGMA cache_size = -300000');
    const indexes = db
      .prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions' AND sql > ''",
      )
      .all() as { name: string; sql: string }[];
    for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
    const insert = db.prepare(INSERT);
    for (let from = 1; from <= rows; from += CHUNK)
      insert.run(from, Math.min(rows, from + CHUNK - 1), firstFireTime(rows, newest));
    for (const { sql } of indexes) db.exec(sql);
    fillCounts(db, rows);
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

function fillCounts(db: Database.Database, rows: number): void {
  const rollups = Array.from({ length: FILL_JOBS }, createRollup);
  const counts = new Float64Array(FILL_JOBS);
  for (let i = 1; i <= rows; i += 1) {
    const job = i % FILL_JOBS;
    counts[job] = (counts[job] ?? 0) + 1;
    if (i % 200 === 7) continue;
    const late = i % MOST_RARE === 3;
    countRow(rollups[job] as Rollup, {
      outcome: late ? 'timeout' : 'exited',
      exitCode: late ? undefined : Number(i % 100 === 9),
      latenessMs: i % 50,
      durationMs: (i * 7919) % 20_000,
    });
  }
  db.exec('BEGIN');
  const addJob = db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  rollups.forEach((rollup, job) => {
    const { durationMs } = statisticsOf(jobName(job), rollup);
    const { executions, succeeded, maxDuration, maxLateness, durations, lateness } = rollup;
    const numbers = [
      counts[job] ?? 0,
      executions,
      succeeded,
      durationMs?.p50 ?? null,
      durationMs?.p95 ?? null,
    ];
    const ends = [maxDuration, maxLateness, histogramText(durations), histogramText(lateness)];
    addJob.run(job + 1, jobName(job), `job-${job}`, ...numbers, ...ends);
  });
  const addContainer = db.prepare('INSERT INTO containers VALUES (?, ?, ?, NULL, ?)');
  for (let key = 1; key <= FILL_CONTAINERS; key += 1)
    addContainer.run(
      key,
      key.toString(16).padStart(64, '0'),
      `container-${key}`,
      Math.ceil(rows / FILL_CONTAINERS),
    );
  db.exec('COMMIT');
}

export function jobName(job: number): string {
  return `shop/job-${job}`;
}

function histogramText(histogram: Histogram): string {
  return JSON.stringify(Object.fromEntries(histogram));
}
