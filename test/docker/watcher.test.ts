import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from '../../src/docker/watcher-clock.ts';
import { RESYNC_MS, type Running, settled, turns, watching } from './started.ts';
import { eventLine, listed, scriptedEngine } from './watching.ts';

test('it subscribes first, lists second, and tells what happened meanwhile after the list', async (t) => {
  const engine = scriptedEngine();
  const { told, started } = watching(t, engine);
  const { stream, query } = await engine.nextStream();
  assert.equal(query.since, undefined);
  const list = await engine.nextList();
  stream.write(eventLine('start', 'b'));
  stream.write(eventLine('die', 'a'));
  await turns();
  assert.deepEqual(told.story(), []);
  list.give([listed('a')]);
  await started;
  await turns();
  assert.deepEqual(told.story(), ['connected', 'listed start: name-a', 'container name-b running', 'gone a']);
});

test('it asks for the events that it needs and for no others', async (t) => {
  const engine = scriptedEngine();
  watching(t, engine);
  const { query } = await engine.nextStream();
  const needed = ['start', 'die', 'destroy', 'remove', 'pause', 'unpause', 'rename'];
  for (const name of needed) assert.ok(query.events.includes(name), name);
  for (const name of query.events) assert.doesNotMatch(name, /exec|kill|create|attach|health/);
});

test('an event stream that ends, breaks or closes is lost once, and everything is done anew', async (t) => {
  const ends: [string, (stream: Running['stream']) => void][] = [
    ['ended', (stream) => stream.end()],
    ['broke: reset', (stream) => stream.destroy(new Error('reset'))],
    ['closed', (stream) => stream.destroy()],
  ];
  for (const [name, end] of ends) {
    await t.test(name, async (t) => {
      const { told, engine, stream, clock, watcher } = await settled(t);
      clock.advance(2_000);
      end(stream);
      const lost = await told.until('disconnected');
      assert.match(lost.reason, new RegExp(name));
      assert.deepEqual([lost.attempt, lost.retryInMs], [1, 100]);
      assert.equal(watcher.health.connected, false);
      await turns();
      clock.advance(100);
      await engine.nextStream();
      (await engine.nextList()).give([listed('b')]);
      await told.until('listed', ({ cause }) => cause === 'reconnect');
      assert.deepEqual(told.story(2), ['disconnected', 'connected', 'listed reconnect: name-b']);
      const [, again] = told.events.filter(({ kind }) => kind === 'connected');
      assert.equal(again?.kind === 'connected' && again.afterMs, 100);
      assert.deepEqual([watcher.health.connected, watcher.health.reconnects], [true, 1]);
    });
  }
});

test('a new stream begins one second before the last event, and what comes again is not told again', async (t) => {
  const { told, engine, stream, clock } = await settled(t);
  const time = '1795736050826373932';
  const die = eventLine('die', 'a', {}, time);
  const start = eventLine('start', 'a', {}, '1795736050926373932');
  stream.write(die + start);
  await told.until('container');
  stream.end();
  await told.until('disconnected');
  await turns();
  clock.advance(100);
  const next = await engine.nextStream();
  assert.equal(next.query.since, '1795736049.926373932');
  const list = await engine.nextList();
  const before = told.events.length;
  next.stream.write(die + start + eventLine('start', 'b'));
  await told.until('container', ({ container }) => container.id === 'b');
  assert.deepEqual(told.story(before), ['container name-b running']);
  list.give([listed('a'), listed('b')]);
  await told.until('listed', ({ cause }) => cause === 'reconnect');
  assert.deepEqual(told.story(before + 1), ['connected', 'listed reconnect: name-a name-b']);
});

test('a list that fails is no empty list: nothing is gone, and it tries again later and later', async (t) => {
  const { told, engine, stream, clock } = await settled(t);
  stream.end();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    const lost = await told.until('disconnected', (event) => event.attempt === attempt);
    waits.push(lost.retryInMs);
    await turns();
    clock.advance(lost.retryInMs);
    await engine.nextStream();
    (await engine.nextList()).fail('sick');
  }
  assert.deepEqual(waits.slice(0, 4), [100, 200, 400, 800]);
  assert.deepEqual(waits.slice(-2), [30_000, 30_000]);
  const last = await told.until('disconnected', ({ attempt }) => attempt === 11);
  assert.match(
    last.reason,
    /unix:\/\/\/scripted: listing the containers failed: the engine answered 500: sick/,
  );
  assert.ok(told.events.every(({ kind }) => kind !== 'container gone'));
  assert.equal(told.story().filter((word) => word.startsWith('listed')).length, 1);
});

test('a connection that breaks at once each time does not reset the backoff, one that lives does', async (t) => {
  const { told, engine, stream, clock } = await settled(t);
  let current = stream;
  for (const [attempt, livesMs] of [
    [1, 0],
    [2, 0],
    [3, 5_000],
    [1, 0],
  ] as const) {
    const before = told.events.length;
    current.end();
    const lost = await told.until('disconnected', () => true, before);
    assert.equal(lost.attempt, attempt);
    await turns();
    clock.advance(lost.retryInMs);
    current = (await engine.nextStream()).stream;
    (await engine.nextList()).give([]);
    await told.until('listed', () => true, before);
    await turns();
    clock.advance(livesMs);
  }
});

test('while a list hangs, events are told as they come', async (t) => {
  const { told, engine, stream, clock, watcher } = await settled(t);
  stream.write(eventLine('pause', 'x'));
  await told.until('container');
  clock.advance(RESYNC_MS);
  const list = await engine.nextList();
  stream.write(eventLine('start', 'b'));
  await told.until('container', ({ container }) => container.id === 'b');
  stream.write(eventLine('die', 'a'));
  await told.until('container gone');
  const before = told.events.length;
  list.give([listed('a')]);
  await told.until('listed', ({ cause }) => cause === 'resync');
  await turns();
  assert.deepEqual(told.story(before), ['listed resync: name-b']);
  assert.equal(watcher.health.resyncs, 1);
});

test('silently lost events are healed by the next list', async (t) => {
  const { told, engine, clock } = await settled(t);
  clock.advance(RESYNC_MS);
  (await engine.nextList()).give([listed('b', { state: 'paused' })]);
  const healed = await told.until('listed', ({ cause }) => cause === 'resync');
  assert.deepEqual(
    healed.containers.map(({ id, state }) => `${id} ${state}`),
    ['b paused'],
  );
  await turns();
  clock.advance(RESYNC_MS);
  (await engine.nextList()).give([]);
  await told.until('listed', ({ containers }) => containers.length === 0);
});

test('an engine that is silent is asked whether it lives; two questions without an answer are a loss', async (t) => {
  const { told, engine, clock, watcher } = await settled(t);
  const dead = { ok: false, failure: { kind: 'deadline', ms: 4_000 } } as const;
  clock.advance(5_000);
  (await engine.nextPing()).answer(dead);
  (await engine.nextPing()).answer({ ok: true, value: undefined });
  await turns();
  assert.equal(watcher.health.connected, true);
  assert.equal(watcher.health.lastEventProof, clock.wall());
  clock.advance(5_000);
  (await engine.nextPing()).answer(dead);
  (await engine.nextPing()).answer(dead);
  const lost = await told.until('disconnected');
  assert.match(lost.reason, /no sign of life: no answer within 4 s/);
});

test('an engine that sends events is not asked whether it lives', async (t) => {
  const { told, engine, stream, clock } = await settled(t);
  for (let round = 0; round < 6; round += 1) {
    const before = told.events.length;
    clock.advance(2_500);
    stream.write(eventLine(round % 2 === 0 ? 'pause' : 'unpause', 'a'));
    await told.until('container', () => true, before);
    await turns();
  }
  assert.equal(engine.pings(), 0);
});

test('garbage on the stream is told and skipped, and what follows is understood', async (t) => {
  const { told, stream } = await settled(t);
  stream.write(`{"secret\n${eventLine('start', 'b')}`);
  await told.until('container', ({ container }) => container.id === 'b');
  const warning = await told.until('warning');
  assert.match(warning.message, /no JSON/);
  assert.doesNotMatch(warning.message, /secret/);
});

test('after its stop it tells nothing and waits for nothing', async (t) => {
  const { told, engine, stream, clock, watcher } = await settled(t);
  clock.advance(RESYNC_MS);
  const list = await engine.nextList();
  const before = told.events.length;
  await watcher.stop();
  list.give([]);
  stream.write(eventLine('start', 'b'));
  await turns();
  assert.deepEqual(told.story(before), []);
  assert.deepEqual(clock.waiting(), []);
  await watcher.stop();
});

test('it can be stopped before the engine ever answered', async (t) => {
  const engine = scriptedEngine();
  const { watcher, started, told } = watching(t, engine);
  await engine.nextStream();
  await watcher.stop();
  await started;
  assert.deepEqual(told.story(), []);
});

test('the backoff doubles from 0.1 s to 30 s and leaves out at most half by chance', () => {
  for (const random of [0, 0.5, 0.999]) {
    for (let attempt = 1; attempt < 2_000; attempt += attempt < 20 ? 1 : 500) {
      const full = Math.min(30_000, 100 * 2 ** (attempt - 1));
      const delay = backoff(attempt, random);
      assert.ok(delay >= full / 2 && delay <= full, `${attempt}: ${delay}`);
    }
  }
});
