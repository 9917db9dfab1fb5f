/**
 * What becomes of a fire time. It starts if its job is below `max` and the pool has a place; else it waits, is skipped, or
 * misfires. Each fire time ends in exactly one record, whichever way it goes.
 *
 * A job's waiting firings are in its `waiting` list: those below `max` also stand in the queue for the pool, the others
 * wait for an execution of their own job to end. Of scheduled firings at most one waits per job: a newer one takes the
 * older one's place (coalesce).
 */

import type { Outcome } from '../execution/outcome.ts';
import type { ExecutionId, WallMs } from '../ids.ts';
import type { Execution } from './events.ts';
import type { Cohort, Core, Firing, Job } from './model.ts';
import type { Passed } from './passed.ts';
import { dequeue, enqueue, takeNext } from './queue.ts';
import type { Report } from './reports.ts';
import { handled, rangeOf, report, skipSilently, subjectOf } from './tell.ts';
import { armAt, noteLateRun, passedOf, prepareTimers, takeDue, unlistCohort, wallTime } from './timers.ts';

type SkipReason = Extract<Report, { kind: 'skipped' }>['reason'];

/** Work done in one call; the rest is done in the next, which `nextWake` asks for at once. */
const TURN_BUDGET = 5_000;
/** A late cohort asks its trigger about a hundred times: as much as so many firings. */
const LATE_COST = 20;

/** Carries out what is due. */
export function fireDue(core: Core): void {
  prepareTimers(core, core.now, 0);
  let budget = TURN_BUDGET;
  while (budget > 0) {
    const cohort = takeDue(core);
    if (cohort === undefined) return;
    budget -= cohort.jobs.length + fireCohort(core, cohort);
  }
}

function fireCohort(core: Core, cohort: Cohort): number {
  const passed = passedOf(core, cohort);
  const present = cohort.trigger.kind === 'interval' ? core.now.mono : core.now.wall;
  const lateMs = present - (passed.count > 1 ? passed.newest : cohort.due);
  noteLateRun(core, cohort, passed.newest);
  if (passed.upcoming !== undefined) armAt(core, cohort, passed.upcoming);
  const times = inWallTime(core, cohort, passed);
  for (const job of cohort.jobs) fireJob(core, job, times, core.now.mono - lateMs);
  if (passed.upcoming === undefined) finish(core, cohort);
  return passed.count > 1 ? LATE_COST : 0;
}

function inWallTime(core: Core, cohort: Cohort, passed: Passed): Passed {
  if (cohort.trigger.kind !== 'interval') return passed;
  const { first, previous, newest } = passed;
  return {
    ...passed,
    first: wallTime(core, cohort, first),
    previous: wallTime(core, cohort, previous),
    newest: wallTime(core, cohort, newest),
  };
}

/** `due`: monotonic moment of the newest one, jitter included. */
function fireJob(core: Core, job: Job, times: Passed, due: number): void {
  const guard = core.guards.get(job);
  if (guard !== undefined && times.newest <= guard) return;
  if (waitsForEngine(core, job)) {
    if (!core.deferred.has(job)) core.deferred.set(job, times.first);
    return;
  }
  if (job.held || job.suspended) {
    skipSilently(core, job, job.held ? 'held' : 'paused', times);
    return;
  }
  const earlier = times.count - 1;
  if (earlier > 0) {
    const fireTime = times.first as WallMs;
    const range = rangeOf(times.previous, earlier, times.exact);
    report(core, { kind: 'skipped', subject: subjectOf(job), fireTime, reason: 'coalesced', ...range });
    handled(core, job, times.previous);
  }
  admit(core, job, 'schedule', times.newest, due);
}

/** One that waits already goes on to, whatever becomes of it: its fire times are told together. */
function waitsForEngine(core: Core, job: Job): boolean {
  if (!core.engineAway) return false;
  return core.deferred.has(job) || !(job.held || job.suspended || job.definition.catchUp === 'skip');
}

function finish(core: Core, cohort: Cohort): void {
  for (const job of [...cohort.jobs]) {
    job.cohort = undefined;
    report(core, { kind: 'job finished', subject: subjectOf(job), reason: 'its last fire time has passed' });
  }
  cohort.jobs.length = 0;
  unlistCohort(core, cohort);
}

/** Lets a fire time start, wait, or end in a record. `fireTime` is wall time, `due` monotonic. */
export function admit(core: Core, job: Job, cause: Execution['cause'], fireTime: number, due: number): void {
  const firing: Firing = { job, cause, fireTime, due, lane: undefined, previous: undefined, next: undefined };
  const older = cause === 'catch-up' ? undefined : job.waiting?.find((each) => each.cause === cause);
  if (older !== undefined) skip(core, older, 'coalesced');
  if (refused(core, firing)) {
    if (older !== undefined) withdraw(core, older);
  } else if (older !== undefined) {
    // The newer one waits in the older one's place.
    older.fireTime = fireTime;
    older.due = due;
    tellWait(core, older, 'an earlier fire time of this job was still waiting');
  } else if (hasRoom(core, job)) {
    if (core.queue.size === 0 && core.running.size < core.settings.poolSize) start(core, firing);
    else {
      enqueue(core.queue, firing);
      wait(core, firing, 'the pool is full');
    }
  } else if (cause === 'catch-up' || job.definition.overlap === 'queue') {
    wait(core, firing, 'as many executions of this job as may run at once are running');
  } else skip(core, firing, 'overlap');
}

/** Ends a firing that must not run now; true if it did. */
function refused(core: Core, firing: Firing): boolean {
  const { job, cause } = firing;
  const latenessMs = lateness(core, firing);
  const { graceMs } = job.definition;
  if (core.draining) skip(core, firing, 'draining');
  else if (job.suspended) skip(core, firing, 'paused');
  else if (job.held && cause !== 'run now') skip(core, firing, 'held');
  else if (latenessMs > graceMs && cause !== 'run now') {
    const fireTime = firing.fireTime as WallMs;
    report(core, { kind: 'misfired', subject: subjectOf(job), fireTime, latenessMs, graceMs });
    settled(core, firing);
  } else return false;
  return true;
}

/** Below `max`, counting those that already stand in the queue for the pool. */
function hasRoom(core: Core, job: Job): boolean {
  let active = core.runningOf.get(job.id) ?? 0;
  if (job.waiting !== undefined) for (const each of job.waiting) if (each.lane !== undefined) active += 1;
  return active < job.definition.max;
}

/** Takes a firing that has its record out of all lists; others of its job may step forward. */
function withdraw(core: Core, firing: Firing): void {
  dequeue(core.queue, firing);
  unlist(core, firing);
  settled(core, firing);
  letQueue(core, firing.job);
}

function wait(core: Core, firing: Firing, reason: string): void {
  const { job } = firing;
  if (job.waiting === undefined) {
    job.waiting = [firing];
    core.waiting.add(job);
  } else job.waiting.push(firing);
  tellWait(core, firing, reason);
}

function tellWait(core: Core, firing: Firing, reason: string): void {
  const fireTime = firing.fireTime as WallMs;
  report(core, {
    kind: 'execution waits',
    subject: subjectOf(firing.job),
    fireTime,
    reason,
    ...causeOf(firing),
  });
}

function causeOf({ cause }: Firing): { readonly cause?: Execution['cause'] } {
  return cause === 'schedule' ? SCHEDULED : { cause };
}

const SCHEDULED = {};

function skip(core: Core, firing: Firing, reason: SkipReason): void {
  const fireTime = firing.fireTime as WallMs;
  report(core, { kind: 'skipped', subject: subjectOf(firing.job), fireTime, reason, ...causeOf(firing) });
  settled(core, firing);
}

/** The firing has its record or its execution. What a stop prevents is left for the next process to catch up. */
function settled(core: Core, firing: Firing): void {
  const { job, cause, fireTime } = firing;
  if (cause === 'run now' || (core.draining && job.definition.catchUp !== 'skip')) return;
  handled(core, job, fireTime, firing);
}

function lateness(core: Core, firing: Firing): number {
  return Math.max(0, Math.round((core.now.mono - firing.due) * 1_000) / 1_000);
}

function start(core: Core, firing: Firing): void {
  const { job } = firing;
  const execution: Execution = {
    id: core.settings.newExecutionId(),
    job: job.id,
    definition: job.definition,
    container: job.owner.id,
    containerName: job.owner.name,
    service: job.service?.id,
    fireTime: firing.fireTime as WallMs,
    latenessMs: lateness(core, firing),
    startedAt: Math.floor(core.now.wall) as WallMs,
    cause: firing.cause,
  };
  occupy(core, execution);
  core.commands.push({ kind: 'execute', execution });
  report(core, { kind: 'execution started', execution });
  settled(core, firing);
}

/** An execution takes its place of the pool and of its job. Adopted ones may go beyond the pool's size. */
export function occupy(core: Core, execution: Execution): void {
  if (core.running.has(execution.id)) return;
  core.running.set(execution.id, execution);
  core.runningOf.set(execution.job, (core.runningOf.get(execution.job) ?? 0) + 1);
}

/** An execution ended: its places are free for those that wait. Unknown ones change nothing. */
export function vacate(core: Core, id: ExecutionId, outcome: Outcome, durationMs: number): void {
  const execution = core.running.get(id);
  if (execution === undefined) return;
  core.running.delete(id);
  const left = (core.runningOf.get(execution.job) ?? 1) - 1;
  if (left > 0) core.runningOf.set(execution.job, left);
  else core.runningOf.delete(execution.job);
  report(core, { kind: 'execution ended', execution, outcome, durationMs });
  const job = core.jobs.get(execution.job);
  if (job !== undefined) letQueue(core, job);
  fillPlaces(core);
}

/** Firings that waited for their own job's `max` step into the queue for the pool as far as there is room. */
function letQueue(core: Core, job: Job): void {
  for (const firing of job.waiting ?? []) {
    if (firing.lane !== undefined) continue;
    if (!hasRoom(core, job)) return;
    enqueue(core.queue, firing);
  }
}

function fillPlaces(core: Core): void {
  while (core.running.size < core.settings.poolSize) {
    const firing = takeNext(core.queue);
    if (firing === undefined) return;
    const { job } = firing;
    unlist(core, firing);
    if (!refused(core, firing)) start(core, firing);
    else letQueue(core, job);
  }
}

function unlist(core: Core, firing: Firing): void {
  const { job } = firing;
  const rest = job.waiting?.filter((each) => each !== firing) ?? [];
  job.waiting = rest.length > 0 ? rest : undefined;
  if (job.waiting === undefined) core.waiting.delete(job);
}

/** Ends every waiting firing of a job with a record. */
export function abandonWaiting(core: Core, job: Job, reason: string): void {
  const waiting = job.waiting ?? [];
  job.waiting = undefined;
  core.waiting.delete(job);
  for (const firing of waiting) {
    dequeue(core.queue, firing);
    const fireTime = firing.fireTime as WallMs;
    const subject = subjectOf(job);
    report(core, { kind: 'abandoned', subject, fireTime, execution: undefined, reason, ...causeOf(firing) });
    settled(core, firing);
  }
}
