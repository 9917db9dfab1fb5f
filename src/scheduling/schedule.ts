/**
 * The pure core: events in, commands out. It reads no clock, draws no randomness and does nothing itself; the same events
 * at the same times give the same commands. Inside it changes its tables in place, for speed.
 *
 * Every call first carries out what is due by its `now`, then takes in its event: a job is never fired for a moment at
 * which it was not there. `tick` is an event that only does the former.
 *
 * Choices that are worth knowing
 * - A fire time while the container is paused, or while a person keeps the job paused, is `skipped`: at once for rare ones, in
 *   one record a minute for frequent ones, and the rest when the pause ends. Nothing of it is caught up later.
 * - Of fire times that passed between two calls only the newest runs; the others are one `skipped` record (coalesced).
 * - The wall clock set back: each cron time fires at most once (see `lived.ts`). Set forward: each job runs once, late.
 * - A `run now` runs also while a person keeps the job paused, never while its container is paused; `max` and
 *   `overlap` hold for it.
 * - While the engine is away, a job with `catch-up` lets its fire times pass, and catches up when it is back; the
 *   others are tried, since the engine may well answer, and end in the record of what happened.
 * - Draining: with `catch-up` asked for, what waits is reported as abandoned and found again by the next process.
 */
import { assertNever, type JobId, type Now } from '../ids.ts';
import type { Command, JobView, ScheduleEvent } from './events.ts';
import { abandonWaiting, admit, fireDue, occupy, vacate } from './firing.ts';
import { createLivedClock, observe } from './lived.ts';
import { engineBack, holdAbsent, rememberAfterJump } from './memory.ts';
import type { Core, Job, ScheduleSettings } from './model.ts';
import { createQueue } from './queue.ts';
import { dropContainer, holdJob, nextFireTime, takeContainer, takeList } from './registry.ts';
import { tellSilence } from './tell.ts';
import { createTimers, nextWakeIn, prepareTimers, reseek, rewind, seekSome } from './timers.ts';

export { subjectOfExecution } from './tell.ts';
export type { ScheduleSettings };

export interface ScheduleCounts {
  /** Running or paused ones that have jobs. */
  readonly containers: number;
  readonly services: number;
  readonly jobs: number;
  /** Executions that hold a place of the pool. */
  readonly running: number;
  /** Firings that wait for a place or for their job's `max`. */
  readonly waiting: number;
}

export interface Schedule {
  /** Takes in an event; what it leads to, in order. Times must not run backwards on the monotonic clock. */
  apply(event: ScheduleEvent, now: Now): Command[];
  /**
   * Takes what is due within `aheadMs` (2 is enough) out of the wheels without firing it, so that the `tick` at the
   * instant has less to do. Optional.
   */
  prepare(now: Now, aheadMs: number): void;
  /** When to call `apply` next, never later than the next fire time; 0 = now; undefined = nothing is armed. */
  nextWake(now: Now): { readonly inMs: number } | undefined;
  jobs(): Iterable<JobView>;
  job(id: JobId): JobView | undefined;
  counts(): ScheduleCounts;
}

/** The most memories of absent jobs, unless earlier processes left more. */
const ABSENT_LIMIT = 20_000;

export function createSchedule(settings: ScheduleSettings): Schedule {
  const core = createCore(settings);
  return {
    apply: (event, now) => apply(core, event, now),
    prepare: (now, aheadMs) => prepareTimers(core, now, aheadMs),
    nextWake: (now) => {
      const inMs = nextWakeIn(core.timers, now);
      return inMs === undefined ? undefined : { inMs };
    },
    jobs: () => views(core),
    job: (id) => {
      const job = core.jobs.get(id);
      return job === undefined ? undefined : viewOf(core, job);
    },
    counts: () => countsOf(core),
  };
}

function createCore(settings: ScheduleSettings): Core {
  const clock = createLivedClock(settings.now);
  const memories = [...(settings.memories ?? [])];
  return {
    settings,
    now: settings.now,
    commands: [],
    clock,
    timers: createTimers(settings.now),
    queue: createQueue(),
    members: new Map(),
    services: new Map(),
    jobs: new Map(),
    running: new Map(),
    runningOf: new Map(),
    waiting: new Set(),
    guards: new Map(),
    absent: new Map(memories.map(([id, memory]) => [id, { memory, offset: clock.offset, inherited: true }])),
    absentLimit: Math.max(ABSENT_LIMIT, memories.length),
    problemsTold: new Map(),
    lists: 0,
    engineAway: false,
    deferred: new Map(),
    draining: false,
  };
}

function apply(core: Core, event: ScheduleEvent, now: Now): Command[] {
  core.now = now;
  core.commands = [];
  passTime(core);
  take(core, event);
  const { commands } = core;
  core.commands = [];
  return commands;
}

function passTime(core: Core): void {
  const { step, jumpMs } = observe(core.clock, core.now);
  if (step === 'backward') reseek(core);
  else if (jumpMs < 0) rewind(core);
  seekSome(core);
  if (jumpMs !== 0) rememberAfterJump(core, step);
  fireDue(core);
}

function take(core: Core, event: ScheduleEvent): void {
  switch (event.kind) {
    case 'container':
      takeContainer(core, event.container);
      break;
    case 'container gone':
      dropContainer(core, event.container);
      break;
    case 'listed':
      takeList(core, event.containers);
      break;
    case 'tick':
      break;
    case 'engine away':
      core.engineAway = true;
      break;
    case 'engine back':
      engineBack(core);
      break;
    case 'ended':
      vacate(core, event.execution, event.outcome, event.durationMs);
      break;
    case 'run now':
      runNow(core, event.job);
      break;
    case 'pause job':
      hold(core, event.job, true);
      break;
    case 'resume job':
      hold(core, event.job, false);
      break;
    case 'cancel':
      if (core.running.has(event.execution)) core.commands.push(event);
      break;
    case 'adopted':
      occupy(core, event.execution);
      break;
    case 'drain':
      drain(core);
      break;
    default:
      assertNever(event);
  }
}

function runNow(core: Core, id: JobId): void {
  const job = core.jobs.get(id);
  if (job !== undefined) admit(core, job, 'run now', Math.floor(core.now.wall), core.now.mono);
}

function hold(core: Core, id: JobId, held: boolean): void {
  const job = core.jobs.get(id);
  if (job === undefined) holdAbsent(core, id, held);
  else holdJob(core, job, held);
}

function drain(core: Core): void {
  if (core.draining) return;
  core.draining = true;
  for (const job of [...core.waiting]) abandonWaiting(core, job, 'chorewheel stops');
  for (const job of core.jobs.values()) tellSilence(core, job);
  // Nobody will find later what waited for the engine, unless memories are kept.
  if (core.settings.memories === undefined) engineBack(core);
}

function* views(core: Core): Generator<JobView> {
  for (const job of core.jobs.values()) yield viewOf(core, job);
}

function viewOf(core: Core, job: Job): JobView {
  return {
    id: job.id,
    name: job.name,
    container: job.owner.id,
    containerName: job.owner.name,
    service: job.service?.id,
    trigger: job.definition.trigger,
    definition: job.definition,
    nextFireTime: nextFireTime(core, job),
    running: core.runningOf.get(job.id) ?? 0,
    waiting: job.waiting?.length ?? 0,
    state: stateOf(job),
  };
}

function stateOf(job: Job): JobView['state'] {
  if (job.held) return 'held';
  if (job.suspended) return 'suspended';
  return job.cohort === undefined ? 'waiting' : 'armed';
}

function countsOf(core: Core): ScheduleCounts {
  let waiting = 0;
  for (const job of core.waiting) waiting += job.waiting?.length ?? 0;
  return {
    containers: core.members.size,
    services: core.services.size,
    jobs: core.jobs.size,
    running: core.running.size,
    waiting,
  };
}
