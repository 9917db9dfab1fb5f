/**
 * The messages between the main thread and a worker, pure types. One long-lived port per worker carries
 * everything in order: a worker's `ended` comes after all of the output that it belongs to, and an execution
 * is over only when `ended` was handled.
 */
import type { EngineAddress } from '../configuration.ts';
import type { ContainerId, ExecId, ExecutionId } from '../ids.ts';
import type { Outcome } from './outcome.ts';

/** What a worker needs to know to carry one execution. */
export interface ExecutionRequest {
  readonly execution: ExecutionId;
  readonly container: ContainerId;
  readonly words: readonly string[];
  readonly user: string;
  readonly workdir: string;
  /** `NAME=value`; the worker adds `CHOREWHEEL_EXECUTION=<execution>`. */
  readonly environment: readonly string[];
  /** Milliseconds; Infinity = none. */
  readonly timeoutMs: number;
  /**
   * Its exec is started only after `go` was told, when its creation is safely recorded. So an exec that was not started
   * can be started by whoever adopts it. Absent = started at once.
   */
  readonly waitsForGo?: boolean;
}

/** What a worker is given when it begins: everything that it can know beforehand. */
export interface WorkerSettings {
  readonly engine: EngineAddress;
  /** Milliseconds for the answer to one call; streams have none. */
  readonly clientTimeoutMs: number;
  /** Most bytes of one execution's output that are passed on. */
  readonly outputLimit: number;
  /** Most unanswered calls of this worker about one container. */
  readonly callsPerContainer: number;
}

/** Main thread to worker; several travel in one message. */
export type ToWorker =
  | { readonly kind: 'execute'; readonly request: ExecutionRequest }
  /** Follow an exec that an earlier worker or process started; starts it only if it waits for `go`. */
  | { readonly kind: 'adopt'; readonly request: ExecutionRequest; readonly exec: ExecId | undefined }
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  | { readonly kind: 'go'; readonly execution: ExecutionId }
  /** The engine's event told an end: second witness of the exit code. */
  | { readonly kind: 'died'; readonly exec: ExecId; readonly exitCode: number | undefined }
  | { readonly kind: 'container died'; readonly container: ContainerId }
  | { readonly kind: 'ping'; readonly nonce: number }
  /** Output of so many bytes was handled: credit for as much again. */
  | { readonly kind: 'handled'; readonly bytes: number };

export type StreamName = 'stdout' | 'stderr';

/** One line of a job's output, decoded, at most 16 KiB, without its line end. Not yet escaped. */
export interface OutputLine {
  readonly execution: ExecutionId;
  readonly stream: StreamName;
  readonly text: string;
  /** The line was cut: bytes left out at its end. */
  readonly cut?: number;
}

/** Worker to main thread; several travel in one message. */
export type FromWorker =
  /** The first message: the worker's code is loaded and listens. */
  | { readonly kind: 'ready' }
  /** `at`: wall moment, epoch milliseconds. */
  | { readonly kind: 'created'; readonly execution: ExecutionId; readonly exec: ExecId; readonly at: number }
  /** `bytes` is to be given back as credit once the lines are handled. */
  | { readonly kind: 'output'; readonly lines: readonly OutputLine[]; readonly bytes: number }
  /** Output that was left out (beyond OUTPUT_LIMIT, or nobody kept up): told once, before the last lines. */
  | {
      readonly kind: 'omitted';
      readonly execution: ExecutionId;
      readonly lines: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'ended';
      readonly execution: ExecutionId;
      readonly outcome: Outcome;
      /** Milliseconds from exec start to the end, by the worker's monotonic clock; 0 if it never started. */
      readonly durationMs: number;
    }
  | { readonly kind: 'warning'; readonly execution: ExecutionId; readonly message: string }
  /** Inspection can't be trusted about its end: `died` messages are wanted until it ended. Told once. */
  | { readonly kind: 'doubt'; readonly execution: ExecutionId }
  | { readonly kind: 'pong'; readonly nonce: number };
