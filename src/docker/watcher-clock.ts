/** Time and chance for the watcher, given by argument so that tests decide both. */
export interface WatcherClock {
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Milliseconds since an arbitrary origin; never goes back. */
  mono(): number;
  /** At least 0, less than 1. */
  random(): number;
  /** Calls once after so many milliseconds; the result cancels. */
  after(ms: number, call: () => void): () => void;
}

export const systemWatcherClock: WatcherClock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  random: () => Math.random(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/**
 * Milliseconds before attempt number `attempt` (1 = the first after a loss): 0.1 s doubling to 30 s, of which a random
 * half is left out, so that many clients of one engine don't come back in step.
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20));
  return Math.round(full * (0.5 + random / 2));
}
