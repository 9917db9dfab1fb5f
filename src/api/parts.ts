/** What the API is made of; the daemon gives it plain functions, so that a test can give it anything. */
import type { Watcher } from '../docker/engine-contract.ts';
import type { History } from '../history/history.ts';
import type { JobId } from '../ids.ts';
import type { Problem } from '../labels/definition.ts';
import type { JobView, ScheduleEvent } from '../scheduling/events.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { Live } from './live.ts';
import type { Metrics } from './metrics.ts';

export interface ApiParts {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly jobs: () => Iterable<JobView>;
  readonly job: (id: JobId) => JobView | undefined;
  readonly counts: () => ApiCounts;
  /** A trigger's meaning in words. */
  readonly describe: (trigger: Trigger) => string;
  readonly engine: () => Watcher['health'];
  /** How often the engine is asked for a complete list, milliseconds. */
  readonly resyncIntervalMs: number;
  /** Epoch milliseconds of the schedule's last tick; undefined while no fire time is to come: then it need not tick. */
  readonly lastTick: () => number | undefined;
  readonly history: History;
  /** What users wrote and must mend, of the containers that exist now. */
  readonly problems: () => Iterable<ContainerProblem>;
  readonly apply: (event: ScheduleEvent) => void;
  readonly live: Live;
  readonly metrics: Metrics;
  /** Told of mistakes of ours that a request brought to light. */
  readonly warn: (message: string) => void;
}

export interface ApiCounts {
  readonly jobs: number;
  readonly running: number;
  /** Firings that wait for a place or for their job's `max`. */
  readonly waiting: number;
  readonly poolSize: number;
}

export interface ContainerProblem {
  readonly container: string;
  readonly containerName: string;
  readonly problem: Problem;
}
