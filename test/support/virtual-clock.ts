/** Two clocks that go only when told to, as the core sees them. */
import type { MonoMs, Now, WallMs } from '../../src/ids.ts';

export interface VirtualClock {
  now(): Now;
  /** Both clocks go on, as in life and in suspend. */
  pass(ms: number): void;
  /** Somebody sets the wall clock; the monotonic one knows nothing of it. */
  setWall(to: number): void;
}

export function virtualClock(wall: number, mono = 5_000_000): VirtualClock {
  let now = { wall, mono };
  return {
    now: () => ({ wall: now.wall as WallMs, mono: now.mono as MonoMs }),
    pass(ms) {
      now = { wall: now.wall + ms, mono: now.mono + ms };
    },
    setWall(to) {
      now = { wall: to, mono: now.mono };
    },
  };
}
