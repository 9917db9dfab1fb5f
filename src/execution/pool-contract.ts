/** What the daemon sees of the worker pool. */
import type { ContainerId, ExecId, ExecutionId } from '../ids.ts';
import type { Outcome } from './outcome.ts';
import type { ExecutionRequest, OutputLine } from './protocol.ts';

export interface PoolHandlers {
  created(execution: ExecutionId, exec: ExecId): void;
  output(lines: readonly OutputLine[]): void;
  /** Lines and bytes that were left out; told once, before the execution's last lines. */
  omitted(execution: ExecutionId, lines: number, bytes: number): void;
  ended(execution: ExecutionId, outcome: Outcome, durationMs: number): void;
  /** `execution` is undefined when a thread of the pool is meant. */
  warning(execution: ExecutionId | undefined, message: string): void;
  /** Whether `execDied` is wanted: an execution's end is in doubt, and its event would tell. */
  watchExecs(on: boolean): void;
}

/** The bound JOB_POOL_SIZE is held by the schedule; the pool asserts it. */
export interface Pool {
  /** Loads the workers and proves that each can run; throws if not (the process must end loudly). */
  start(): Promise<void>;
  /** Throws if the pool has no place: a bug of the caller. */
  execute(request: ExecutionRequest): void;
  /** Sends the workers what they were told in this turn now, not when the turn ends. */
  send(): void;
  /**
   * Follows what an earlier process started; it takes a place, even one too many. If the request waits for `go`, its
   * exec is started unless it was.
   */
  adopt(request: ExecutionRequest, exec: ExecId | undefined): void;
  /** Lets an execution start that waits for it. */
  go(execution: ExecutionId): void;
  cancel(execution: ExecutionId): void;
  execDied(exec: ExecId, exitCode: number | undefined): void;
  containerDied(container: ContainerId): void;
  /** Executions not yet ended. */
  readonly running: number;
  /** Ends the threads; executions that are left go on in their containers. */
  stop(): Promise<void>;
}
