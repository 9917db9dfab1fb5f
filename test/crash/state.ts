/** What a state folder holds, read from a copy: nothing of the original is recovered or closed by the reading. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';

export interface StateRow {
  /** Null for a fire time that did not become an execution. */
  readonly id: string | null;
  readonly job: string;
  readonly fire_time: number;
  readonly result: string;
  readonly exit_code: number | null;
  readonly reason: string | null;
}

export interface State {
  readonly rows: readonly StateRow[];
  readonly running: readonly { readonly id: string; readonly job: string; readonly fire_time: number }[];
  readonly handledUntil: ReadonlyMap<string, number>;
  /** Executions by job, as the counts that statistics are read from say. */
  readonly statistics: ReadonlyMap<string, number>;
}

export function readState(folder: string): State {
  const copy = mkdtempSync(join(tmpdir(), 'cw-'));
  try {
    for (const name of ['history.db', 'history.db-wal'])
      if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
    const db = new Database(join(copy, 'history.db'));
    try {
      return read(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function read(db: Database.Database): State {
  const all = <T>(sql: string): T[] => db.prepare(sql).all() as T[];
  // Killed before there was any table.
  if (all("SELECT 1 FROM sqlite_master WHERE name = 'progress'").length === 0)
    return { rows: [], running: [], handledUntil: new Map(), statistics: new Map() };
  const jobs = all<{ id: string; executions: number }>('SELECT id, executions FROM jobs');
  const memories = all<{ job: string; handled_until: number }>('SELECT job, handled_until FROM memories');
  return {
    rows: all<StateRow>(`SELECT e.id, j.id AS job, e.fire_time, e.result, e.exit_code, e.reason
      FROM executions e JOIN jobs j ON j.key = e.job ORDER BY e.seq`),
    running: all('SELECT id, job, fire_time FROM running'),
    handledUntil: new Map(memories.map(({ job, handled_until }) => [job, handled_until])),
    statistics: new Map(jobs.map(({ id, executions }) => [id, executions])),
  };
}
