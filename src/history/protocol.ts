/**
 * The messages between the process and the thread that owns the database, pure types. Batches are numbered: the
 * thread keeps the number of the last one in the database itself, so that a batch whose acknowledgement was lost
 * can be sent again without being counted twice.
 */
import type { ExecId, ExecutionId, JobId, WallMs } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import type { HistoryQuery, HistoryRow, JobStatistics, UnfinishedExecution } from './history.ts';
import type { Placed } from './rows.ts';

/** One change, in the order in which it was recorded. `seq` counts from the batch's `base`. */
export type Change =
  | {
      readonly kind: 'started';
      readonly seq: number;
      readonly row: HistoryRow;
      readonly user: string;
      readonly exec: ExecId | undefined;
      /** Until then a later process may start its exec, if it was not started; undefined = never. */
      readonly startBy: WallMs | undefined;
    }
  | { readonly kind: 'created'; readonly execution: ExecutionId; readonly exec: ExecId }
  /** An execution that ended, or a fire time that did not become one. */
  | { readonly kind: 'row'; readonly seq: number; readonly row: HistoryRow }
  | {
      readonly kind: 'lost';
      readonly execution: ExecutionId;
      readonly reason: string;
      readonly endedAt: WallMs;
    };

export interface Batch {
  readonly number: number;
  /** Added to each `seq`: rows of earlier processes come before. */
  readonly base: number;
  /** Somebody waits until it is safe even from a loss of power. */
  readonly durable: boolean;
  readonly changes: readonly Change[];
  /** What is remembered of each job from now on; `undefined` = nothing. */
  readonly memories: readonly (readonly [JobId, JobMemory | undefined])[];
}

export type ToHistory =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'executions'; readonly id: number; readonly query: HistoryQuery }
  | { readonly kind: 'execution'; readonly id: number; readonly execution: ExecutionId }
  | { readonly kind: 'statistics'; readonly id: number; readonly job: string | undefined }
  | { readonly kind: 'close' };

/** Whom a second instance finds in its place. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
}

export type FromHistory =
  | {
      readonly kind: 'opened';
      readonly memories: ReadonlyMap<JobId, JobMemory>;
      readonly unfinished: readonly UnfinishedExecution[];
      /** The number after that of the newest row. */
      readonly nextSeq: number;
    }
  /** Another process holds the folder. */
  | { readonly kind: 'in use'; readonly holder: Holder | undefined }
  /** The database was damaged; a new, empty one stands in its place. */
  | { readonly kind: 'set aside'; readonly path: string; readonly reason: string }
  | { readonly kind: 'not opened'; readonly reason: string }
  | { readonly kind: 'committed'; readonly number: number }
  | { readonly kind: 'failed'; readonly number: number; readonly reason: string }
  /** The batch can't be written whatever the disk does: a mistake of ours. */
  | { readonly kind: 'refused'; readonly number: number; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'no answer'; readonly id: number; readonly reason: string };

export type Answer =
  | { readonly kind: 'executions'; readonly rows: readonly Placed[] }
  | { readonly kind: 'execution'; readonly row: HistoryRow | undefined }
  | { readonly kind: 'statistics'; readonly jobs: readonly JobStatistics[] };

/** What the thread is started with. */
export interface HistorySettings {
  readonly folder: string;
  /** Milliseconds. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** Tells the batches of this process from those of an earlier one. */
  readonly session: string;
  readonly startedAt: string;
}
