/**
 * Opens the database of the history: `history.db` in the state folder, with a write-ahead log beside it. A database
 * that is damaged is set aside under another name, for whoever wants to save something, and a new one is begun.
 * Only this file and its users on the history's thread know the driver.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { HistoryReader } from './reader.ts';
import { migrate } from './schema.ts';
import { HistoryWriter } from './writer.ts';

export interface OpenedDatabase {
  readonly db: Database.Database;
  readonly reader: HistoryReader;
  readonly writer: HistoryWriter;
}

export interface SetAside {
  /** The damaged database's new name. */
  readonly path: string;
  readonly reason: string;
}

export const databaseName = 'history.db';

/** Throws what the file system or the driver throws; `isDamage` tells whether setting aside would help. */
export function openDatabase(folder: string, session: string): OpenedDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new Database(join(folder, databaseName), { timeout: 2000 });
  try {
    // Before there is any table: free pages can be given back later.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec('PRAGMA journal_size_limit = 16777216');
    db.exec('PRAGMA cache_size = -16384');
    migrate(db);
    return { db, reader: new HistoryReader(db), writer: new HistoryWriter(db, session) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Moves a damaged database out of the way, its log included. */
export function setAside(folder: string, reason: string, at: Date): SetAside {
  const stamp = at.toISOString().replaceAll(':', '-');
  const path = join(folder, `${databaseName}.corrupt-${stamp}`);
  for (const part of ['', '-wal', '-shm']) {
    const from = join(folder, `${databaseName}${part}`);
    if (existsSync(from)) renameSync(from, `${path}${part}`);
  }
  return { path, reason };
}

/** Whether an error says that the file is no sound database of ours, in contrast to trouble around it. */
export function isDamage(error: unknown): boolean {
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(codeOf(error))) return true;
  return codeOf(error) === 'SQLITE_ERROR' && /no such (table|column)|malformed/.test(reasonOf(error));
}

/** Whether the same connection can be used when the trouble is over. */
export function isPassing(error: unknown): boolean {
  return /^SQLITE_(FULL|BUSY)/.test(codeOf(error));
}

/** Whether the statement itself was wrong: sending it again would not help. */
export function isMistake(error: unknown): boolean {
  return error instanceof TypeError || /^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(codeOf(error));
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
