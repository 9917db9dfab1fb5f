import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearAll, clearBit, createBitmap, nextBit, setBit } from '../../src/wheel/bitmap.ts';
import { seededRandom, testSeed, whole } from '../support/random.ts';

describe('a bitmap', () => {
  it('finds the next member wherever it lies, and none behind the last', () => {
    const map = createBitmap(65_536);
    for (const at of [0, 31, 32, 1_023, 1_024, 40_000, 65_535]) {
      setBit(map, at);
      assert.equal(nextBit(map, 0), at);
      assert.equal(nextBit(map, at), at);
      assert.equal(nextBit(map, at + 1), -1);
      clearBit(map, at);
      assert.equal(nextBit(map, 0), -1);
    }
  });

  it('does what a set does over random steps', (t) => {
    const seed = testSeed();
    t.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const map = createBitmap(4_096);
    const set = new Set<number>();
    for (let step = 0; step < 5_000; step += 1) {
      const at = whole(random, 4_096);
      if (random() < 0.5) {
        setBit(map, at);
        set.add(at);
      } else {
        clearBit(map, at);
        set.delete(at);
      }
      const from = whole(random, 4_097);
      const next = Math.min(...[...set].filter((each) => each >= from));
      assert.equal(nextBit(map, from), Number.isFinite(next) ? next : -1);
    }
    clearAll(map);
    assert.equal(nextBit(map, 0), -1);
  });
});
