import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type NextAfter,
  newestPassed,
  nextOnGrid,
  passedFrom,
  passedOnGrid,
} from '../../src/scheduling/passed.ts';
import { calendar } from '../support/builders.ts';
import { seededRandom, testSeed, whole } from '../support/random.ts';

/** Fire times with gaps of all sizes, to be found only by asking. */
function scattered(seed: number, count: number): readonly number[] {
  const random = seededRandom(seed);
  let time = 0;
  return Array.from({ length: count }, () => {
    time += 1_000 * (1 + whole(random, random() < 0.1 ? 1_000_000 : 50));
    return time;
  });
}

function asking(times: readonly number[]): { readonly next: NextAfter; asked(): number } {
  let asked = 0;
  return {
    next: (after) => {
      asked += 1;
      return times.find((time) => time > after);
    },
    asked: () => asked,
  };
}

describe('fire times that passed', () => {
  it('are what a plain walk finds, with about a hundred questions at most', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    for (let round = 0; round < 300; round += 1) {
      const random = seededRandom(seed + round);
      const times = scattered(seed + round, 1 + whole(random, 120));
      const first = times[whole(random, times.length)] ?? 0;
      const until = first + whole(random, 40_000_000_000);
      const trigger = asking(times);
      const passed = passedFrom(trigger.next, first, until);
      const all = times.filter((time) => time >= first && time <= until);
      assert.equal(passed.newest, all.at(-1));
      assert.equal(passed.previous, all.at(-2) ?? first);
      assert.equal(
        passed.upcoming,
        times.find((time) => time > until),
      );
      assert.ok(passed.exact ? passed.count === all.length : passed.count <= all.length);
      if (all.length <= 20) assert.equal(passed.exact, true);
      assert.ok(trigger.asked() <= 115, `${trigger.asked()} questions`);
    }
  });

  it('are counted exactly on a grid, over any length, for periods with fractions as well', () => {
    for (const period of [1, 1.5, 7, 100, 999.9, 90_000, 604_800_000]) {
      const grid = { anchor: 12_345, period };
      const first = nextOnGrid(grid, 12_345);
      let count = 0;
      let newest = 0;
      for (let time = first; count < 500; time = nextOnGrid(grid, time)) {
        count += 1;
        newest = time;
        const passed = passedOnGrid(grid, first, newest);
        assert.deepEqual(
          [passed.count, passed.newest, passed.exact],
          [count, newest, true],
          `period ${period}`,
        );
        assert.equal(passed.upcoming, nextOnGrid(grid, newest));
      }
    }
    assert.equal(passedOnGrid({ anchor: 0, period: 1_000 }, 1_000, 3_153_600_000_000).count, 3_153_600_000);
  });

  it('give the newest hundred when more are asked for', () => {
    for (const count of [0, 1, 99, 100, 101, 5_000, 1_000_000]) {
      const until = 1_000_000 + count * 7_000;
      const found = newestPassed(calendar(7_000, 1_000_000 % 7_000).next, 1_000_000, until, 100);
      assert.equal(found.length, Math.min(100, count));
      if (count > 0) assert.equal(found.at(-1), until);
      assert.deepEqual(
        found,
        found.toSorted((a, b) => a - b),
      );
    }
  });

  it('ends its search where fire times come in heaps', () => {
    const heap = Array.from({ length: 300 }, (_, number) => 5_000_000_000 + number * 1_000);
    const { next } = asking([1_000, ...heap]);
    const found = newestPassed(next, 0, 90_000_000_000, 100);
    assert.deepEqual(found, heap.slice(-100));
  });
});
