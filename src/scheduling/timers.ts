/**
 * Which jobs are due when. Jobs with the same compiled trigger form a cohort, and the cohort owns one timer: ten
 * thousand jobs on one second cost one timer and a walk over an array. A job with a jitter, and each interval (its grid
 * begins with the job), is a cohort of its own.
 *
 * Two wheels: cron, crontab and date follow the wall clock, intervals the monotonic one.
 *
 * Invariant: a cohort with jobs and a fire time is in one place of its side: armed in the wheel, in the `ready` list,
 * or (for a few calls after a jump back) in the `stale` list.
 */
import type { Now } from '../ids.ts';
import { Wheel } from '../wheel/wheel.ts';
import { type LivedClock, nextUnlived, SPANS } from './lived.ts';
import type { Cohort, Core, Job } from './model.ts';
import { type Grid, nextOnGrid, type Passed, passedFrom, passedOnGrid } from './passed.ts';

const NO_TIMER = -1;
/** Cohorts that look for another fire time in one call: a millisecond or two. */
const SEEK_BUDGET = 1_000;

/** One clock's timers. */
interface Side {
  wheel: Wheel;
  /** The cohort of each timer of the wheel. */
  readonly cohorts: (Cohort | undefined)[];
  /** Taken out of the wheel, in order of their due times, from `head` on. */
  ready: Cohort[];
  head: number;
  /** Those that still have to look for a fire time after a moment, since the clock was set back. */
  stale: { readonly cohorts: Cohort[]; readonly after: number } | undefined;
}

export interface Timers {
  readonly wall: Side;
  readonly mono: Side;
  /** Cohorts that jobs may join, by the trigger they share. */
  readonly shared: Map<object, Cohort>;
}

export function createTimers(now: Now): Timers {
  return {
    wall: createSide(now.wall),
    mono: createSide(now.mono),
    shared: new Map(),
  };
}

function createSide(now: number): Side {
  return { wheel: new Wheel(Math.floor(now)), cohorts: [], ready: [], head: 0, stale: undefined };
}

/**
 * Arms a job: it joins the cohort of its trigger or gets its own. `anchor` (monotonic, whole milliseconds) is the origin
 * of an interval's grid. The job's `cohort` stays undefined if its trigger never fires again.
 */
export function joinCohort(core: Core, job: Job, anchor: number): void {
  const { trigger, jitterMs } = job.definition;
  const shared = jitterMs === 0 && trigger.kind !== 'interval';
  let cohort = shared ? core.timers.shared.get(trigger) : undefined;
  // One that is due and not carried out yet fires for moments before this job was there: begin another.
  if (cohort === undefined || cohort.due <= nowOf(core, cohort)) {
    cohort = newCohort(job, anchor, shared);
    if (!advanceCohort(core, cohort, nowOf(core, cohort))) return;
    if (shared) core.timers.shared.set(trigger, cohort);
    job.place = 0;
  } else {
    job.place = cohort.jobs.length;
    cohort.jobs.push(job);
  }
  job.cohort = cohort;
}

/** The list of jobs begins with its first: an empty one that grows would take room for 17. */
function newCohort(job: Job, anchor: number, shared: boolean): Cohort {
  const { trigger, jitterMs } = job.definition;
  const unarmed = { fireTime: 0, due: 0, handle: NO_TIMER, exceptions: undefined };
  return { trigger, jitterMs, shared, anchor, ...unarmed, jobs: [job] };
}

/** Disarms a job; the last one takes the cohort's timer with it. */
export function leaveCohort(core: Core, job: Job): void {
  const cohort = job.cohort;
  if (cohort === undefined) return;
  job.cohort = undefined;
  const last = cohort.jobs.pop();
  if (last !== undefined && last !== job) {
    cohort.jobs[job.place] = last;
    last.place = job.place;
  }
  if (cohort.jobs.length === 0) dissolve(core, cohort);
}

function dissolve(core: Core, cohort: Cohort): void {
  unlistCohort(core, cohort);
  if (cohort.handle === NO_TIMER) return;
  const side = sideOf(core, cohort);
  side.wheel.cancel(cohort.handle);
  side.cohorts[cohort.handle] = undefined;
  cohort.handle = NO_TIMER;
}

/** No job may join it any more. */
export function unlistCohort(core: Core, cohort: Cohort): void {
  if (core.timers.shared.get(cohort.trigger) === cohort) core.timers.shared.delete(cohort.trigger);
}

/**
 * Takes out of the wheels what is due up to `aheadMs` after `now`, so that a herd costs less at its instant.
 * Nothing fires by this.
 */
export function prepareTimers(core: Core, now: Now, aheadMs: number): void {
  takeOut(core.timers.wall, Math.floor(now.wall + aheadMs));
  takeOut(core.timers.mono, Math.floor(now.mono + aheadMs));
}

function takeOut(side: Side, until: number): void {
  side.wheel.expire(until, (handle) => {
    const cohort = side.cohorts[handle];
    side.cohorts[handle] = undefined;
    if (cohort === undefined) return;
    cohort.handle = NO_TIMER;
    pushReady(side, cohort);
  });
}

/** Keeps `ready` in order; mostly the place is the end. */
function pushReady(side: Side, cohort: Cohort): void {
  let place = side.ready.length;
  while (place > side.head && (side.ready[place - 1]?.due ?? 0) > cohort.due) place -= 1;
  if (place === side.ready.length) side.ready.push(cohort);
  else side.ready.splice(place, 0, cohort);
}

/** The next cohort whose due time has come, or undefined. Wall clock first. */
export function takeDue(core: Core): Cohort | undefined {
  return takeReady(core.timers.wall, core.now.wall) ?? takeReady(core.timers.mono, core.now.mono);
}

function takeReady(side: Side, now: number): Cohort | undefined {
  for (;;) {
    const cohort = side.ready[side.head];
    if (cohort === undefined) {
      side.ready = [];
      side.head = 0;
      return undefined;
    }
    if (cohort.jobs.length > 0 && cohort.due > now) return undefined;
    side.head += 1;
    if (cohort.jobs.length > 0) return cohort;
  }
}

/** Milliseconds until something may be due; 0 = now; undefined = never. Never later than the next due time. */
export function nextWakeIn(timers: Timers, now: Now): number | undefined {
  const wall = wakeOf(timers.wall);
  const mono = wakeOf(timers.mono);
  if (wall === undefined && mono === undefined) return undefined;
  const inWall = wall === undefined ? Number.POSITIVE_INFINITY : wall - now.wall;
  const inMono = mono === undefined ? Number.POSITIVE_INFINITY : mono - now.mono;
  return Math.max(0, Math.min(inWall, inMono));
}

function wakeOf(side: Side): number | undefined {
  if (side.stale !== undefined) return side.wheel.now;
  const ready = side.ready[side.head];
  const armed = side.wheel.nextWake();
  if (ready === undefined) return armed;
  return armed === undefined ? ready.due : Math.min(armed, ready.due);
}

/** The fire times of a cohort that have come: `fireTime` and, after a late wake-up, later ones. */
export function passedOf(core: Core, cohort: Cohort): Passed {
  const until = Math.floor(nowOf(core, cohort));
  if (cohort.trigger.kind === 'interval') return passedOnGrid(gridOf(cohort), cohort.fireTime, until);
  return passedFrom((after) => nextOf(core.clock, cohort, after), cohort.fireTime, until);
}

/** Arms the cohort for its first fire time after a moment; false if there is none. */
function advanceCohort(core: Core, cohort: Cohort, after: number): boolean {
  const fireTime = nextOf(core.clock, cohort, Math.floor(after));
  if (fireTime === undefined) return false;
  armAt(core, cohort, fireTime);
  return true;
}

/** Arms the cohort for a fire time of its own, delayed by its jitter, which stays short of the next fire time. */
export function armAt(core: Core, cohort: Cohort, fireTime: number): void {
  cohort.fireTime = fireTime;
  cohort.due = fireTime + delayOf(core, cohort, fireTime);
  const side = sideOf(core, cohort);
  if (cohort.due <= side.wheel.now) {
    // The wheel is ahead of the clock (prepared, or the clock was set back a little) and would hand it out late.
    pushReady(side, cohort);
    return;
  }
  cohort.handle = side.wheel.insert(cohort.due);
  side.cohorts[cohort.handle] = cohort;
}

function delayOf(core: Core, cohort: Cohort, fireTime: number): number {
  if (cohort.jitterMs === 0) return 0;
  const following = nextOf(core.clock, cohort, fireTime) ?? Number.POSITIVE_INFINITY;
  const longest = Math.min(cohort.jitterMs, following - fireTime - 1);
  return Math.floor(core.settings.random() * (longest + 1));
}

/** After a jump back within the present span: deadlines stand, the wheel follows the clock. */
export function rewind(core: Core): void {
  core.timers.wall.wheel.reset(Math.floor(core.now.wall));
}

/**
 * After a jump back before the present span: every wall-clock cohort looks for its next fire time anew. A hundred
 * thousand of them take long, so that they are only listed here; `seekSome` does the work, a part in each call.
 */
export function reseek(core: Core): void {
  const side = core.timers.wall;
  const stale = side.stale?.cohorts ?? [];
  for (const cohort of side.cohorts) {
    if (cohort === undefined) continue;
    cohort.handle = NO_TIMER;
    stale.push(cohort);
  }
  for (let index = side.head; index < side.ready.length; index += 1) stale.push(side.ready[index] as Cohort);
  side.cohorts.length = 0;
  side.ready = [];
  side.head = 0;
  side.wheel = new Wheel(Math.floor(core.now.wall));
  side.stale = { cohorts: stale, after: core.now.wall - 1 };
}

/** Arms some of the cohorts that a jump back left without a fire time; the others are for the next call. */
export function seekSome(core: Core): void {
  const { stale } = core.timers.wall;
  if (stale === undefined) return;
  for (let count = 0; count < SEEK_BUDGET; count += 1) {
    const cohort = stale.cohorts.pop();
    if (cohort === undefined) {
      core.timers.wall.stale = undefined;
      return;
    }
    if (cohort.jobs.length > 0) advanceCohort(core, cohort, stale.after);
  }
}

/**
 * Keeps in mind that a fire time was carried out by a late run after a jump forward, outside of what was lived through,
 * so that it does not fire again if the clock is set back.
 */
export function noteLateRun(core: Core, cohort: Cohort, fireTime: number): void {
  if (cohort.trigger.kind === 'interval' || fireTime > core.clock.from) return;
  cohort.exceptions ??= [];
  cohort.exceptions.push(fireTime);
  if (cohort.exceptions.length > SPANS) cohort.exceptions.shift();
}

/** The first fire time after a moment, on the cohort's clock, that was not carried out yet. */
function nextOf(clock: LivedClock, cohort: Cohort, after: number): number | undefined {
  if (cohort.trigger.kind === 'interval') return nextOnGrid(gridOf(cohort), after);
  const { trigger, exceptions } = cohort;
  if (clock.past.length === 0) return trigger.next(after);
  let time = nextUnlived(clock, (moment) => trigger.next(moment), after);
  while (time !== undefined && exceptions?.includes(time) === true) {
    time = nextUnlived(clock, (moment) => trigger.next(moment), time);
  }
  return time;
}

function gridOf(cohort: Cohort): Grid {
  const period = cohort.trigger.kind === 'interval' ? Math.max(1, cohort.trigger.periodMs) : 1;
  return { anchor: cohort.anchor, period };
}

function sideOf(core: Core, cohort: Cohort): Side {
  return cohort.trigger.kind === 'interval' ? core.timers.mono : core.timers.wall;
}

function nowOf(core: Core, cohort: Cohort): number {
  return cohort.trigger.kind === 'interval' ? core.now.mono : core.now.wall;
}

/** A moment of the cohort's clock as wall time. */
export function wallTime(core: Core, cohort: Cohort, moment: number): number {
  return cohort.trigger.kind === 'interval' ? Math.round(moment + core.clock.offset) : moment;
}
