/** The fleet's clock: nanoseconds since it started, and the wall moment that belongs to nanosecond 0. */
export interface FleetClock {
  /** Wall milliseconds (with fraction) at nanosecond 0. */
  readonly epochMs: number;
  /** Whole nanoseconds since the epoch; monotonic. */
  ns(): number;
}

/**
 * Waits for the wall clock's next millisecond once (at most a few ms), so that its truncation does not shift
 * every time stamp by up to 1 ms. `offsetMs`: how far the engine's wall clock is ahead of this machine's.
 */
export function startClock(offsetMs = 0): FleetClock {
  const before = Date.now();
  let wall = before;
  while (wall === before) wall = Date.now();
  const origin = performance.now();
  return { epochMs: wall + offsetMs, ns: () => Math.round((performance.now() - origin) * 1e6) };
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
