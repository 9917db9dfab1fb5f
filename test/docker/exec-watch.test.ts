import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, turns, watching } from './started.ts';
import { eventLine, scriptedEngine } from './watching.ts';

test('exec events are asked for only while they are wanted', async (t) => {
  const { told, engine, watcher, clock } = await settled(t);
  watcher.watchExecs(true);
  watcher.watchExecs(true);
  const { stream, query } = await engine.nextStream();
  assert.deepEqual(query.events, ['exec_die', 'exec_died']);
  stream.write(eventLine('exec_die', 'a', { execID: 'e1', exitCode: '5' }));
  const died = await told.until('exec died');
  assert.deepEqual([died.exec, died.container, died.exitCode], ['e1', 'a', 5]);

  stream.end();
  await turns();
  clock.advance(100);
  const again = await engine.nextStream();
  watcher.watchExecs(false);
  await turns();
  assert.equal(again.stream.destroyed, true);
  assert.deepEqual(clock.waiting().length, 2, 'only the ping and the next list are waited for');
});

test('exec events that were wanted before the engine was there are asked for when it is', async (t) => {
  const engine = scriptedEngine();
  const { watcher, started } = watching(t, engine);
  watcher.watchExecs(true);
  await engine.nextStream();
  (await engine.nextList()).give([]);
  await started;
  const { query } = await engine.nextStream();
  assert.deepEqual(query.events, ['exec_die', 'exec_died']);
});
