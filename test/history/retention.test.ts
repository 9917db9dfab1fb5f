import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { History } from '../../src/history/history.ts';
import { execution, notRun, wall } from './builders.ts';
import { openIn, stateFolder, until } from './folders.ts';

const hour = 3_600_000;

function ran(history: History, id: string, fireTime: number, line: string): void {
  const started = execution(id, { fireTime });
  history.recordStarted(started);
  history.recordOutput(started.id, line);
  history.recordEnded(started, { kind: 'exited', exitCode: 0 }, wall(fireTime + 5), 2);
}

async function ids(history: History): Promise<string[]> {
  return (await history.executions({ limit: 1000 })).rows.map((row) => row.execution);
}

test('rows that are older than the longest age go, and their counts with them', async (t) => {
  const { history } = await openIn(t, stateFolder(t), { maxAgeMs: hour });
  const now = Date.now();
  ran(history, 'old', now - 2 * hour, 'text');
  history.recordNotRun(notRun('missed', { fireTime: now - 2 * hour, job: 'gone' }));
  ran(history, 'young', now, 'text');
  await until(async () => (await ids(history)).length === 1);
  assert.deepEqual(await ids(history), ['young']);
  const [statistics] = await history.statistics();
  assert.equal(statistics?.executions, 1);
});

test('the oldest rows go when the pages in use are too many', async (t) => {
  const { history } = await openIn(t, stateFolder(t), { maxBytes: 600_000 });
  const now = Date.now();
  for (let index = 0; index < 1000; index += 1) ran(history, `e${index}`, now + index, 'x'.repeat(2000));
  await until(async () => {
    const count = (await ids(history)).length;
    return count > 0 && count < 400;
  });
  const left = await ids(history);
  assert.equal(left[0], 'e999');
  await until(async () => {
    const before = (await ids(history)).length;
    const [statistics] = await history.statistics();
    return statistics?.executions === before && before === (await ids(history)).length;
  });
});
