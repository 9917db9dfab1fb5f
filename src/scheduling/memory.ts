/**
 * What outlives a job's registration: an interval's grid, the last fire time that was handled, and whether a person paused
 * it. It is kept for jobs that went (a redeployment, a container at rest) and, with a history, for the next process.
 *
 * Catch-up. When a job is armed again, fire times since `handledUntil` that nothing could carry out are found by bounded
 * arithmetic, reported as `missed`, and run as the job's `catch-up` says: none, the newest, or up to 100, not older than
 * its `grace`. A job that is suspended or held at that moment runs none of them.
 */
import type { JobId, WallMs } from '../ids.ts';
import { admit } from './firing.ts';
import { type ClockStep, livedUntil } from './lived.ts';
import type { AbsentMemory, Core, Job } from './model.ts';
import { type NextAfter, newestPassed, nextOnGrid, type Passed, passedFrom, passedOnGrid } from './passed.ts';
import { memoryOf, remember, report, subjectOf, triggerKey } from './tell.ts';
import { joinCohort } from './timers.ts';

/** The most executions that catch up on one job at a time. */
const CATCH_UP_LIMIT = 100;
/** A memory further ahead of the clock than this was written under a wrong clock and is not believed; 25 hours. */
const BELIEVED_AHEAD_MS = 90_000_000;

/** Missed fire times, in wall time; those to run are ascending. */
interface Missed extends Passed {
  readonly toRun: readonly number[];
}

/** Arms a new job with what is remembered of it. Returns what it missed. */
export function armJob(core: Core, job: Job): Missed | undefined {
  const known = core.absent.get(job.id);
  core.absent.delete(job.id);
  job.held = known?.memory.paused ?? false;
  job.handledUntil = presentOf(core, job);
  const { trigger } = job.definition;
  if (known === undefined || known.memory.triggerText !== triggerKey(trigger)) {
    joinCohort(core, job, Math.floor(core.now.mono));
    remember(core, job);
    return undefined;
  }
  const { anchor, handledUntil } = known.memory;
  joinCohort(core, job, Math.ceil(anchor === undefined ? Math.floor(core.now.mono) : anchor - known.offset));
  if (handledUntil === undefined) return undefined;
  if (handledUntil <= core.now.wall) return missedSince(core, job, known.offset, handledUntil);
  guard(core, job, known, handledUntil);
  return undefined;
}

/** Now as the wall time of the clock that its trigger follows. */
function presentOf(core: Core, { definition }: Job): number {
  const { now, clock } = core;
  return definition.trigger.kind === 'interval' ? Math.floor(now.mono) + clock.offset : Math.floor(now.wall);
}

/**
 * Fire times ahead of the clock were carried out before it was set back: they don't fire again. In this process that
 * is the business of `lived.ts`, but for the present span, which jobs that were there know by their deadlines.
 */
function guard(core: Core, job: Job, known: AbsentMemory, handledUntil: number): void {
  const until = known.inherited ? handledUntil : Math.min(handledUntil, core.clock.until);
  if (until <= core.now.wall || until - core.now.wall > BELIEVED_AHEAD_MS) return;
  job.handledUntil = until;
  if (job.definition.trigger.kind !== 'interval') core.guards.set(job, until);
}

/** `offset`: wall minus monotonic clock when `handledUntil` was read. */
function missedSince(core: Core, job: Job, offset: number, handledUntil: number): Missed | undefined {
  const { trigger, graceMs } = job.definition;
  const interval = trigger.kind === 'interval';
  const grid = { anchor: job.cohort?.anchor ?? 0, period: interval ? Math.max(1, trigger.periodMs) : 1 };
  const next: NextAfter = interval ? (after) => nextOnGrid(grid, after) : (after) => trigger.next(after);
  // An interval is reckoned on the monotonic clock, under the offset that its memory was read with.
  const shift = interval ? offset : 0;
  const from = Math.floor(handledUntil - shift);
  const until = Math.floor(interval ? core.now.mono : core.now.wall);
  const first = next(from);
  if (first === undefined || first > until) return undefined;
  const passed = interval ? passedOnGrid(grid, first, until) : passedFrom(next, first, until);
  const oldest = Math.max(from, Math.ceil(until - graceMs) - 1);
  const toRun = timesToRun(job, next, passed, oldest, until);
  const back = interval ? core.clock.offset : 0;
  return {
    ...passed,
    first: Math.round(passed.first + back),
    newest: Math.round(passed.newest + back),
    toRun: toRun.map((time) => Math.round(time + back)),
  };
}

function timesToRun(
  job: Job,
  next: NextAfter,
  passed: Passed,
  after: number,
  until: number,
): readonly number[] {
  if (job.held || job.suspended) return [];
  switch (job.definition.catchUp) {
    case 'skip':
      return [];
    case 'once':
      return passed.newest > after ? [passed.newest] : [];
    case 'all':
      return newestPassed(next, after, until, CATCH_UP_LIMIT);
  }
}

/** Reports what a job missed and runs what its policy says. */
export function catchUp(core: Core, job: Job, missed: Missed): void {
  const { first, newest, count, exact, toRun } = missed;
  report(core, {
    kind: 'missed',
    subject: subjectOf(job),
    from: first as WallMs,
    to: newest as WallMs,
    count: Math.max(count, toRun.length),
    exact,
    policy: job.definition.catchUp,
    running: toRun.length,
  });
  const oldest = toRun[0];
  job.handledUntil = oldest === undefined ? presentOf(core, job) : oldest - 1;
  remember(core, job);
  for (const time of toRun) admit(core, job, 'catch-up', time, core.now.mono - (core.now.wall - time));
}

/** The engine answers again: jobs that waited for it catch up. */
export function engineBack(core: Core): void {
  core.engineAway = false;
  const deferred = [...core.deferred];
  core.deferred.clear();
  for (const [job, first] of deferred) {
    const missed = missedSince(core, job, core.clock.offset, first - 1);
    if (missed !== undefined) catchUp(core, job, missed);
  }
}

/** Keeps the memory of a job that goes; call it while the job is still armed. The oldest memories make room. */
export function keepMemory(core: Core, job: Job): void {
  core.guards.delete(job);
  core.deferred.delete(job);
  setAbsent(core, job.id, { memory: memoryOf(core, job), offset: core.clock.offset, inherited: false });
  if (core.absent.size > core.absentLimit) forgetOldest(core);
}

/** A tenth at a time: the first key of a map costs a walk over all that were deleted before it. */
function forgetOldest(core: Core): void {
  let left = core.absentLimit / 10;
  for (const id of core.absent.keys()) {
    core.absent.delete(id);
    if (core.settings.memories !== undefined) core.commands.push({ kind: 'forget', job: id });
    left -= 1;
    if (left <= 0) return;
  }
}

/** A person pauses or resumes a job that is not registered now; nothing happens if nothing is known of it. */
export function holdAbsent(core: Core, id: JobId, paused: boolean): void {
  const known = core.absent.get(id);
  if (known === undefined) return;
  const memory = { ...known.memory, paused };
  setAbsent(core, id, { ...known, memory });
  if (core.settings.memories !== undefined) core.commands.push({ kind: 'remember', job: id, memory });
}

function setAbsent(core: Core, id: JobId, known: AbsentMemory): void {
  core.absent.delete(id);
  core.absent.set(id, known);
}

/**
 * After a jump of the wall clock: grids have another wall time. If it went back to before the present span, that span was
 * a mistake, and the next process must not take its moments for handled ones.
 */
export function rememberAfterJump(core: Core, step: ClockStep): void {
  const right = Math.floor(Math.max(core.now.wall, livedUntil(core.clock)));
  const limit = step === 'backward' ? right : Number.POSITIVE_INFINITY;
  for (const job of core.jobs.values()) {
    if (job.handledUntil <= limit && job.definition.trigger.kind !== 'interval') continue;
    job.handledUntil = Math.min(job.handledUntil, limit);
    job.handledAhead = Math.min(job.handledAhead, limit);
    remember(core, job);
  }
}
