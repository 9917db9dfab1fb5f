/**
 * One process per state folder. The lock is a record lock of the kernel on `lock.db`, taken by the driver with an
 * exclusive transaction that stays open: it falls in the very moment in which its process dies, however it dies, and
 * it holds between containers that share a volume. `instance.json` only tells a refused process who is there.
 *
 * Nothing else in the process may open `lock.db`: closing any descriptor of a file drops the locks on it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { Holder } from './protocol.ts';

export type LockResult =
  | { readonly kind: 'taken'; readonly release: () => void }
  | { readonly kind: 'in use'; readonly holder: Holder | undefined };

/** Throws if the folder can't be used at all. */
export function takeLock(folder: string, startedAt: string): LockResult {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new Database(join(folder, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY')
      return { kind: 'in use', holder: readHolder(folder) };
    throw error;
  }
  const holder: Holder = { pid: process.pid, host: hostname(), startedAt };
  writeHolder(folder, holder);
  return { kind: 'taken', release: () => lock.close() };
}

/** On a full disk the lock is held without a name. */
function writeHolder(folder: string, holder: Holder): void {
  try {
    writeFileSync(join(folder, 'instance.json'), `${JSON.stringify(holder)}\n`);
  } catch {
    // The lock is what counts.
  }
}

function readHolder(folder: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, 'instance.json'), 'utf8'));
    if (typeof found !== 'object' || found === null) return undefined;
    const { pid, host, startedAt } = found as Partial<Holder>;
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof startedAt !== 'string')
      return undefined;
    return { pid, host, startedAt };
  } catch {
    return undefined;
  }
}
