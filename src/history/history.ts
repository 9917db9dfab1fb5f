/**
 * What ran: one interface, two implementations (a bounded ring in memory; a database on a thread of its own).
 * Writers never wait: `record…` calls return at once. Readers answer asynchronously.
 */

import type { Outcome } from '../execution/outcome.ts';
import type { ExecId, ExecutionId, JobId, WallMs } from '../ids.ts';
import type { Execution, JobMemory } from '../scheduling/events.ts';

/** One execution, or one fire time that did not become one, as it is kept. */
export interface HistoryRow {
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

export interface HistoryQuery {
  readonly job?: string;
  readonly outcome?: readonly HistoryRow['outcome'][];
  /** Fire times in [from, to). */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Page on: rows before this cursor, as `HistoryPage.next` gave it. */
  readonly before?: string;
}

export interface HistoryPage {
  /** Newest fire time first. */
  readonly rows: readonly HistoryRow[];
  readonly next: string | undefined;
}

export interface JobStatistics {
  readonly job: string;
  readonly executions: number;
  /** 0..1 of those that ended; undefined if none did. */
  readonly successRate: number | undefined;
  readonly durationMs: { readonly p50: number; readonly p95: number; readonly max: number } | undefined;
  readonly longestLatenessMs: number;
}

/** An execution that an earlier process started and whose end was never recorded. */
export interface UnfinishedExecution {
  readonly execution: ExecutionId;
  readonly job: JobId;
  readonly container: string;
  readonly containerName: string;
  readonly exec: ExecId | undefined;
  readonly user: string;
  readonly fireTime: WallMs;
  readonly startedAt: WallMs;
}

export interface HistoryHealth {
  readonly kind: 'memory' | 'file';
  readonly degraded: string | undefined;
}

export interface History {
  /** Job memories and unfinished executions of an earlier process; empty in memory mode. */
  readonly recovered: {
    readonly memories: ReadonlyMap<JobId, JobMemory>;
    readonly unfinished: readonly UnfinishedExecution[];
  };
  recordStarted(execution: Execution): void;
  /** Resolves when the start is safe on disk; at once in memory mode. Jobs with catch-up wait for it before they start. */
  acknowledged(execution: ExecutionId): Promise<void> | undefined;
  recordCreated(execution: ExecutionId, exec: ExecId): void;
  recordOutput(execution: ExecutionId, line: string): void;
  recordEnded(execution: Execution, outcome: Outcome, endedAt: WallMs, durationMs: number): void;
  /** A fire time that did not become an execution. */
  recordNotRun(
    row: Pick<
      HistoryRow,
      'job' | 'jobName' | 'container' | 'containerName' | 'service' | 'fireTime' | 'outcome' | 'reason'
    >,
  ): void;
  remember(job: JobId, memory: JobMemory): void;
  forget(job: JobId): void;
  executions(query: HistoryQuery): Promise<HistoryPage>;
  execution(id: ExecutionId): Promise<HistoryRow | undefined>;
  statistics(job?: string): Promise<readonly JobStatistics[]>;
  health(): HistoryHealth;
  /** Writes what is queued and closes. */
  close(): Promise<void>;
}
