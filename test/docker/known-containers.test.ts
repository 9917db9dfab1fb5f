import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerFacts, Facts } from '../../src/docker/container-facts.ts';
import { type ContainerLifeEvent, parseEvent } from '../../src/docker/event-lines.ts';
import { createKnownContainers, type KnownContainers } from '../../src/docker/known-containers.ts';
import { eventLine, jobNames, listed, parseForTests, type Recorder, recorder } from './watching.ts';

const event = (action: string, id: string, attributes?: Record<string, string>): ContainerLifeEvent => {
  const parsed = parseEvent(eventLine(action, id, attributes));
  assert.ok(parsed?.kind === 'life');
  return parsed;
};

const settled = (labels: Readonly<Record<string, string>>): Facts => ({
  definition: parseForTests(labels),
  excluded: undefined,
  settled: true,
});

const atOnce: ContainerFacts = { of: ({ labels }) => settled(labels) };

function knowing(
  ids: readonly string[],
  facts: ContainerFacts = atOnce,
): { known: KnownContainers; told: Recorder } {
  const told = recorder();
  const known = createKnownContainers(facts, told.handler);
  list(known, ids, 'start');
  told.events.length = 0;
  return { known, told };
}

function list(known: KnownContainers, ids: readonly string[], cause: 'start' | 'resync' = 'resync'): void {
  const builder = known.beginList();
  for (const id of ids) builder.add(listed(id));
  builder.finish(cause);
}

test('nothing is told before the first list, and then the list first', () => {
  const told = recorder();
  const known = createKnownContainers(atOnce, told.handler);
  known.apply(event('start', 'early'));
  const builder = known.beginList();
  builder.add(listed('a'));
  known.apply(event('start', 'b'));
  assert.deepEqual(told.story(), []);
  builder.finish('start');
  assert.deepEqual(told.story(), ['listed start: name-a', 'container name-b running']);
});

test('each event changes what it says and is told once, however often it comes', () => {
  const { known, told } = knowing(['a']);
  const cases: [ContainerLifeEvent, string][] = [
    [event('pause', 'a'), 'container name-a paused'],
    [event('unpause', 'a'), 'container name-a running'],
    [event('rename', 'a', { name: 'new', oldName: '/name-a' }), 'container new running'],
    [event('die', 'a', { exitCode: '3' }), 'gone a'],
    [event('start', 'a', { name: 'new' }), 'container new running'],
    [event('destroy', 'a'), 'gone a'],
    [event('start', 'b'), 'container name-b running'],
  ];
  for (const [given, expected] of cases) {
    const before = told.events.length;
    for (let times = 0; times < 3; times += 1) known.apply(given);
    assert.deepEqual(told.story(before), [expected]);
  }
});

test('the reason of an end holds the exit code, if it is one', () => {
  const { known, told } = knowing(['a', 'b', 'c']);
  known.apply(event('die', 'a', { exitCode: '3' }));
  known.apply(event('die', 'b', { exitCode: '\u001b[2J' }));
  known.apply(event('destroy', 'c'));
  const reasons = told.events.map((one) => one.kind === 'container gone' && one.reason);
  assert.deepEqual(reasons, ['it ended with exit code 3', 'it ended', 'it was removed']);
});

test('events about containers that do not run are of no interest', () => {
  const { known, told } = knowing([]);
  for (const action of ['die', 'destroy', 'rename']) known.apply(event(action, 'x'));
  assert.deepEqual(told.story(), []);
});

test('a pause or unpause whose start was missed makes the container known, with its labels', () => {
  const { known, told } = knowing([]);
  known.apply(event('pause', 'p', { job: 'j' }));
  known.apply(event('unpause', 'u'));
  assert.deepEqual(told.story(), ['container name-p paused', 'container name-u running']);
  const [first] = told.events;
  assert.deepEqual(first?.kind === 'container' && jobNames(first.container.definition), ['j']);
});

test('containers that neither run nor are paused are not in the list', () => {
  const told = recorder();
  const known = createKnownContainers(atOnce, told.handler);
  const builder = known.beginList();
  builder.add(listed('a', { state: 'other' }));
  builder.add(listed('b', { state: 'paused' }));
  builder.finish('start');
  assert.deepEqual(told.story(), ['listed start: name-b']);
  assert.equal(known.size, 1);
});

test('what happens while a list is on its way is told at once, and the list, made before it, does not undo it', () => {
  const { known, told } = knowing(['a', 'b', 'c']);
  const builder = known.beginList();
  for (const id of ['a', 'b', 'c']) builder.add(listed(id));
  known.apply(event('die', 'a'));
  known.apply(event('pause', 'b'));
  known.apply(event('rename', 'c', { name: 'other' }));
  known.apply(event('start', 'd'));
  const live = ['gone a', 'container name-b paused', 'container other running', 'container name-d running'];
  assert.deepEqual(told.story(), live);
  builder.finish('resync');
  assert.deepEqual(told.story(4), ['listed resync: name-b other name-d']);
  assert.equal(known.size, 3);
});

test('a container that ended and started again while a list was on its way is not taken down after it', () => {
  const { known, told } = knowing(['a']);
  const builder = known.beginList();
  known.apply(event('die', 'a'));
  known.apply(event('start', 'a'));
  builder.add(listed('a'));
  const before = told.events.length;
  builder.finish('resync');
  assert.deepEqual(told.story(before), ['listed resync: name-a']);
});

test('an event from before the list was asked for does not outlive it', () => {
  const { known, told } = knowing([]);
  known.apply(event('start', 'a'));
  list(known, []);
  assert.deepEqual(told.story(), ['container name-a running', 'listed resync:']);
  assert.equal(known.size, 0);
});

test('a list that was overtaken by another is of no effect', () => {
  const { known, told } = knowing(['a']);
  const old = known.beginList();
  const young = known.beginList();
  young.add(listed('b'));
  old.finish('resync');
  assert.deepEqual(told.story(), []);
  young.finish('resync');
  old.finish('resync');
  assert.deepEqual(told.story(), ['listed resync: name-b']);
});

/** Facts that come when the test says so. */
function later(): { facts: ContainerFacts; come: () => Promise<void>; asked: string[] } {
  const waiting: (() => void)[] = [];
  const asked: string[] = [];
  const facts: ContainerFacts = {
    of: ({ id, labels }) => {
      asked.push(id);
      return new Promise<Facts>((resolve) => waiting.push(() => resolve(settled(labels))));
    },
  };
  const come = async (): Promise<void> => {
    for (const resolve of waiting.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { facts, come, asked };
}

test('a container whose facts are late is told with the state it then has', async () => {
  const { facts, come } = later();
  const { known, told } = knowing([], facts);
  known.apply(event('start', 'a'));
  known.apply(event('pause', 'a'));
  known.apply(event('rename', 'a', { name: 'new' }));
  assert.deepEqual(told.story(), []);
  await come();
  assert.deepEqual(told.story(), ['container new paused']);
});

test('a container that is gone before its facts are there is never told', async () => {
  const { facts, come } = later();
  const { known, told } = knowing([], facts);
  known.apply(event('start', 'a'));
  known.apply(event('die', 'a'));
  await come();
  assert.deepEqual(told.story(), ['gone a']);
});

test('a list does not hold a container whose facts are late; it follows', async () => {
  const { facts, come } = later();
  const { known, told } = knowing([], facts);
  list(known, ['a']);
  assert.deepEqual(told.story(), ['listed resync:']);
  await come();
  assert.deepEqual(told.story(1), ['container name-a running']);
});

test('facts that are settled are not asked for again by the next list, others are', () => {
  const asked: string[] = [];
  const facts: ContainerFacts = {
    of: ({ id, labels }) => {
      asked.push(id);
      return { ...settled(labels), settled: id !== 'b' };
    },
  };
  const { known } = knowing(['a', 'b'], facts);
  list(known, ['a', 'b']);
  assert.deepEqual(asked, ['a', 'b', 'b']);
});
