import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecutionId, MonoMs, Now, WallMs } from '../../src/ids.ts';
import { createSchedule } from '../../src/scheduling/schedule.ts';
import { container, interval } from '../support/builders.ts';

/** The monotonic clock of a real process has fractions. */
const at = (ms: number): Now => ({
  wall: (1_800_000_000_000 + Math.floor(ms)) as WallMs,
  mono: (ms + 0.4) as MonoMs,
});

test('an interval first fires one period after its registration, whatever the fraction of the clock', () => {
  const schedule = createSchedule({
    poolSize: 10,
    newExecutionId: () => 'x' as ExecutionId,
    random: () => 0,
    now: at(0),
  });
  const jobs = { poll: { trigger: interval(60_000) } };
  schedule.apply({ kind: 'container', container: container('web', { jobs }) }, at(1000));
  const early = schedule.apply({ kind: 'tick' }, at(60_998));
  assert.deepEqual(
    early.filter(({ kind }) => kind === 'execute'),
    [],
  );
  const due = schedule.apply({ kind: 'tick' }, at(61_000));
  assert.equal(due.filter(({ kind }) => kind === 'execute').length, 1);
});
