/** Random jumps of the wall clock: no cron time ever fires twice or early, and none that is lived through stays silent. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobId } from '../../src/ids.ts';
import { calendar, container, idOf, interval } from '../support/builders.ts';
import { pick, seededRandom, testSeed, whole } from '../support/random.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const PERIODS = [10 * SECOND, 7 * 60 * SECOND, HOUR];
const POLL = 45 * SECOND;
/** The schedule keeps this many past spans in mind. */
const JUMPS = 15;

describe('random jumps of the wall clock', () => {
  it('make no cron time fire twice or early, leave none out that is lived through, and touch no interval', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    for (let number = 0; number < 40; number += 1) oneLife(seed + number);
  });
});

function oneLife(seed: number): void {
  const random = seededRandom(seed);
  const start = Date.UTC(2026, 0, 5) + whole(random, HOUR);
  const driver = drive({ start, duration: 0, poolSize: 100 });
  const jobs = {
    ...Object.fromEntries(PERIODS.map((period) => [`c${period}`, { trigger: calendar(period) }])),
    poll: { trigger: interval(POLL) },
  };
  driver.apply({ kind: 'container', container: container('web', { jobs }) });
  const lived: (readonly [number, number])[] = [];
  const mono = driver.clock.now().mono;
  for (let jump = 0; jump < JUMPS; jump += 1) {
    const from = driver.clock.now().wall;
    driver.run(whole(random, 2 * HOUR));
    lived.push([from, driver.clock.now().wall]);
    const distance = 2 * SECOND + whole(random, pick(random, [60 * SECOND, 2 * HOUR, 5_000 * HOUR]));
    driver.clock.setWall(driver.clock.now().wall + (random() < 0.5 ? distance : -distance));
    driver.apply({ kind: 'tick' });
  }
  driver.run(1);
  const label = `seed ${seed}`;
  for (const period of PERIODS) checkCron(driver, `c${period}`, period, lived, label);
  const polls = driver.started.filter((each) => each.definition.name === 'poll');
  assert.equal(polls.length, Math.floor((driver.clock.now().mono - mono) / POLL), `${label}: polls`);
}

function checkCron(
  driver: Driver,
  name: string,
  period: number,
  lived: readonly (readonly [number, number])[],
  label: string,
): void {
  const job = `@${idOf('web').slice(0, 12)}/${name}` as JobId;
  const started = driver.started.filter((each) => each.job === job);
  for (const each of started) assert.ok(each.startedAt >= each.fireTime, `${label}, ${name}: early`);
  const times = new Set(started.map((each) => each.fireTime));
  assert.equal(times.size, started.length, `${label}, ${name}: twice`);
  for (const [from, until] of lived) {
    for (let time = (Math.floor(from / period) + 1) * period; time <= until; time += period) {
      assert.ok(times.has(time as never), `${label}, ${name}: ${time} was lived through and did not fire`);
    }
  }
}
