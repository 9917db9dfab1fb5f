/** Days of virtual time with thousands of containers, on the pure core alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobDefinition } from '../../src/labels/definition.ts';
import type { Container } from '../../src/scheduling/events.ts';
import { at, calendar, container, definition, idOf, interval, job } from '../support/builders.ts';
import { pick, seededRandom, testSeed, whole } from '../support/random.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = at('2026-01-05 00:00:00') + 500;

describe('three days with two thousand containers', () => {
  it('run every fire time in its time, through hand-overs, and leave nothing behind', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const driver = drive({ start: START, poolSize: 64, duration: 200, seed });
    const daily = Array.from({ length: 24 }, (_, hour) => calendar(DAY, hour * HOUR + 17 * MINUTE));
    const hourly = calendar(6 * HOUR, 5 * MINUTE);
    const fleet = Array.from({ length: 2_000 }, (_, number) => {
      const jobs = [job('dump', { trigger: pick(random, daily) }), job('sweep', { trigger: hourly })];
      if (number % 4 < 2) jobs.push(job('poll', { trigger: interval(8 * HOUR) }));
      // Every second pair is a service of two.
      const service = number % 4 < 2 ? [`p${number - (number % 2)}`, 'web'] : [];
      return { name: `c${number}`, parts: definition({ jobs, service }) };
    });
    // Both members of a pair have the first one's labels.
    for (const [number, each] of fleet.entries()) {
      const first = fleet[number - 1];
      if (number % 4 === 1 && first !== undefined) each.parts = first.parts;
    }
    driver.apply({
      kind: 'listed',
      containers: fleet.map(({ name, parts }) => container(name, { definition: parts })),
    });
    const { jobs } = driver.schedule.counts();
    assert.equal(jobs, 500 * 3 + 1_000 * 2);
    for (let day = 0; day < 3; day += 1) {
      for (let hour = 0; hour < 24; hour += 1) {
        driver.run(HOUR);
        replaceOne(driver, fleet[4 * whole(random, 500)]);
      }
    }
    driver.run(MINUTE);
    const perJob = countBy(driver.started.map((each) => each.job));
    for (const view of driver.schedule.jobs()) {
      const expected = { dump: 3, sweep: 12, poll: view.service === undefined ? 0 : 9 }[view.name] ?? 0;
      assert.equal(perJob.get(view.id), expected, `${view.id} ran ${perJob.get(view.id)} times`);
    }
    assert.equal(driver.of('skipped').length + driver.of('missed').length, 0);
    assert.equal(driver.of('execution ended').length, driver.started.length);
    driver.apply({ kind: 'listed', containers: [] });
    assert.deepEqual(driver.schedule.counts(), {
      containers: 0,
      services: 0,
      jobs: 0,
      running: 0,
      waiting: 0,
    });
    assert.equal(driver.schedule.nextWake(driver.clock.now()), undefined, 'no timer is left');
  });
});

/** The first member of a pair ends and starts again: its jobs move to the second one, and stay there. */
function replaceOne(
  driver: Driver,
  one: { readonly name: string; readonly parts: Container['definition'] } | undefined,
): void {
  if (one === undefined) return;
  driver.apply({ kind: 'container gone', container: idOf(one.name) });
  driver.apply({ kind: 'container', container: container(one.name, { definition: one.parts }) });
}

function countBy<T>(all: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

describe('a storm of events over ten thousand containers', () => {
  it('leaves the registry that the last state of each asks for', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const driver = drive({ start: START });
    const quiet = definition({});
    const jobs: readonly JobDefinition[] = [job('tidy', { trigger: calendar(DAY) })];
    const names = Array.from({ length: 10_000 }, (_, number) => `c${number}`);
    const definitions = names.map((_, number) => {
      if (number % 3 === 0) return quiet;
      return number % 3 === 1 ? definition({ jobs }) : definition({ jobs, service: [`s${number % 1_000}`] });
    });
    const last = new Map<string, Container>();
    for (let step = 0; step < 60_000; step += 1) {
      const number = whole(random, names.length);
      const state = pick(random, ['running', 'running', 'paused', 'other'] as const);
      const one = container(names[number] ?? '', { state, definition: definitions[number] ?? quiet });
      driver.apply({ kind: 'container', container: one });
      last.set(one.id, one);
    }
    const alive = [...last.values()].filter(
      (each) => each.state !== 'other' && each.definition.jobs.length > 0,
    );
    const alone = alive.filter((each) => each.definition.serviceId.length === 0);
    const services = new Map<string, Container[]>();
    for (const each of alive) {
      const [service] = each.definition.serviceId;
      if (service !== undefined) services.set(service, [...(services.get(service) ?? []), each]);
    }
    assert.equal(driver.schedule.counts().jobs, alone.length + services.size);
    for (const view of driver.schedule.jobs()) {
      const owner = last.get(view.container);
      assert.equal(view.state, owner?.state === 'running' ? 'armed' : 'suspended');
      if (view.state === 'suspended' && view.service !== undefined) {
        assert.ok(services.get(view.service)?.every((each) => each.state === 'paused'));
      }
    }
  });
});
