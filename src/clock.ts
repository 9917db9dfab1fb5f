/**
 * The only place that asks for the time. One system timer is armed at a time.
 *
 * A plain timer is up to 2.5 ms late at p99 and up to 1 ms early. So the timer is aimed `EARLY_MS` before the
 * moment and the rest is waited out with `setImmediate`, which keeps the event loop serving I/O: 0.02 ms late at
 * the median on an idle machine. `bench/lateness.bench.ts` measures it.
 *
 * The wall clock is read in whole milliseconds, cut off: a stretch that is counted from such a reading on the
 * monotonic clock ends up to 1 ms late. So the wait is over as soon as either clock says so.
 */
import { performance } from 'node:perf_hooks';
import type { MonoMs, Now, WallMs } from './ids.ts';

/** How long before the moment the timer is aimed, in milliseconds. */
export const EARLY_MS = 2;
/** Longest sleep, in milliseconds: after a suspend or a step of the wall clock everything is right within it. */
const LONGEST_SLEEP_MS = 1000;

export interface Clock {
  now(): Now;
  /**
   * Calls `wake` once, `inMs` milliseconds from now by the wall clock or by the monotonic one, whichever comes first
   * (at most 1 s from now even if `inMs` is more), and `early` shortly before it where there is time for that.
   * Replaces what was armed before.
   */
  arm(inMs: number, wake: () => void, early: () => void): void;
  disarm(): void;
}

export function readClock(): Now {
  return { wall: Date.now() as WallMs, mono: performance.now() as MonoMs };
}

/** The system's clock. */
export function createSystemClock(): Clock {
  let timer: NodeJS.Timeout | undefined;
  let generation = 0;

  function waitOut(due: Now, mine: number, wake: () => void): void {
    if (mine !== generation) return;
    if (Date.now() >= due.wall || performance.now() >= due.mono) wake();
    else setImmediate(waitOut, due, mine, wake);
  }

  return {
    now: readClock,
    arm(inMs, wake, early) {
      clearTimeout(timer);
      const mine = ++generation;
      const ms = Math.min(inMs, LONGEST_SLEEP_MS);
      const now = readClock();
      const due = { wall: (now.wall + ms) as WallMs, mono: (now.mono + ms) as MonoMs };
      const sleep = ms - EARLY_MS;
      if (sleep < 1) {
        setImmediate(waitOut, due, mine, wake);
        return;
      }
      timer = setTimeout(() => {
        early();
        waitOut(due, mine, wake);
      }, Math.floor(sleep));
    },
    disarm() {
      clearTimeout(timer);
      generation++;
    },
  };
}
