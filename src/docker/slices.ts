/** Long work in short slices: between two of them the event loop serves timers, signals and sockets. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest stretch without a turn of the loop, milliseconds. */
const SLICE_MS = 4;

/** Gives a function to await between steps; it lets the loop turn once the slice is used up. */
export function createSlices(now: () => number = () => performance.now()): () => Promise<void> | undefined {
  let start = now();
  return () => (now() - start < SLICE_MS ? undefined : nextTurn().then(restart));

  function restart(): void {
    start = now();
  }
}
