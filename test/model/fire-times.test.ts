/** Random lives of jobs: whatever happens, each fire time ends in exactly one record, and no bound is ever crossed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState } from '../../src/scheduling/events.ts';
import type { Trigger } from '../../src/triggers/trigger.ts';
import { calendar, container, definition, idOf, job } from '../support/builders.ts';
import { ledgerOf } from '../support/ledger.ts';
import { pick, type Random, seededRandom, testSeed, whole } from '../support/random.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const POOL = 3;

const TRIGGERS: Readonly<Record<string, Trigger>> = {
  beat: calendar(SECOND),
  tidy: calendar(20 * SECOND, 3 * SECOND),
  dump: calendar(MINUTE),
  slow: calendar(7 * MINUTE),
};

const JOBS = [
  job('beat', { trigger: TRIGGERS.beat as Trigger }),
  job('tidy', { trigger: TRIGGERS.tidy as Trigger, overlap: 'queue', max: 2 }),
  job('dump', { trigger: TRIGGERS.dump as Trigger, graceMs: 5 * SECOND }),
  job('slow', { trigger: TRIGGERS.slow as Trigger, jitterMs: 2 * MINUTE, overlap: 'queue' }),
];
const SHARED = definition({ jobs: JOBS, service: ['shop'] });
const ALONE = definition({ jobs: JOBS });
const NAMES = ['one', 'two', 'three', 'solo'] as const;

/** A step of a random life. Every kind of event may come at any time. */
function live(driver: Driver, random: Random): void {
  const name = pick(random, NAMES);
  const state = pick<ContainerState>(random, ['running', 'running', 'paused', 'other']);
  const member = container(name, { state, definition: name === 'solo' ? ALONE : SHARED });
  const action = random();
  if (action < 0.25) driver.apply({ kind: 'container', container: member });
  else if (action < 0.3) driver.apply({ kind: 'container gone', container: idOf(name) });
  else if (action < 0.35) driver.apply({ kind: 'listed', containers: random() < 0.3 ? [] : [member] });
  else if (action < 0.45) {
    const jobs = [...driver.schedule.jobs()];
    if (jobs.length === 0) return;
    const { id } = pick(random, jobs);
    driver.apply({
      kind: pick(random, ['pause job', 'resume job', 'resume job', 'run now'] as const),
      job: id,
    });
  } else if (action < 0.55) driver.suspend(whole(random, pick(random, [50, 4_000, 10 * MINUTE])));
  else if (action < 0.6) driver.schedule.prepare(driver.clock.now(), 2);
  else driver.run(whole(random, pick(random, [300, 30 * SECOND, 3 * MINUTE])));
}

/** After each call no more executions than allowed, and no free place while something waits for it. */
function watchBounds(driver: () => Driver): () => void {
  return () => {
    const { schedule } = driver();
    assert.ok(schedule.counts().running <= POOL, 'the pool holds');
    for (const each of schedule.jobs()) {
      assert.ok(each.running <= each.definition.max, `${each.name}: max holds`);
      assert.ok(each.waiting <= 2, 'at most one scheduled firing waits, and one that a person asked for');
    }
  };
}

describe('every fire time', () => {
  it('ends in exactly one record over random lives, and no bound is crossed', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    for (let number = 0; number < 60; number += 1) oneLife(seed + number);
  });
});

function oneLife(seed: number): void {
  const random = seededRandom(seed);
  const watch = watchBounds(() => driver);
  const driver: Driver = drive({
    start: Date.UTC(2026, 0, 5) + whole(random, MINUTE),
    poolSize: POOL,
    duration: () => whole(random, pick(random, [100, 5_000, 90_000])),
    seed,
  });
  for (let step = 0; step < 80; step += 1) {
    live(driver, random);
    watch();
  }
  driver.run(1);
  driver.apply({ kind: 'drain' });
  const now = driver.clock.now().wall;
  driver.run(10 * MINUTE);
  assert.equal(driver.of('execution ended').length, driver.started.length, `seed ${seed}: all ended`);
  assert.equal(driver.schedule.counts().waiting, 0);
  for (const prefix of ['shop', `@${idOf('solo').slice(0, 12)}`]) {
    for (const [name, trigger] of Object.entries(TRIGGERS))
      checkJob(driver, `${prefix}/${name}`, trigger, now, seed);
  }
}

/** From the first registration to the last removal (or now) no fire time is missing, and none has two records. */
function checkJob(driver: Driver, id: string, trigger: Trigger, now: number, seed: number): void {
  const reports = driver.reports;
  const ledger = ledgerOf(reports, id as never, trigger);
  for (const [time, records] of ledger)
    assert.equal(records.length, 1, `seed ${seed}, ${id} at ${time}: ${records}`);
  const times = [...ledger.keys()].sort((a, b) => a - b);
  for (let place = 1; place < times.length; place += 1) {
    assert.equal(times[place], trigger.next(times[place - 1] ?? 0), `seed ${seed}, ${id}: none is missing`);
  }
  const there = driver.schedule.job(id as never) !== undefined;
  const last = times.at(-1);
  if (there && last !== undefined)
    assert.ok((trigger.next(last) ?? 0) > now - 2 * MINUTE, `seed ${seed}, ${id}: up to now`);
}
