/**
 * The two unions around the pure core: events in, commands out (`schedule.apply(event, now) -> commands`).
 * Every event may come twice, late or out of order without harm.
 */
import type { Outcome } from '../execution/outcome.ts';
import type { ContainerId, ExecutionId, JobId, ServiceId, WallMs } from '../ids.ts';
import type { ContainerDefinition, JobDefinition } from '../labels/definition.ts';
import type { Report } from './reports.ts';

/** `other` covers created, exited, dead, restarting, removing: nothing can run there. */
export type ContainerState = 'running' | 'paused' | 'other';

/** What the core knows of a container. */
export interface Container {
  readonly id: ContainerId;
  /** Without the leading slash. */
  readonly name: string;
  readonly state: ContainerState;
  readonly definition: ContainerDefinition;
  /** A compose one-off or a container of an image build: it never carries jobs, for this reason. */
  readonly excluded?: string;
}

export type ScheduleEvent =
  /** A container as the engine describes it now (start, unpause, pause, rename, …). */
  | { readonly kind: 'container'; readonly container: Container }
  /** It died, stopped or was destroyed. */
  | { readonly kind: 'container gone'; readonly container: ContainerId }
  /** A complete list: what is not in it is gone. */
  | { readonly kind: 'listed'; readonly containers: readonly Container[] }
  | { readonly kind: 'tick' }
  /** The engine can't be reached: jobs that catch up wait for it, the others are tried all the same. */
  | { readonly kind: 'engine away' }
  /** It answers again; comes after the list that it answered with. */
  | { readonly kind: 'engine back' }
  | {
      readonly kind: 'ended';
      readonly execution: ExecutionId;
      readonly outcome: Outcome;
      readonly durationMs: number;
    }
  /** A person asks: run now, stop arming, arm again (`job` pauses survive restarts through the history). */
  | { readonly kind: 'run now'; readonly job: JobId }
  | { readonly kind: 'pause job'; readonly job: JobId }
  | { readonly kind: 'resume job'; readonly job: JobId }
  /** A person asks to stop an execution; its end is told when it comes. */
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  /** An execution that an earlier process left running: it takes a place of the pool and of its job. */
  | { readonly kind: 'adopted'; readonly execution: Execution }
  /** Start nothing new from now on; what waits is reported as abandoned. */
  | { readonly kind: 'drain' };

/** One firing that is carried out. */
export interface Execution {
  readonly id: ExecutionId;
  readonly job: JobId;
  readonly definition: JobDefinition;
  readonly container: ContainerId;
  readonly containerName: string;
  readonly service: ServiceId | undefined;
  /** The fire time on the trigger's grid, without jitter; for `run now` the moment it was asked for. */
  readonly fireTime: WallMs;
  /** Start minus the moment it was due (fire time plus its jitter), milliseconds, never negative. */
  readonly latenessMs: number;
  readonly startedAt: WallMs;
  readonly cause: 'schedule' | 'catch-up' | 'run now';
}

export type Command =
  | { readonly kind: 'execute'; readonly execution: Execution }
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  | { readonly kind: 'report'; readonly report: Report }
  /** What is to survive a restart changed; only given if the schedule was made with `memories`. */
  | { readonly kind: 'remember'; readonly job: JobId; readonly memory: JobMemory }
  /** The memory of a job that went long ago made room for younger ones. */
  | { readonly kind: 'forget'; readonly job: JobId };

/** What survives a restart of one job; kept by the history, handed back when the job is armed. */
export interface JobMemory {
  /** Wall moment from which an interval's grid counts. */
  readonly anchor: WallMs | undefined;
  /** The last fire time that was handled (run, skipped or reported). */
  readonly handledUntil: WallMs | undefined;
  /** A person paused it. */
  readonly paused: boolean;
  /** Kind, text and zone of the trigger this belongs to: another one begins anew. */
  readonly triggerText: string;
}

/** One armed job, for people (SIGUSR1, `chorewheel jobs`, the page). */
export interface JobView {
  readonly id: JobId;
  readonly name: string;
  readonly container: ContainerId;
  readonly containerName: string;
  readonly service: ServiceId | undefined;
  readonly trigger: JobDefinition['trigger'];
  readonly definition: JobDefinition;
  readonly nextFireTime: WallMs | undefined;
  readonly running: number;
  readonly waiting: number;
  /** `suspended`: its container is paused. `waiting`: its fire times are over. `held`: paused by a person. */
  readonly state: 'armed' | 'suspended' | 'waiting' | 'held';
}
