/**
 * Holds how many calls may be open for each key at a time: one wedged container must not take all connections
 * of a worker. Who is too many waits in line, for a bounded time.
 */
export interface KeyedLimit<Key> {
  /** Resolves with the milliseconds waited; `undefined` if there was no place within `patienceMs`. */
  enter(key: Key, patienceMs: number): Promise<number | undefined> | number;
  leave(key: Key): void;
}

interface Line {
  open: number;
  /** Each takes over a place that became free. */
  readonly waiting: (() => void)[];
}

export function createKeyedLimit<Key>(perKey: number): KeyedLimit<Key> {
  const lines = new Map<Key, Line>();

  function wait(line: Line, patienceMs: number): Promise<number | undefined> {
    const since = performance.now();
    return new Promise((resolve) => {
      const take = (): void => {
        clearTimeout(timer);
        resolve(performance.now() - since);
      };
      const timer = setTimeout(() => {
        line.waiting.splice(line.waiting.indexOf(take), 1);
        resolve(undefined);
      }, patienceMs);
      line.waiting.push(take);
    });
  }

  return {
    enter(key, patienceMs) {
      const line = lines.get(key);
      if (line === undefined) {
        lines.set(key, { open: 1, waiting: [] });
        return 0;
      }
      if (line.open >= perKey) return wait(line, patienceMs);
      line.open += 1;
      return 0;
    },
    leave(key) {
      const line = lines.get(key);
      if (line === undefined) return;
      const next = line.waiting.shift();
      // The place passes on without being free in between.
      if (next !== undefined) next();
      else if (line.open > 1) line.open -= 1;
      else lines.delete(key);
    },
  };
}
