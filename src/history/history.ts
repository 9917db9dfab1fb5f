/**
 * What ran: one interface, two implementations (`memory.ts`, a bounded ring; `store.ts`, a database on a thread of
 * its own). Writers never wait: `record…` calls return at once. Readers answer asynchronously.
 */

import type { Outcome } from '../execution/outcome.ts';
import type { ExecId, ExecutionId, JobId, WallMs } from '../ids.ts';
import type { Execution, JobMemory } from '../scheduling/events.ts';

/** One execution, or one fire time that did not become one, as it is kept. */
export interface HistoryRow {
  /** For a fire time that did not become an execution: an id that only names the row (`row-7`). */
  readonly execution: ExecutionId;
  readonly job: JobId;
  readonly jobName: string;
  readonly container: string;
  readonly containerName: string;
  readonly service: string | undefined;
  readonly fireTime: WallMs;
  readonly startedAt: WallMs | undefined;
  readonly endedAt: WallMs | undefined;
  /** `running` until it ended; else the outcome's kind, or `skipped`, `misfired`, `missed`, `abandoned`. */
  readonly outcome: Outcome['kind'] | 'running' | 'skipped' | 'misfired' | 'missed' | 'abandoned';
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  readonly latenessMs: number;
  readonly durationMs: number | undefined;
  /** First and last lines of its output, bounded; empty in lists. */
  readonly output: string;
}

/** An outcome to look for; `succeeded` and `nonzero` are the two kinds of `exited`, by its exit code. */
export type OutcomeFilter = HistoryRow['outcome'] | 'succeeded' | 'nonzero';

export interface HistoryQuery {
  readonly job?: string;
  /** Any of these; an empty list finds nothing. */
  readonly outcome?: readonly OutcomeFilter[];
  /** Fire times in [from, to). */
  readonly from?: number;
  readonly to?: number;
  /** At least 1; more than 1,000 is taken as 1,000. */
  readonly limit: number;
  /** Page on: rows before this cursor, as `HistoryPage.next` gave it. */
  readonly before?: string;
}

export interface HistoryPage {
  /** Newest fire time first. */
  readonly rows: readonly HistoryRow[];
  readonly next: string | undefined;
}

/** Over the executions that ended and are still kept; percentiles are exact to 9 %. */
export interface JobStatistics {
  readonly job: string;
  readonly executions: number;
  /** 0..1: those that exited with 0; undefined if none ended. */
  readonly successRate: number | undefined;
  /** Of those that ran in their container; undefined if none did. */
  readonly durationMs: { readonly p50: number; readonly p95: number; readonly max: number } | undefined;
  readonly longestLatenessMs: number;
}

/** An execution that an earlier process started and whose end was never recorded. */
export interface UnfinishedExecution {
  readonly execution: ExecutionId;
  readonly job: JobId;
  readonly jobName: string;
  readonly container: string;
  readonly containerName: string;
  readonly service: string | undefined;
  readonly exec: ExecId | undefined;
  readonly user: string;
  readonly fireTime: WallMs;
  readonly startedAt: WallMs;
  /** Its exec may have been created and not started, and may be started until then; undefined = it must not be. */
  readonly startBy: WallMs | undefined;
}

export interface HistoryHealth {
  readonly kind: 'memory' | 'file';
  /** Why records can't be written at present, in words. */
  readonly degraded: string | undefined;
  /** Records that wait to be written. */
  readonly waiting: number;
  /** Records that were given up since the start, because too many waited. */
  readonly dropped: number;
}

/** A fire time that did not become an execution. */
export type NotRun = Pick<
  HistoryRow,
  'job' | 'jobName' | 'container' | 'containerName' | 'service' | 'fireTime' | 'outcome' | 'reason'
> & { readonly latenessMs?: number };

export interface History {
  /** Job memories and unfinished executions of an earlier process; empty in memory mode. */
  readonly recovered: {
    readonly memories: ReadonlyMap<JobId, JobMemory>;
    readonly unfinished: readonly UnfinishedExecution[];
  };
  recordStarted(execution: Execution): void;
  /**
   * Resolves when the recorded start is safe on disk, also from a loss of power; `undefined` when there is nothing
   * to wait for (memory mode). An execution of a job with catch-up is created, recorded as created, and started only
   * after this (`held.ts`). It resolves as well when the disk takes no records (`health().degraded`), since the
   * schedule goes on without; it never rejects.
   */
  acknowledged(execution: ExecutionId): Promise<void> | undefined;
  recordCreated(execution: ExecutionId, exec: ExecId): void;
  recordOutput(execution: ExecutionId, line: string): void;
  recordEnded(execution: Execution, outcome: Outcome, endedAt: WallMs, durationMs: number): void;
  /** One of `recovered.unfinished` that nobody can follow: it is kept as `unknown`, for this reason. */
  recordLost(execution: ExecutionId, reason: string, endedAt: WallMs): void;
  recordNotRun(row: NotRun): void;
  remember(job: JobId, memory: JobMemory): void;
  forget(job: JobId): void;
  executions(query: HistoryQuery): Promise<HistoryPage>;
  execution(id: ExecutionId): Promise<HistoryRow | undefined>;
  statistics(job?: string): Promise<readonly JobStatistics[]>;
  health(): HistoryHealth;
  /** Writes what is queued and closes. False if its thread hangs in the file system and was left behind. */
  close(): Promise<boolean>;
  /** Ends its thread at once, whatever is queued; resolves when it has ended, never if it hangs. */
  abort(): Promise<void>;
}
