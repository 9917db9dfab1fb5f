import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Wheel } from '../../src/wheel/wheel.ts';

const NOW = 1_764_200_000_123;

describe('the wheel', () => {
  it('refuses what is no whole number of milliseconds', () => {
    for (const bad of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      assert.throws(() => new Wheel(bad), RangeError);
      assert.throws(() => new Wheel(NOW).insert(bad), RangeError);
      assert.throws(() => new Wheel(NOW).expire(bad, () => {}), RangeError);
    }
  });

  it('gives rows to other timers again, so that its memory follows the timers that live', () => {
    const wheel = new Wheel(NOW);
    let highest = 0;
    for (let turn = 0; turn < 10_000; turn += 1) {
      const handle = wheel.insert(NOW + turn * 1_000 + 60_000);
      highest = Math.max(highest, handle);
      if (turn % 2 === 0) wheel.cancel(handle);
      wheel.expire(NOW + turn * 1_000, () => {});
    }
    assert.ok(highest < 100, `${highest}`);
  });

  it('asks to be woken at the very deadline once that is near', () => {
    const wheel = new Wheel(NOW);
    wheel.insert(NOW + 90_000_000);
    let wakes = 0;
    for (let wake = wheel.nextWake(); wake !== undefined; wake = wheel.nextWake()) {
      wakes += 1;
      assert.ok(wake > wheel.now && wake <= NOW + 90_000_000);
      wheel.expire(wake, () => {});
    }
    assert.equal(wheel.now, NOW + 90_000_000);
    assert.ok(wakes <= 3, 'once for each level at most');
  });

  it('looks at nothing while nothing is due, a century included', () => {
    const wheel = new Wheel(NOW);
    const century = NOW + 3_155_760_000_000;
    wheel.insert(century);
    wheel.expire(century - 1, () => assert.fail('too early'));
    const seen: number[] = [];
    wheel.expire(century, (_handle, deadline) => seen.push(deadline));
    assert.deepEqual(seen, [century]);
  });
});
