/** What the wheel must equal: a plain list, searched whole each time. Slow and obviously right. */

/** The part of the wheel that both have. */
export interface Timers {
  readonly size: number;
  readonly now: number;
  insert(deadline: number): number;
  cancel(handle: number): boolean;
  rearm(handle: number, deadline: number): boolean;
  deadline(handle: number): number | undefined;
  nextWake(): number | undefined;
  expire(until: number, callback: (handle: number, deadline: number) => void): void;
  reset(now: number): void;
}

export function naiveTimers(start: number): Timers {
  const deadlines = new Map<number, number>();
  let now = start;
  let handles = 0;
  const earliest = (): [number, number] | undefined => [...deadlines].sort((a, b) => a[1] - b[1])[0];
  return {
    get size() {
      return deadlines.size;
    },
    get now() {
      return now;
    },
    insert(deadline) {
      deadlines.set(handles, deadline);
      handles += 1;
      return handles - 1;
    },
    cancel: (handle) => deadlines.delete(handle),
    rearm(handle, deadline) {
      if (!deadlines.has(handle)) return false;
      deadlines.set(handle, deadline);
      return true;
    },
    deadline: (handle) => deadlines.get(handle),
    nextWake: () => earliest()?.[1],
    expire(until, callback) {
      if (until < now) return;
      now = until;
      for (let first = earliest(); first !== undefined && first[1] <= until; first = earliest()) {
        deadlines.delete(first[0]);
        callback(first[0], first[1]);
      }
    },
    reset(moment) {
      now = moment;
    },
  };
}
