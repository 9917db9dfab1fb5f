/**
 * `npm run test:crash -- --points 1000 --seed S` for the long form; `judge.ts` tells what is checked.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, testSeed } from '../support/random.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startBusy } from './busy.ts';
import { judge } from './judge.ts';

const points = Number(process.env.CHOREWHEEL_CRASH_POINTS ?? 12);

test('a program that is killed at any moment loses no record, and runs no fire time of a job that catches up twice or never', async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed}, ${points} kills`);
  const busy = await startBusy(t, temporaryFolder(t), seededRandom(seed));
  for (let point = 0; point < points; point += 1) await busy.liveAndDie();
  const status = await busy.liveAndStop();
  const { faults, summary } = judge(busy);
  t.diagnostic(summary);
  assert.deepEqual(faults.slice(0, 20), []);
  assert.equal(status, 0);
});
