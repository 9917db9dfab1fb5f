import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryHistory } from '../../src/history/memory.ts';
import { execution, executionId, start, wall } from './builders.ts';
import { historyCases } from './cases.ts';

historyCases('in memory', () => Promise.resolve(createMemoryHistory()));

function fill(rows: number, line: string, limits: { rows: number; output: number }) {
  const history = createMemoryHistory(limits);
  for (let index = 0; index < rows; index += 1) {
    const started = execution(`e${index}`, { fireTime: start + index, job: `job-${index % 7}` });
    history.recordStarted(started);
    history.recordOutput(started.id, line);
    history.recordEnded(started, { kind: 'exited', exitCode: 0 }, wall(start + index), 1);
  }
  return history;
}

test('keeps at most so many rows, and the newest of them', async () => {
  const history = fill(1000, 'text', { rows: 100, output: 1e6 });
  const { rows } = await history.executions({ limit: 1000 });
  assert.ok(rows.length >= 90 && rows.length <= 100, `${rows.length} rows`);
  assert.equal(rows[0]?.execution, 'e999');
  assert.equal(await history.execution(executionId('e0')), undefined);
  const counted = (await history.statistics()).reduce((sum, job) => sum + job.executions, 0);
  assert.equal(counted, rows.length);
});

test('keeps at most so much output', async () => {
  const history = fill(1000, 'x'.repeat(1000), { rows: 1000, output: 50_000 });
  const { rows } = await history.executions({ limit: 1000 });
  assert.ok(rows.length <= 50 && rows.length >= 40, `${rows.length} rows`);
});

test('has nothing to wait for when a start is acknowledged', () => {
  const history = createMemoryHistory();
  history.recordStarted(execution('a'));
  assert.equal(history.acknowledged(executionId('a')), undefined);
});
