/** The tables that the schedule keeps. Plain data, changed in place for speed; nothing of it leaves the folder. */
import type { ContainerId, ExecutionId, JobId, Now, ServiceId } from '../ids.ts';
import type { ContainerDefinition, JobDefinition } from '../labels/definition.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { TimerHandle } from '../wheel/wheel.ts';
import type { Command, Execution, JobMemory } from './events.ts';
import type { LivedClock } from './lived.ts';
import type { Lane, WaitingQueue } from './queue.ts';
import type { Timers } from './timers.ts';

export interface ScheduleSettings {
  /** The most executions at the same time. */
  readonly poolSize: number;
  /** A new id, never given before. */
  readonly newExecutionId: () => ExecutionId;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Both clocks when the schedule is made. */
  readonly now: Now;
  /**
   * What earlier processes remembered, by job. If given (even empty), `remember` and `forget` commands tell what
   * to keep; if not, memory lasts as long as the schedule does and no such command is made.
   */
  readonly memories?: ReadonlyMap<JobId, JobMemory>;
}

/** A container that can carry jobs: running or paused, not excluded. `gone` when it no longer can. */
export interface Member {
  readonly id: ContainerId;
  name: string;
  state: 'running' | 'paused' | 'gone';
  definition: ContainerDefinition;
  /** Undefined: it carries its own jobs alone. */
  readonly service: Service | undefined;
  /** How many digits of its id its job ids have (see `names.ts`). */
  digits: number;
  /** Position in the service's list of its state. */
  place: number;
  /** Its firings that wait for a place in the pool. */
  lane: Lane | undefined;
  /** Number of the last list that it was in. */
  listed: number;
}

export interface Service {
  readonly id: ServiceId;
  running: Member[];
  paused: Member[];
}

export interface Job {
  readonly id: JobId;
  readonly name: string;
  readonly service: Service | undefined;
  definition: JobDefinition;
  /** The member that carries it; while it is paused the job is suspended. */
  owner: Member;
  suspended: boolean;
  /** Paused by a person. */
  held: boolean;
  /** Undefined when its fire times are over. */
  cohort: Cohort | undefined;
  /** Position in the cohort. */
  place: number;
  /** Wall moment: no fire time up to it is without a record, but for those that wait. */
  handledUntil: number;
  /** The newest fire time that has its record while an older one still waits; 0 if there is none. */
  handledAhead: number;
  /** Firings that wait, for the pool (in a lane) or for the job's own `max`. Never empty. */
  waiting: Firing[] | undefined;
  /** Fire times skipped while it is suspended or held. */
  silence: Silence | undefined;
}

/** Jobs that fire together: all with the same trigger, or a single one with a grid or a jitter of its own. */
export interface Cohort {
  readonly trigger: Trigger;
  readonly jitterMs: number;
  readonly shared: boolean;
  /** Origin of an interval's grid on the monotonic clock; unused otherwise. */
  readonly anchor: number;
  /** Next fire time, on the clock of its wheel. */
  fireTime: number;
  /** `fireTime` and its jitter. */
  due: number;
  /** -1 when no timer is armed: taken out because it is due soon, or over. */
  handle: TimerHandle;
  /** Fire times carried out ahead of the present wall time (late runs after a jump that was taken back). */
  exceptions: number[] | undefined;
  readonly jobs: Job[];
}

/** One fire time on its way to become an execution. */
export interface Firing {
  readonly job: Job;
  readonly cause: Execution['cause'];
  /** Wall clock. */
  fireTime: number;
  /** Monotonic moment from which lateness counts. */
  due: number;
  lane: Lane | undefined;
  previous: Firing | undefined;
  next: Firing | undefined;
}

/** Skipped fire times that were not told yet: one record a minute is enough for a job that fires every second. */
export interface Silence {
  reason: 'paused' | 'held';
  /** Monotonic moment of the last record. */
  toldAt: number;
  from: number;
  until: number;
  /** 0: all was told. */
  count: number;
  exact: boolean;
}

/** Memory of a job that is not registered now, and the clock offset under which its moments were read. */
export interface AbsentMemory {
  readonly memory: JobMemory;
  readonly offset: number;
  /** It comes from an earlier process. */
  readonly inherited: boolean;
}

export interface Core {
  readonly settings: ScheduleSettings;
  now: Now;
  /** Decisions of the present call. */
  commands: Command[];
  readonly clock: LivedClock;
  readonly timers: Timers;
  readonly queue: WaitingQueue;
  readonly members: Map<ContainerId, Member>;
  readonly services: Map<ServiceId, Service>;
  readonly jobs: Map<JobId, Job>;
  /** Executions that hold a place, adopted ones too. */
  readonly running: Map<ExecutionId, Execution>;
  /** How many of them by job, also of jobs that are gone. */
  readonly runningOf: Map<JobId, number>;
  /** Jobs with firings that wait. */
  readonly waiting: Set<Job>;
  /** Wall moments ahead of now up to which an earlier process carried out a job's fire times. */
  readonly guards: Map<Job, number>;
  readonly absent: Map<JobId, AbsentMemory>;
  /** The most entries of `absent`. */
  readonly absentLimit: number;
  /** Containers whose problems were told, with the definition they were told of. */
  readonly problemsTold: Map<ContainerId, ContainerDefinition>;
  lists: number;
  engineAway: boolean;
  /** Jobs that wait for the engine, with the first fire time that they let pass (wall clock). */
  readonly deferred: Map<Job, number>;
  draining: boolean;
}
