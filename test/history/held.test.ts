import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldStarts } from '../../src/history/held.ts';
import type { Change } from '../../src/history/protocol.ts';
import { endedRow, startedRow } from '../../src/history/rows.ts';
import type { ExecId } from '../../src/ids.ts';
import { execution, executionId, jobId, memory, start, wall } from './builders.ts';

/** Starts that are held, and all that came through, in order. */
function stage() {
  const through: string[] = [];
  const held = new HeldStarts({
    add: (change: Change) =>
      void through.push(`${change.kind} ${'row' in change ? change.row.execution : ''}`),
    remember: (job, memory) => void through.push(`${job} until ${memory?.handledUntil}`),
  });
  const hold = (id: string, job: string): void =>
    held.hold({
      kind: 'started',
      seq: 1,
      row: startedRow(execution(id, { job })),
      user: '',
      exec: undefined,
      startBy: wall(start),
    });
  return { through, held, hold };
}

const exec = 'exec' as ExecId;

test('a start, its exec and its memory come through together, once the exec is created', () => {
  const { through, held, hold } = stage();
  hold('a', 'backup');
  assert.ok(held.remember(jobId('backup'), memory({ handledUntil: wall(7) })));
  assert.ok(!held.remember(jobId('other'), memory()), 'another job waits for nothing');
  assert.deepEqual(through, []);
  assert.ok(held.created(executionId('a'), exec));
  assert.deepEqual(through, ['started a', 'backup until 7']);
  assert.ok(!held.has(executionId('a')));
  assert.ok(!held.created(executionId('a'), exec), 'what comes later is not held');
});

test('the starts of one job come through in order, when all of their execs are created', async () => {
  const { through, held, hold } = stage();
  hold('a', 'backup');
  hold('b', 'backup');
  held.created(executionId('b'), exec);
  const released = held.released(executionId('b'));
  assert.deepEqual(through, []);
  held.created(executionId('a'), exec);
  await released;
  assert.deepEqual(through, ['started a', 'started b']);
});

test('one that fails to start lets the others through, and its row stands for its start', () => {
  const { through, held, hold } = stage();
  hold('a', 'backup');
  hold('b', 'backup');
  held.created(executionId('b'), exec);
  const failed = { kind: 'failed to start', reason: 'no such container' } as const;
  const row = endedRow(startedRow(execution('a', { job: 'backup' })), failed, wall(start), 0, '');
  assert.ok(held.ended({ kind: 'row', seq: 1, row }));
  assert.deepEqual(through, ['row a', 'started b']);
});
