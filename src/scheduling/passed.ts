/**
 * Which fire times lie in a stretch of time that was not lived through tick by tick: a late wake-up, a jump of the
 * clock, a restart. The work is bounded whatever the length: a short walk counts exactly, beyond it the newest fire
 * time is found by bisection (is there any fire time after the middle?) and the count becomes a lower bound.
 * Intervals are arithmetic: always exact.
 */

/** The first fire time strictly after a moment, or none. */
export type NextAfter = (after: number) => number | undefined;

export interface Passed {
  readonly first: number;
  /** The newest but one; equals `newest` if there is only one. */
  readonly previous: number;
  readonly newest: number;
  /** At least 1; a lower bound unless `exact`. */
  readonly count: number;
  readonly exact: boolean;
  /** The fire time after `newest`. */
  readonly upcoming: number | undefined;
}

/** Steps of the walk; with two bisections of at most 43 steps this makes about 100 questions to a trigger. */
const WALK = 20;

/** Fire times from `first` (one of them, not after `until`) to `until`, both included. */
export function passedFrom(next: NextAfter, first: number, until: number): Passed {
  let previous = first;
  let newest = first;
  for (let count = 1; count <= WALK; count += 1) {
    const upcoming = next(newest);
    if (upcoming === undefined || upcoming > until)
      return { first, previous, newest, count, exact: true, upcoming };
    previous = newest;
    newest = upcoming;
  }
  newest = newestUpTo(next, newest, until);
  previous = newestUpTo(next, previous, newest - 1);
  return { first, previous, newest, count: WALK + 1, exact: false, upcoming: next(newest) };
}

/** The newest fire time not after `until`; `known` is one of them. */
function newestUpTo(next: NextAfter, known: number, until: number): number {
  let low = known;
  let high = until;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const found = next(middle);
    if (found !== undefined && found <= until) low = found;
    else high = middle;
  }
  const last = next(low);
  return last !== undefined && last <= until ? last : low;
}

/** The newest fire times in (`after`, `until`], at most `limit`, ascending. */
export function newestPassed(next: NextAfter, after: number, until: number, limit: number): number[] {
  const whole = walk(next, after, until, limit);
  if (whole !== undefined) return whole;
  // Too many: shorten the stretch by halves until they fit, then lengthen it again as far as they do.
  let fits = until;
  let tooLong = after;
  let found: number[] = [];
  for (let step = 0; step < 43 && found.length < limit && fits - tooLong > 1; step += 1) {
    const from = Math.floor((fits + tooLong) / 2);
    const times = walk(next, from, until, limit);
    if (times === undefined) tooLong = from;
    else {
      fits = from;
      found = times;
    }
  }
  return found;
}

function walk(next: NextAfter, after: number, until: number, limit: number): number[] | undefined {
  const times: number[] = [];
  for (let time = next(after); time !== undefined && time <= until; time = next(time)) {
    if (times.length === limit) return undefined;
    times.push(time);
  }
  return times;
}

/** A grid of equal periods from an anchor; its points are rounded to whole milliseconds. */
export interface Grid {
  readonly anchor: number;
  /** At least 1. */
  readonly period: number;
}

/** The grid's first point strictly after `after`; the anchor itself and points before it are points as well. */
export function nextOnGrid(grid: Grid, after: number): number {
  let index = Math.floor((after - grid.anchor) / grid.period) + 1;
  while (Math.round(grid.anchor + index * grid.period) <= after) index += 1;
  return Math.round(grid.anchor + index * grid.period);
}

/** As `passedFrom`, by arithmetic. */
export function passedOnGrid(grid: Grid, first: number, until: number): Passed {
  const upcoming = nextOnGrid(grid, until);
  const firstIndex = Math.round((first - grid.anchor) / grid.period);
  const lastIndex = Math.max(firstIndex, Math.round((upcoming - grid.anchor) / grid.period) - 1);
  const newest = Math.round(grid.anchor + lastIndex * grid.period);
  const previous = lastIndex > firstIndex ? Math.round(grid.anchor + (lastIndex - 1) * grid.period) : newest;
  return { first, previous, newest, count: lastIndex - firstIndex + 1, exact: true, upcoming };
}
