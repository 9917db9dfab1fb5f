/**
 * The tables, by version (`PRAGMA user_version`); `docs/state.md` explains them to people with a SQL shell.
 * A change is a new entry at the end of `migrations`; what was released is never edited.
 *
 * Rows of executions are only inserted and deleted, never changed, and carry the two indexes that every view of
 * the history needs; what runs has a small table of its own, so that start and end touch few pages.
 */
import type Database from 'libsql';

const version1 = `
CREATE TABLE memories (
  job TEXT PRIMARY KEY,
  anchor INTEGER,
  handled_until INTEGER,
  paused INTEGER NOT NULL,
  trigger_text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE running (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  job TEXT NOT NULL,
  job_name TEXT NOT NULL,
  container TEXT NOT NULL,
  container_name TEXT NOT NULL,
  service TEXT,
  exec TEXT,
  user TEXT NOT NULL,
  fire_time INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  lateness_ms INTEGER NOT NULL,
  start_by INTEGER
) STRICT;

CREATE TABLE jobs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rows INTEGER NOT NULL,
  executions INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  p50_duration_ms INTEGER,
  p95_duration_ms INTEGER,
  max_duration_ms INTEGER NOT NULL,
  max_lateness_ms INTEGER NOT NULL,
  durations TEXT NOT NULL,
  lateness TEXT NOT NULL
) STRICT;

CREATE TABLE containers (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  service TEXT,
  rows INTEGER NOT NULL
) STRICT;
CREATE INDEX containers_by_id ON containers (id);

CREATE TABLE executions (
  seq INTEGER PRIMARY KEY,
  id TEXT,
  job INTEGER NOT NULL,
  container INTEGER NOT NULL,
  fire_time INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  result TEXT NOT NULL,
  exit_code INTEGER,
  reason TEXT,
  lateness_ms INTEGER NOT NULL,
  duration_ms INTEGER,
  output TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX executions_by_id ON executions (id) WHERE id IS NOT NULL;
CREATE INDEX executions_by_result ON executions (result, fire_time);
CREATE INDEX executions_by_job ON executions (job, result, fire_time);

CREATE TABLE progress (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  session TEXT NOT NULL,
  batch INTEGER NOT NULL
) STRICT;

CREATE VIEW history AS
  SELECT e.seq, e.id AS execution, j.id AS job, j.name AS job_name,
    c.id AS container, c.name AS container_name, c.service,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.fire_time / 1000.0, 'unixepoch') AS fire_time,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.started_at / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.ended_at / 1000.0, 'unixepoch') AS ended_at,
    iif(e.result IN ('succeeded', 'nonzero'), 'exited', e.result) AS outcome, e.exit_code, e.reason, e.lateness_ms, e.duration_ms, e.output
  FROM executions e JOIN jobs j ON j.key = e.job JOIN containers c ON c.key = e.container;
`;

/** `migrations[n]` leads from version n to version n + 1. */
export const migrations: readonly string[] = [version1];

/** A database of a newer chorewheel is left alone. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
  readonly code = 'HISTORY_NEWER';

  constructor(version: number) {
    super(
      `the database is of version ${version}, newer than this chorewheel understands (${migrations.length}): run the newer one, or move the file away`,
    );
  }
}

/** Brings a database to the newest version, each step whole or not at all. */
export function migrate(db: Database.Database, steps: readonly string[] = migrations): void {
  const version = userVersion(db);
  if (version > steps.length) throw new NewerDatabase(version);
  for (let step = version; step < steps.length; step += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(steps[step] ?? '');
      db.exec(`PRAGMA user_version = ${step + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

function userVersion(db: Database.Database): number {
  const [row] = db.prepare('PRAGMA user_version').all() as { user_version: number }[];
  return row?.user_version ?? 0;
}
