/** The fleet's clock: nanoseconds since it started, and the wall moment that belongs to nanosecond 0. */
export interface FleetClock {
  /** Wall milliseconds (with fraction) at nanosecond 0. */
  readonly epochMs: number;
  /** Whole nanoseconds since the epoch; monotonic. */
  ns(): number;
}

/** Close enough, milliseconds. */
const WINDOW_MS = 0.02;
const TRIES = 20;

/**
 * Waits for the wall clock's next millisecond (mostly once, so for about 1 ms), so that its truncation does not
 * shift every time stamp by up to 1 ms. On a busy machine the process may be put aside at that very moment: the
 * best of some tries counts. `offsetMs`: how far the engine's wall clock is ahead of this machine's.
 */
export function startClock(offsetMs = 0): FleetClock {
  let epochMs = 0;
  let origin = 0;
  let narrowest = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && narrowest > WINDOW_MS; tried += 1) {
    const step = nextMillisecond();
    if (step.after - step.before >= narrowest) continue;
    narrowest = step.after - step.before;
    epochMs = step.wall + offsetMs;
    origin = (step.before + step.after) / 2;
  }
  return { epochMs, ns: () => Math.round((performance.now() - origin) * 1e6) };
}

/** The wall clock steps to `wall` between two monotonic readings: one before its last reading of the old millisecond. */
function nextMillisecond(): { wall: number; before: number; after: number } {
  let before = performance.now();
  const first = Date.now();
  for (;;) {
    const between = performance.now();
    const wall = Date.now();
    if (wall !== first) return { wall, before, after: performance.now() };
    before = between;
  }
}

/** The engine's two time fields for a moment: whole seconds, and the 19 digits of nanoseconds as text. */
export function engineTime(clock: FleetClock, ns: number): { seconds: number; nanoText: string } {
  const whole = Math.floor(ns / 1e6);
  const wall = clock.epochMs + whole;
  return {
    seconds: Math.floor(wall / 1000),
    nanoText: `${wall}${String(ns - whole * 1e6).padStart(6, '0')}`,
  };
}
