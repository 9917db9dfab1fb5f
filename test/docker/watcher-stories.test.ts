/** The watcher against the simulated engine, over a real socket. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createEngine } from '../../src/docker/engine.ts';
import type { Watcher } from '../../src/docker/engine-contract.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import { type TestFleet, testFleet } from '../support/fleet.ts';
import { runExec } from '../support/http.ts';
import { jobNames, parseForTests, type Recorder, recorder } from './watching.ts';

interface Story {
  readonly fleet: TestFleet;
  readonly watcher: Watcher;
  readonly told: Recorder;
}

async function watched(
  t: TestContext,
  fleet: TestFleet,
  { cacheSize = 128, resyncIntervalMs = 600_000, limitMs = 20_000 } = {},
): Promise<Story> {
  const told = recorder();
  const engine = createEngine({ kind: 'unix', socketPath: fleet.socketPath }, limitMs);
  const parse = parseForTests;
  const watcher = createWatcher({ engine, parse, cacheSize, resyncIntervalMs, handler: told.handler });
  t.after(() => watcher.stop());
  await watcher.start();
  return { fleet, watcher, told };
}

const requests = (fleet: TestFleet): string[] => [...fleet.stats.requests.keys()].sort();

test('a start with five hundred containers is one list and no inspection', async (t) => {
  const fleet = await testFleet(t, { population: { containers: 500 } });
  const { told } = await watched(t, fleet);
  const first = await told.until('listed');
  assert.equal(first.containers.length, 500);
  assert.deepEqual(requests(fleet), ['GET /containers/json', 'GET /events', 'GET /version']);
  assert.equal(fleet.stats.requests.get('GET /containers/json'), 1);
});

test('the life of a container is told step by step, without a request', async (t) => {
  const fleet = await testFleet(t);
  const { told } = await watched(t, fleet);
  const container = fleet.add({ name: 'web', state: 'running', labels: { job: 'j' } });
  fleet.world.pause(container);
  fleet.world.unpause(container);
  fleet.world.rename(container, 'shop');
  fleet.world.restart(container);
  fleet.world.remove(container, true);
  fleet.add({ name: 'last', state: 'running' });
  await told.until('container', (event) => event.container.name === 'last');
  assert.deepEqual(told.story(2), [
    'container web running',
    'container web paused',
    'container web running',
    'container shop running',
    `gone ${container.id}`,
    'container shop running',
    `gone ${container.id}`,
    'container last running',
  ]);
  const [, , first] = told.events;
  assert.deepEqual(first?.kind === 'container' && jobNames(first.container.definition), ['j']);
  assert.deepEqual(requests(fleet), ['GET /containers/json', 'GET /events', 'GET /version']);
});

test('cut, ended and restarted: each time the list is told anew and what changed meanwhile is in it', async (t) => {
  const fleet = await testFleet(t);
  fleet.add({ name: 'first', state: 'running' });
  const { told } = await watched(t, fleet);
  const losses: (() => void | Promise<void>)[] = [
    () => fleet.cutEvents(),
    () => fleet.cutEvents(true),
    async () => {
      await fleet.goAway();
      fleet.add({ name: `unseen-${told.events.length}`, state: 'running' });
      await fleet.comeBack();
    },
    () => fleet.restart({ downMs: 20 }),
  ];
  for (const lose of losses) {
    const before = told.events.length;
    await lose();
    await told.until('disconnected', () => true, before);
    const again = await told.until('listed', ({ cause }) => cause === 'reconnect', before);
    const running = [...fleet.world.containers.values()].filter(({ state }) => state === 'running');
    assert.deepEqual(again.containers.map(({ id }) => id).sort(), running.map(({ id }) => id).sort());
  }
});

for (const [name, clockOffsetMs] of [
  ['a year ahead', 365 * 86_400_000],
  ['a year behind', -365 * 86_400_000],
] as const) {
  test(`an engine whose clock is ${name} is watched as any other, also after a loss`, async (t) => {
    const fleet = await testFleet(t, { clockOffsetMs });
    const { told } = await watched(t, fleet);
    const first = fleet.add({ name: 'first', state: 'running' });
    await told.until('container', ({ container }) => container.id === first.id);
    fleet.cutEvents();
    await told.until('listed', ({ cause }) => cause === 'reconnect');
    const second = fleet.add({ name: 'second', state: 'running' });
    await told.until('container', ({ container }) => container.id === second.id);
    assert.deepEqual(
      told.events.filter(({ kind }) => kind === 'container').length,
      2,
      'nothing is told twice, nothing is left out',
    );
  });
}

test('an engine that hangs at the list, answers 500, garbage or half a list is tried again', async (t) => {
  const effects = [
    { kind: 'hang' },
    { kind: 'status', status: 500, message: 'sick' },
    { kind: 'garbage' },
    { kind: 'truncated' },
    { kind: 'cut' },
  ] as const;
  const fleet = await testFleet(t, { population: { containers: 5 } });
  for (const effect of effects) {
    // The client itself repeats a call whose connection broke: two strikes for one failure.
    const times = effect.kind === 'cut' ? 2 : 1;
    fleet.faults.set({ rules: [{ match: 'GET /containers/json', effect, times }] });
    const { told, watcher } = await watched(t, fleet, { limitMs: 500 });
    const story = told.story().map((word) => word.replace(/:.*/, ''));
    assert.deepEqual(story, ['disconnected', 'connected', 'listed start'], effect.kind);
    assert.equal(told.events[2]?.kind === 'listed' && told.events[2].containers.length, 5);
    await watcher.stop();
  }
});

test('events that the engine drops are healed by the next list', async (t) => {
  const fleet = await testFleet(t, { population: { containers: 20 } });
  const { told } = await watched(t, fleet, { resyncIntervalMs: 200 });
  fleet.faults.set({ dropEvents: 1 });
  for (const container of [...fleet.world.containers.values()].slice(0, 10))
    fleet.world.remove(container, true);
  fleet.add({ name: 'silent', state: 'running' });
  const healed = await told.until('listed', ({ containers }) =>
    containers.some(({ name }) => name === 'silent'),
  );
  assert.equal(healed.containers.length, 11);
});

test('after a storm the record equals the engine, with any size of the cache', async (t) => {
  for (const cacheSize of [0, 1, 128]) {
    const fleet = await testFleet(t, { seed: 7, population: { containers: 60 } });
    const { told, watcher } = await watched(t, fleet, { cacheSize });
    const storm = fleet.storm(1_000);
    for (let cut = 0; cut < 3; cut += 1) {
      const before = told.events.length;
      fleet.cutEvents(cut === 1);
      await told.until('listed', ({ cause }) => cause === 'reconnect', before);
    }
    storm.stop();
    fleet.add({ name: 'the-end', state: 'running' });
    await told.until('container', ({ container }) => container.name === 'the-end');
    const running = [...fleet.world.containers.values()].filter(({ state }) => state === 'running');
    assert.deepEqual([...replay(told)].sort(), running.map(({ id }) => id).sort(), `cache ${cacheSize}`);
    await watcher.stop();
  }
});

/** What somebody knows who heard everything: the ids of running containers. */
function replay({ events }: Recorder): Set<string> {
  const running = new Set<string>();
  for (const event of events) {
    if (event.kind === 'listed') running.clear();
    const told =
      event.kind === 'listed' ? event.containers : event.kind === 'container' ? [event.container] : [];
    for (const { id, state } of told) {
      if (state === 'running') running.add(id);
      else running.delete(id);
    }
    if (event.kind === 'container gone') running.delete(event.container);
  }
  return running;
}

test('labels that come from the image are left out where the flags tell so, in lists and in events', async (t) => {
  const fleet = await testFleet(t);
  fleet.world.addImage('with-job:latest', { job: 'inherited' });
  const image = 'with-job:latest';
  fleet.add({ name: 'plain', image, state: 'running' });
  fleet.add({ name: 'without', image, state: 'running', labels: { noimage: '1' } });
  const { told } = await watched(t, fleet);
  const first = await told.until('listed');
  const jobs = Object.fromEntries(
    first.containers.map(({ name, definition }) => [name, jobNames(definition)]),
  );
  assert.deepEqual(jobs, { plain: ['inherited'], without: [] });
  fleet.add({ name: 'later', image, state: 'running', labels: { noimage: '1' } });
  const later = await told.until('container', ({ container }) => container.name === 'later');
  assert.deepEqual(jobNames(later.container.definition), []);
});

test('a hanging inspection holds up neither the list nor other containers', async (t) => {
  const fleet = await testFleet(t);
  fleet.faults.set({ rules: [{ match: 'GET /images/', effect: { kind: 'hang' } }] });
  fleet.add({ name: 'odd', state: 'running', labels: { job: 'j', noimage: '1' } });
  fleet.add({ name: 'even', state: 'running', labels: { job: 'j' } });
  const { told } = await watched(t, fleet);
  const first = await told.until('listed');
  assert.deepEqual(
    first.containers.map(({ name }) => name),
    ['even'],
  );
  fleet.add({ name: 'next', state: 'running', labels: { job: 'j' } });
  await told.until('container', ({ container }) => container.name === 'next');
});

test('a step of an image build carries no jobs', async (t) => {
  const fleet = await testFleet(t);
  const { told } = await watched(t, fleet);
  const image = fleet.world.addImage('base:latest', {}).id;
  fleet.add({ name: 'step', image, logType: 'none', state: 'running', labels: { job: 'j' } });
  const step = await told.until('container', ({ container }) => container.name === 'step');
  assert.match(step.container.excluded ?? '', /image build/);
});

test('the second witness tells the exit code of an exec, also of one that ended before it was asked', async (t) => {
  const fleet = await testFleet(t);
  const { told, watcher } = await watched(t, fleet);
  const { id } = fleet.add({ name: 'web', state: 'running' });
  const exec = async (): Promise<string> => (await runExec(fleet.socketPath, id, ['sh', '-c', 'exit 3'])).id;
  const early = await exec();
  watcher.watchExecs(true);
  const first = await told.until('exec died', (event) => event.exec === early);
  assert.equal(first.container, id);
  assert.equal(typeof first.exitCode, 'number');
  const late = await exec();
  await told.until('exec died', (event) => event.exec === late);
  watcher.watchExecs(false);
  await fleet.until(() => fleet.openStreams().events === 1);
});
