import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'libsql';
import { databaseName, openDatabase } from '../../src/history/database.ts';
import { migrate, migrations } from '../../src/history/schema.ts';
import { execution, wall } from './builders.ts';
import { defer, openIn, stateFolder } from './folders.ts';

function database(t: TestContext): Database.Database {
  const db = new Database(join(stateFolder(t), databaseName));
  defer(t, () => db.close());
  return db;
}

function version(db: Database.Database): unknown {
  return db
    .prepare('PRAGMA user_version')
    .all()
    .map((row) => (row as { user_version: number }).user_version)[0];
}

test('a database is led through every version, and left alone when it is there', (t) => {
  const db = database(t);
  migrate(db, ['CREATE TABLE a (x)']);
  migrate(db, ['this would fail, but is done', 'CREATE TABLE b (x)', 'INSERT INTO b VALUES (7)']);
  assert.equal(version(db), 3);
  assert.deepEqual(db.prepare('SELECT x FROM b').raw().all(), [[7]]);
  migrate(db, ['-', '-', '-']);
});

test('a step that fails leaves the version before it', (t) => {
  const db = database(t);
  assert.throws(() => migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE b (x); nonsense']));
  assert.equal(version(db), 1);
  assert.throws(() => db.prepare('SELECT * FROM b'));
  migrate(db, ['-', 'CREATE TABLE b (x)']);
  assert.equal(version(db), 2);
});

test('a database of a newer version is left untouched', async (t) => {
  const folder = stateFolder(t);
  const made = openDatabase(folder, 'session');
  made.db.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  made.db.close();
  const { history, warnings } = await openIn(t, folder);
  assert.match(history.health().degraded ?? '', /newer than this chorewheel understands/);
  assert.equal(warnings.length, 1);
});

test('people find the executions in a view with readable times', async (t) => {
  const folder = stateFolder(t);
  const { history } = await openIn(t, folder);
  const started = execution('a', { fireTime: Date.UTC(2026, 2, 1) });
  history.recordStarted(started);
  history.recordEnded(started, { kind: 'exited', exitCode: 3 }, wall(Date.UTC(2026, 2, 1) + 2500), 2497);
  await history.close();
  const db = new Database(join(folder, databaseName));
  defer(t, () => db.close());
  const rows = db
    .prepare('SELECT execution, job, container_name, fire_time, ended_at, outcome, exit_code FROM history')
    .raw()
    .all();
  assert.deepEqual(rows, [
    ['a', 'shop/backup', 'shop-db-1', '2026-03-01T00:00:00.000Z', '2026-03-01T00:00:02.500Z', 'exited', 3],
  ]);
});
