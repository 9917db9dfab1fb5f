import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecId } from '../../src/ids.ts';
import { execution, executionId, jobId, memory, notRun, start, wall } from './builders.ts';
import { historyCases } from './cases.ts';
import { openIn, stateFolder } from './folders.ts';

historyCases('on disk', async (t) => (await openIn(t, stateFolder(t))).history);

test('keeps everything over a restart', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  const started = execution('a');
  first.history.recordStarted(started);
  first.history.recordOutput(started.id, 'hello');
  first.history.recordEnded(started, { kind: 'exited', exitCode: 3 }, wall(start + 60), 57);
  first.history.recordNotRun(notRun('missed', { fireTime: start + 1 }));
  const before = await first.history.executions({ limit: 10 });
  const [statistics] = await first.history.statistics();
  await first.history.close();
  const second = await openIn(t, folder);
  const after = await second.history.executions({ limit: 10 });
  assert.deepEqual(
    after.rows.map((row) => ({ ...row })),
    before.rows.map((row) => ({ ...row })),
  );
  assert.equal(after.rows.length, 2);
  assert.equal((await second.history.execution(started.id))?.output, 'hello');
  assert.deepEqual(await second.history.statistics(), [statistics]);
  second.history.recordNotRun(notRun('skipped', { fireTime: start + 2 }));
  const last = await second.history.executions({ limit: 10 });
  assert.equal(new Set(last.rows.map((row) => row.execution)).size, 3);
  assert.deepEqual([...first.warnings, ...second.warnings], []);
});

test('hands back what is remembered of each job, and forgets what it shall', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  assert.equal(first.history.recovered.memories.size, 0);
  const kept = memory({ handledUntil: wall(start + 5), paused: true });
  first.history.remember(jobId('kept'), memory());
  first.history.remember(jobId('kept'), kept);
  first.history.remember(jobId('gone'), memory({ anchor: undefined }));
  await first.history.acknowledged(executionId('any'));
  first.history.forget(jobId('gone'));
  await first.history.close();
  const second = await openIn(t, folder);
  assert.deepEqual([...second.history.recovered.memories], [['kept', kept]]);
});

test('hands back executions whose end was not recorded, until they are', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  for (const id of ['adopted', 'lost', 'ended']) first.history.recordStarted(execution(id));
  first.history.recordCreated(executionId('adopted'), 'exec-1' as ExecId);
  first.history.recordEnded(execution('ended'), { kind: 'exited', exitCode: 0 }, wall(start + 9), 6);
  await first.history.close();
  const second = await openIn(t, folder);
  const [adopted, lost, ...others] = second.history.recovered.unfinished;
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...adopted },
    {
      execution: 'adopted',
      job: 'shop/backup',
      jobName: 'backup',
      container: 'c'.repeat(64),
      containerName: 'shop-db-1',
      service: 'shop/db',
      exec: 'exec-1',
      user: 'www-data',
      fireTime: start,
      startedAt: start + 3,
      startBy: undefined,
    },
  );
  assert.equal(lost?.execution, 'lost');
  second.history.recordOutput(executionId('adopted'), 'more');
  assert.equal((await second.history.execution(executionId('adopted')))?.output, 'more');
  const running = await second.history.executions({ limit: 10, outcome: ['running'] });
  assert.deepEqual(running.rows.map((row) => row.execution).sort(), ['adopted', 'lost']);
  assert.equal(lost?.exec, undefined);
  second.history.recordLost(executionId('lost'), 'its container is gone', wall(start + 1000));
  second.history.recordEnded(execution('adopted'), { kind: 'exited', exitCode: 5 }, wall(start + 2000), 1997);
  await second.history.close();
  const third = await openIn(t, folder);
  assert.deepEqual(third.history.recovered.unfinished, []);
  const rows = (await third.history.executions({ limit: 10 })).rows;
  assert.deepEqual(rows.map((row) => [row.execution, row.outcome, row.exitCode, row.reason]).sort(), [
    ['adopted', 'exited', 5, undefined],
    ['ended', 'exited', 0, undefined],
    ['lost', 'unknown', undefined, 'its container is gone'],
  ]);
});

test('acknowledges a start when it is committed', async (t) => {
  const { history } = await openIn(t, stateFolder(t));
  history.recordStarted(execution('a'));
  assert.ok(history.health().waiting > 0);
  await history.acknowledged(executionId('a'));
  assert.equal(history.health().waiting, 0);
});
