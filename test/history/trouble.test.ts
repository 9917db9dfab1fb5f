import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { History } from '../../src/history/history.ts';
import { execution, executionId, jobId, memory, start, wall } from './builders.ts';
import { defer, openIn, stateFolder, until } from './folders.ts';

function ran(history: History, id: string, line = 'text'): void {
  const started = execution(id);
  history.recordStarted(started);
  history.recordOutput(started.id, line);
  history.recordEnded(started, { kind: 'exited', exitCode: 0 }, wall(start + 5), 2);
}

async function ids(history: History): Promise<string[]> {
  return (await history.executions({ limit: 1000 })).rows.map((row) => row.execution).sort();
}

function aside(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^history\.db\.corrupt-[\dTZ.-]+$/.test(name));
}

/** Writes nonsense over the pages of a file. */
function spoil(path: string, from: number): void {
  const file = openSync(path, 'r+');
  const nonsense = Buffer.alloc(4096, 'nonsense');
  for (let at = from; at < statSync(path).size; at += 4096) writeSync(file, nonsense, 0, 4096, at);
  closeSync(file);
}

test('a file that is no database is set aside loudly, and a new history begun', async (t) => {
  const folder = stateFolder(t);
  writeFileSync(join(folder, 'history.db'), 'no database'.repeat(1000));
  const { history, warnings } = await openIn(t, folder);
  ran(history, 'a');
  assert.deepEqual(await ids(history), ['a']);
  const [name = ''] = aside(folder);
  assert.match(readFileSync(join(folder, name), 'utf8'), /^no database/);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /DAMAGED .* set aside as .*history\.db\.corrupt-/);
});

test('damage that shows at work loses neither what is remembered nor what runs', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  for (let index = 0; index < 300; index += 1) ran(first.history, `e${index}`, 'x'.repeat(3000));
  first.history.remember(jobId('early'), memory());
  await first.history.close();
  spoil(join(folder, 'history.db'), 40 * 4096);
  const { history, warnings } = await openIn(t, folder);
  history.recordStarted(execution('running'));
  history.remember(jobId('late'), memory({ paused: true }));
  // Reading and writing meet the damage sooner or later.
  for (let round = 0; aside(folder).length === 0; round += 1) {
    ran(history, `later${round}`, 'x'.repeat(10_000));
    for (let index = 0; index < 300; index += 7) {
      await history.execution(executionId(`e${index}`)).catch(() => undefined);
    }
    await history.executions({ limit: 1000 }).catch(() => undefined);
  }
  await until(() => history.health().degraded === undefined);
  ran(history, 'after');
  await until(() => history.health().waiting === 0);
  await history.close();
  assert.match(warnings.join('\n'), /DAMAGED/);
  const third = await openIn(t, folder);
  assert.deepEqual([...third.history.recovered.memories.keys()].sort(), ['early', 'late']);
  assert.deepEqual(
    third.history.recovered.unfinished.map((unfinished) => unfinished.execution),
    ['running'],
  );
  assert.ok((await ids(third.history)).includes('after'));
});

test('a log that was torn by a crash costs its last part at most', async (t) => {
  const folder = stateFolder(t);
  const torn = stateFolder(t);
  const { history } = await openIn(t, folder);
  for (let index = 0; index < 20; index += 1) {
    ran(history, `e${index}`);
    await history.acknowledged(executionId('any'));
  }
  copyFileSync(join(folder, 'history.db'), join(torn, 'history.db'));
  copyFileSync(join(folder, 'history.db-wal'), join(torn, 'history.db-wal'));
  const log = join(torn, 'history.db-wal');
  truncateSync(log, Math.max(0, statSync(log).size - 5000));
  appendFileSync(log, Buffer.alloc(3000, 'torn'));
  const second = await openIn(t, torn);
  assert.deepEqual(second.warnings, []);
  assert.ok((await ids(second.history)).length >= 15);
  ran(second.history, 'new');
  assert.ok((await ids(second.history)).includes('new'));
});

test('a folder that can not be used yet is used when it can be, and nothing recorded meanwhile is lost', async (t) => {
  const parent = stateFolder(t);
  const obstacle = join(parent, 'obstacle');
  writeFileSync(obstacle, '');
  const { history, warnings } = await openIn(t, join(obstacle, 'state'));
  assert.match(history.health().degraded ?? '', /ENOTDIR/);
  ran(history, 'early');
  assert.equal(history.acknowledged(executionId('early')), undefined, 'nobody waits for it');
  assert.deepEqual(await ids(history), ['early']);
  await assert.rejects(history.statistics(), { code: 'HISTORY_UNAVAILABLE' });
  rmSync(obstacle);
  await until(() => history.health().degraded === undefined && history.health().waiting === 0);
  assert.deepEqual(await ids(history), ['early']);
  assert.equal((await history.statistics())[0]?.executions, 1);
  assert.equal(warnings.length, 2, warnings.join('\n'));
  assert.match(warnings[1] ?? '', /written again/);
});

test('a folder that hangs holds up neither start nor records, and is caught up with later', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  first.history.recordStarted(execution('left behind'));
  ran(first.history, 'before');
  await first.history.close();
  // Whoever opens a pipe for writing hangs until somebody reads it.
  const pipe = join(folder, 'instance.json');
  rmSync(pipe);
  execFileSync('mkfifo', [pipe]);
  const { history, warnings } = await openIn(t, folder, { openWithin: 100 });
  assert.match(history.health().degraded ?? '', /did not answer within 100 ms/);
  assert.deepEqual(history.recovered.unfinished, []);
  ran(history, 'meanwhile');
  const reader = await open(pipe, 'r');
  await until(() => history.health().degraded === undefined && history.health().waiting === 0);
  await reader.close();
  assert.deepEqual(await ids(history), ['before', 'left behind', 'meanwhile']);
  const lost = await history.execution(executionId('left behind'));
  assert.equal(lost?.outcome, 'unknown');
  assert.match(lost?.reason ?? '', /could not be read at the start/);
  assert.equal(warnings.length, 2, warnings.join('\n'));
});

test('a thread that dies is started again, and each record is written once', async (t) => {
  const threads: Worker[] = [];
  const listen = (worker: Worker): void => void threads.push(worker);
  process.on('worker', listen);
  defer(t, () => process.off('worker', listen));
  const { history, warnings } = await openIn(t, stateFolder(t));
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 200; index += 1) ran(history, `e${round}-${index}`);
    // In the middle of things: a batch is under way.
    void history.acknowledged(executionId('any'));
    await new Promise((resolve) => setImmediate(resolve));
    const [thread] = threads.splice(0);
    const died = once(thread as Worker, 'exit');
    await thread?.terminate();
    await died;
    ran(history, `after${round}`);
    await until(() => threads.length > 0 && history.health().waiting === 0);
  }
  await until(() => history.health().degraded === undefined);
  assert.equal((await ids(history)).length, 603);
  assert.equal((await history.statistics())[0]?.executions, 603);
  assert.match(warnings.join('\n'), /its thread died/);
});

test('what a full queue gives up is counted, output before rows', async (t) => {
  const obstacle = join(stateFolder(t), 'obstacle');
  writeFileSync(obstacle, '');
  const queue = { changes: 100, output: 1000 };
  const { history } = await openIn(t, join(obstacle, 'state'), { queue });
  for (let index = 0; index < 130; index += 1) ran(history, `e${index}`, 'x'.repeat(100));
  const { waiting, dropped } = history.health();
  assert.equal(waiting, 100);
  assert.equal(dropped, 30);
  assert.match((await history.execution(executionId('e5')))?.output ?? '', /^x+$/);
  assert.match((await history.execution(executionId('e20')))?.output ?? '', /left out/);
});

/** A file system of its own, of 2 MB; `undefined` with a loud word where that is not allowed. */
function smallDisk(t: TestContext): string | undefined {
  const folder = join(stateFolder(t), 'disk');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    t.diagnostic(`NOT TESTED, a small file system can not be mounted here: ${String(error)}`);
    t.skip('a small file system can not be mounted here');
    return undefined;
  }
  defer(t, () => execFileSync('umount', ['-l', folder]));
  return folder;
}

test('a full disk degrades the health, and all is written when there is room again', async (t) => {
  const folder = smallDisk(t);
  if (folder === undefined) return;
  const { history, warnings } = await openIn(t, folder);
  ran(history, 'before');
  await history.acknowledged(executionId('any'));
  const filler = join(folder, 'filler');
  assert.throws(() => {
    for (;;) appendFileSync(filler, Buffer.alloc(4096));
  });
  let count = 0;
  while (history.health().degraded === undefined) {
    ran(history, `e${count}`, 'x'.repeat(4000));
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.match(history.health().degraded ?? '', /full/);
  assert.equal((await ids(history)).length, count + 1, 'what waits can be read');
  rmSync(filler);
  await until(() => history.health().degraded === undefined && history.health().waiting === 0);
  assert.equal((await ids(history)).length, count + 1);
  assert.equal((await history.statistics())[0]?.executions, count + 1);
  assert.equal(warnings.length, 2, warnings.join('\n'));
});

test('a read-only disk degrades the health until it can be written', async (t) => {
  const folder = smallDisk(t);
  if (folder === undefined) return;
  const remount = (mode: string): void => void execFileSync('mount', ['-o', `remount,${mode}`, folder]);
  remount('ro');
  const { history } = await openIn(t, folder);
  assert.ok(history.health().degraded !== undefined);
  ran(history, 'a');
  remount('rw');
  await until(() => history.health().degraded === undefined && history.health().waiting === 0);
  assert.deepEqual(await ids(history), ['a']);
});
