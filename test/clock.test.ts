import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSystemClock } from '../src/clock.ts';

const nothing = (): void => {};

test('a wall moment is never told before the wall clock shows it, and an early call comes first', async (t) => {
  const clock = createSystemClock();
  t.after(() => clock.disarm());
  for (let round = 0; round < 20; round += 1) {
    const calls: string[] = [];
    const inMs = 15;
    const moment = clock.now().wall + inMs;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        calls.push('wake');
        // As the daemon does: what is not due yet is armed again.
        if (clock.now().wall >= moment) resolve();
        else clock.arm(moment - clock.now().wall, wake, nothing);
      };
      clock.arm(inMs, wake, () => calls.push('early'));
    });
    assert.ok(Date.now() >= moment);
    assert.equal(calls.at(-1), 'wake');
    assert.equal(calls[0], 'early');
  }
});

test('what is armed replaces what was armed before, and a disarmed clock is silent', async (t) => {
  const clock = createSystemClock();
  t.after(() => clock.disarm());
  const calls: string[] = [];
  await new Promise<void>((resolve) => {
    clock.arm(5, () => calls.push('first'), nothing);
    clock.arm(10, resolve, nothing);
  });
  clock.arm(5, () => calls.push('disarmed'), nothing);
  clock.disarm();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(calls, []);
});
