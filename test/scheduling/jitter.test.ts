import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, calendar, container, interval } from '../support/builders.ts';
import { drive } from '../support/schedule-driver.ts';

const START = at('2026-01-05 00:00:00') + 250;
const HOUR = 3_600_000;

describe('jitter', () => {
  for (const [name, trigger, period] of [
    ['a cron job', calendar(10_000), 10_000],
    ['an interval', interval(10_000), 10_000],
  ] as const) {
    it(`delays each fire time of ${name} by its own amount, and leaves the grid alone`, () => {
      const driver = drive({ start: START, duration: 1 });
      driver.apply({
        kind: 'container',
        container: container('web', { jobs: { a: { trigger, jitterMs: 4_000 } } }),
      });
      driver.run(HOUR);
      const grid = driver.started.map((each) => each.fireTime);
      assert.ok(driver.started.length >= 359);
      for (let place = 1; place < grid.length; place += 1) {
        assert.equal((grid[place] ?? 0) - (grid[place - 1] ?? 0), period);
      }
      const delays = driver.started.map((each) => each.startedAt - each.fireTime);
      assert.ok(delays.every((delay) => delay >= 0 && delay <= 4_000));
      assert.ok(Math.max(...delays) > 3_500 && Math.min(...delays) < 500, 'the whole range is used');
      assert.ok(new Set(delays).size > 200, 'each has its own');
      assert.ok(
        driver.started.every((each) => each.latenessMs === 0),
        'a wanted delay is no lateness',
      );
    });
  }

  it('longer than the gap neither reorders nor skips fire times', () => {
    const driver = drive({ start: START, duration: 0 });
    const jobs = { a: { trigger: calendar(2_000), jitterMs: 60_000 } };
    driver.apply({ kind: 'container', container: container('web', { jobs }) });
    driver.run(HOUR + 2_000);
    const grid = driver.started.map((each) => each.fireTime);
    assert.ok(grid.length >= 1_800);
    for (let place = 1; place < grid.length; place += 1) {
      assert.equal((grid[place] ?? 0) - (grid[place - 1] ?? 0), 2_000);
    }
    for (const each of driver.started) assert.ok(each.startedAt < each.fireTime + 2_000);
    assert.equal(driver.of('skipped').length, 0);
  });

  it('does not count against the grace', () => {
    const driver = drive({ start: START, duration: 1 });
    const jobs = { a: { trigger: calendar(60_000), jitterMs: 50_000, graceMs: 0 } };
    driver.apply({ kind: 'container', container: container('web', { jobs }) });
    driver.run(HOUR);
    assert.equal(driver.of('misfired').length, 0);
    assert.ok(driver.started.length >= 59);
  });
});
