/**
 * The walk over the calendar: from an instant to the next one that an expression names in its zone.
 *
 * Idea: search in local time, where an expression is simple (a day, then a time of day), and translate twice: the
 * instant into local time, the result back. Near a change of the clocks a local time is missing or comes twice;
 * two rules say what then holds (SPEC section 4). An expression that *follows the clock* (its hour, minute or
 * second starts with `*`) fires whenever the clock shows a match. Any other names moments of a day that should
 * each happen once: a skipped one at the first instant after the gap, a repeated one at its first occurrence.
 *
 * Example, Europe/Berlin, 2026-03-29, when 02:00 becomes 03:00 at 01:00Z, expression `2 30 0` asked at 00:59Z:
 * local 01:59 gives the local match 02:30; it lies in the gap, so the answer is 01:00Z (03:00 local).
 *
 * Invariants: the answer is later than what was asked; it is the same however one walks to it. Seconds throughout.
 */
import { type DaySet, nextDay } from './days.ts';
import { nextTimeOfDay, type TimeOfDay } from './time-of-day.ts';
import type { CronTrigger } from './trigger.ts';
import { type Stretch, stretchAt, type Zone } from './zone.ts';

/** An expression, ready to be walked. */
export interface Plan {
  readonly days: DaySet;
  readonly times: TimeOfDay;
  /** Hour, minute or second starts with `*`. */
  readonly followsClock: boolean;
}

/** A trigger that was compiled here, with what its text means. */
export interface PlannedTrigger extends CronTrigger {
  readonly plan: Plan;
}

const DAY = 86_400;
/** A gap up to this long moves the moments in it to its end; a longer one (a zone that skips a day) drops them. */
const LONGEST_MOVING_GAP = 3 * 3600;
/**
 * So many matches in a row, each in a gap of its own, prove that all are: a rule of a zone repeats with the
 * calendar, whose years do so after 28, or 40 around a century. Only what names one day of a year comes so far.
 */
const MOST_SKIPPED = 48;

/** The first second at or after `from` that the plan names in the zone; undefined if there is none. */
export function nextSecond(plan: Plan, zone: Zone, from: number): number | undefined {
  const stretch = stretchAt(zone, from);
  const changed = from >= stretch.at;
  let local = from + (changed ? stretch.after : stretch.before);
  if (plan.followsClock) {
    if (!changed && stretch.after < stretch.before) return nextBeforeRepetition(plan, zone, from, stretch);
  } else if (changed) {
    local = afterChange(stretch, from, local);
  }
  return instantOf(plan, zone, from, nextLocal(plan, local));
}

/** Where a plan that fires once goes on after a change: behind what was shown before it, and within its gap. */
function afterChange(stretch: Stretch, from: number, local: number): number {
  const shown = stretch.at + stretch.before;
  if (shown > local) return shown;
  const entersGap = from === stretch.at && local - shown <= LONGEST_MOVING_GAP;
  return entersGap ? shown : local;
}

/** For a plan that follows the clock, while the clocks are about to go back: the second pass counts, too. */
function nextBeforeRepetition(plan: Plan, zone: Zone, from: number, stretch: Stretch): number | undefined {
  const local = nextLocal(plan, from + stretch.before);
  if (local >= 0 && local - stretch.before < stretch.at) return local - stretch.before;
  const again = nextLocal(plan, stretch.at + stretch.after);
  return instantOf(plan, zone, stretch.at, again);
}

/** The instant at or after `from` that shows a local match; in a gap, what the plan's rule makes of it. */
function instantOf(plan: Plan, zone: Zone, from: number, local: number): number | undefined {
  for (let skipped = 0; local >= 0 && skipped < MOST_SKIPPED; skipped++) {
    const stretch = stretchAt(zone, local);
    const first = local - stretch.before;
    if (first < stretch.at && first >= from) return first;
    const second = local - stretch.after;
    if (second >= stretch.at) return second;
    if (!plan.followsClock && stretch.after - stretch.before <= LONGEST_MOVING_GAP) return stretch.at;
    local = nextLocal(plan, stretch.at + stretch.after);
  }
  return undefined;
}

/** The first local second at or after `local` that the plan names, or -1. */
function nextLocal(plan: Plan, local: number): number {
  const day = Math.floor(local / DAY);
  const found = nextDay(plan.days, day);
  if (found < 0) return -1;
  if (found > day) return found * DAY + plan.times.first;
  const time = nextTimeOfDay(plan.times, local - day * DAY);
  if (time >= 0) return day * DAY + time;
  const next = nextDay(plan.days, day + 1);
  return next < 0 ? -1 : next * DAY + plan.times.first;
}
