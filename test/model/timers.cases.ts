/** Cases that every implementation of timers passes, and a long random walk beside the naive list. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pick, type Random, seededRandom, testSeed, whole } from '../support/random.ts';
import { naiveTimers, type Timers } from './naive-timers.ts';

const YEAR = 365.25 * 86_400_000;
/** Distances that end in each level, on the borders between them, and far behind the horizon's half. */
const DISTANCES = [
  0,
  1,
  1023,
  1024,
  1025,
  60_000,
  67_108_863,
  67_108_864,
  67_108_865,
  YEAR,
  100 * YEAR,
  250 * YEAR,
];

export function timerCases(name: string, create: (now: number) => Timers): void {
  describe(`timers: ${name}`, () => {
    borders(create);
    it('hands out in order, whatever the order of insertion', () => {
      const timers = create(1_000_000);
      for (const distance of [...DISTANCES].reverse()) timers.insert(1_000_000 + distance);
      assert.deepEqual(
        expired(timers, 1_000_000 + 300 * YEAR),
        DISTANCES.map((each) => 1_000_000 + each),
      );
      assert.equal(timers.size, 0);
      assert.equal(timers.nextWake(), undefined);
    });
    it('hands out a deadline that has passed at once, and one that a callback adds for now', () => {
      const timers = create(5_000);
      timers.insert(10);
      const seen: number[] = [];
      timers.expire(5_000, (_handle, deadline) => {
        seen.push(deadline);
        if (deadline === 10) timers.insert(4_999);
      });
      assert.deepEqual(seen, [10, 4_999]);
    });
    it('forgets a cancelled timer and knows a handle only while it lives', () => {
      const timers = create(0);
      const kept = timers.insert(70_000);
      const gone = timers.insert(70_000);
      assert.equal(timers.cancel(gone), true);
      assert.equal(timers.cancel(gone), false);
      assert.equal(timers.rearm(gone, 5), false);
      assert.equal(timers.deadline(kept), 70_000);
      assert.deepEqual(expired(timers, 80_000), [70_000]);
      assert.equal(timers.cancel(kept), false);
    });
    it('goes back in time with its deadlines kept', () => {
      const timers = create(100_000);
      timers.insert(160_000);
      timers.insert(100 * YEAR);
      timers.reset(20_000);
      assert.equal(timers.now, 20_000);
      assert.deepEqual(expired(timers, 159_999), []);
      assert.deepEqual(expired(timers, 160_000), [160_000]);
      assert.equal(timers.size, 1);
    });
    it('does what the naive list does over random steps', (t) => {
      const seed = testSeed();
      t.diagnostic(`SEED=${seed}`);
      for (let walk = 0; walk < 8; walk += 1)
        randomWalk(seededRandom(seed + walk), create, `seed ${seed} + ${walk}`);
    });
  });
}

function borders(create: (now: number) => Timers): void {
  for (const start of [0, 1023, 1024, 67_108_863, 1_764_200_000_123]) {
    for (const distance of DISTANCES) {
      it(`from ${start}, a timer in ${distance} ms is due then and not a millisecond earlier`, () => {
        const timers = create(start);
        timers.insert(start + distance);
        if (distance > 0) assert.deepEqual(expired(timers, start + distance - 1), []);
        const wake = timers.nextWake();
        assert.ok(wake !== undefined && wake <= start + distance);
        assert.deepEqual(expired(timers, start + distance), [start + distance]);
      });
    }
  }
}

function expired(timers: Timers, until: number): number[] {
  const seen: number[] = [];
  timers.expire(until, (_handle, deadline) => seen.push(deadline));
  return seen;
}

/** Each step does the same to both; handles differ, so timers are named by a serial number of their own. */
function randomWalk(random: Random, create: (now: number) => Timers, label: string): void {
  const start = whole(random, 2_000_000_000_000);
  const sides = [create(start), naiveTimers(start)].map((timers) => ({
    timers,
    handles: new Map<number, number>(),
  }));
  const live: number[] = [];
  let serial = 0;
  for (let step = 0; step < 3_000; step += 1) {
    const now = sides[1]?.timers.now ?? 0;
    const moment = now + whole(random, pick(random, [2, 1_100, 70_000, 70_000_000, 90_000_000_000]));
    const action = random();
    if (action < 0.45 && live.length < 150) {
      for (const side of sides) side.handles.set(serial, side.timers.insert(moment - 3));
      live.push(serial);
      serial += 1;
    } else if (action < 0.65) {
      const name = live.length > 0 ? pick(random, live) : -1;
      const results = sides.map((side) => {
        const handle = side.handles.get(name) ?? -1;
        return action < 0.55 ? side.timers.cancel(handle) : side.timers.rearm(handle, moment);
      });
      assert.equal(results[0], results[1], `${label}, step ${step}`);
      if (action < 0.55) forget(name);
    } else if (action < 0.99) compareExpiry(moment, step);
    else {
      const earlier = now - whole(random, 100_000_000);
      for (const side of sides) side.timers.reset(earlier);
    }
    compareState(step);
  }

  function forget(name: number): void {
    for (const side of sides) side.handles.delete(name);
    if (live.includes(name)) live.splice(live.indexOf(name), 1);
  }

  function compareExpiry(until: number, step: number): void {
    const now = sides[1]?.timers.now ?? 0;
    const seen = sides.map((side) => {
      const names = new Map([...side.handles].map(([name, handle]) => [handle, name]));
      const out: { deadline: number; name: number }[] = [];
      side.timers.expire(until, (handle, deadline) => out.push({ deadline, name: names.get(handle) ?? -1 }));
      const ahead = out.map((each) => each.deadline).filter((deadline) => deadline > now);
      assert.deepEqual(
        ahead,
        ahead.toSorted((a, b) => a - b),
        `${label}, step ${step}: out of order`,
      );
      return out.sort((a, b) => a.name - b.name);
    });
    assert.deepEqual(seen[0], seen[1], `${label}, step ${step}`);
    for (const each of seen[0] ?? []) forget(each.name);
  }

  function compareState(step: number): void {
    const [one, other] = sides.map((side) => side.timers);
    assert.equal(one?.size, other?.size, `${label}, step ${step}`);
    assert.equal(one?.now, other?.now, `${label}, step ${step}`);
    const wake = one?.nextWake();
    const exact = other?.nextWake();
    if (exact === undefined) assert.equal(wake, undefined);
    else
      assert.ok(
        wake !== undefined && wake <= Math.max(exact, one?.now ?? 0),
        `${label}, step ${step}: wakes late`,
      );
  }
}
