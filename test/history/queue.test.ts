import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryQueue, type QueueLimits, queueLimits } from '../../src/history/queue.ts';
import { notRunRow, startedRow } from '../../src/history/rows.ts';
import type { ExecId } from '../../src/ids.ts';
import { execution, executionId, jobId, memory, notRun } from './builders.ts';

function queue(limits: QueueLimits = queueLimits): HistoryQueue {
  return new HistoryQueue(limits);
}

function add(to: HistoryQueue, seq: number): void {
  to.add({ kind: 'row', seq, row: notRunRow(notRun('skipped'), seq) });
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test('what is recorded while a batch is under way waits for the next one', async () => {
  const of = queue();
  add(of, 1);
  of.remember(jobId('a'), memory());
  const first = of.next(10);
  add(of, 2);
  assert.deepEqual(
    [first?.number, first?.base, first?.changes.length, first?.memories.length],
    [1, 10, 1, 1],
  );
  const settled = of.settled(false);
  of.done(1, true);
  assert.equal(await isSettled(settled), false);
  assert.equal(of.next(10)?.number, 2);
  of.done(2, true);
  assert.equal(await isSettled(settled), true);
  assert.equal(of.empty, true);
  assert.equal(of.next(10), undefined);
});

test('a batch that failed is the same when it is sent again', () => {
  const of = queue();
  add(of, 1);
  const first = of.next(0);
  add(of, 2);
  assert.deepEqual(of.next(0), first);
});

test('nobody waits for a batch that will never be written, since it is empty', async () => {
  const of = queue();
  assert.equal(await isSettled(of.settled(false)), true);
  add(of, 1);
  of.next(0);
  const settled = of.settled(false);
  assert.equal(await isSettled(settled), false);
  of.done(1, true);
  assert.equal(await isSettled(settled), true);
});

test('who waits for safety gets a batch, even if there is nothing to write', async () => {
  const of = queue();
  const settled = of.settled(true);
  assert.equal(of.next(0)?.durable, true);
  of.done(1, true);
  assert.equal(await isSettled(settled), true);
});

test('who was released does not hold up, nor is let go early, who waits later', async () => {
  const of = queue();
  add(of, 1);
  const released = of.settled(true);
  of.release();
  assert.equal(await isSettled(released), true);
  const later = of.settled(true);
  of.next(0);
  of.done(1, true);
  assert.equal(await isSettled(later), false);
  assert.equal(of.next(0)?.number, 2);
  of.done(2, true);
  assert.equal(await isSettled(later), true);
});

test('what is recorded in one turn goes into one batch, however much it is', () => {
  const of = queue();
  for (let seq = 1; seq <= 5000; seq += 1) add(of, seq);
  assert.equal(of.next(0)?.changes.length, 5000);
});

test('an execution that starts and ends within one batch is one change', () => {
  const of = queue();
  const started = execution('a');
  const row = startedRow(started);
  of.add({ kind: 'started', seq: 1, row, user: '', exec: undefined, startBy: undefined });
  of.add({ kind: 'created', execution: started.id, exec: 'exec-1' as ExecId });
  add(of, 2);
  of.add({ kind: 'row', seq: 1, row: { ...row, outcome: 'exited', exitCode: 0 } });
  of.add({
    kind: 'started',
    seq: 3,
    row: startedRow(execution('b')),
    user: '',
    exec: undefined,
    startBy: undefined,
  });
  of.add({ kind: 'created', execution: executionId('b'), exec: 'exec-2' as ExecId });
  assert.equal(of.size, 3);
  const changes = of.next(0)?.changes ?? [];
  assert.deepEqual(
    changes.map((change) => [change.kind, change.kind === 'started' ? change.exec : undefined]),
    [
      ['row', undefined],
      ['row', undefined],
      ['started', 'exec-2'],
    ],
  );
  of.add({ kind: 'row', seq: 3, row: { ...startedRow(execution('b')), outcome: 'exited' } });
  assert.equal(of.size, 4, 'its start is under way already');
});

test('a full queue gives up rows and counts them, but keeps memories', () => {
  const of = queue({ changes: 10, output: 100 });
  for (let seq = 1; seq <= 25; seq += 1) add(of, seq);
  of.remember(jobId('a'), memory());
  assert.equal(of.size, 10);
  assert.equal(of.dropped, 15);
  const batch = of.next(0);
  assert.equal(batch?.memories.length, 1);
  of.done(1, false);
  assert.equal(of.dropped, 25);
});
