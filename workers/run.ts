/** One execution while a worker carries it: what is known of it, and how its parts wake each other. */

import type { EngineRequests } from '../src/docker/requests.ts';
import type { ExecutionRequest, WorkerSettings } from '../src/execution/protocol.ts';
import type { ContainerId, ExecId, ExecutionId } from '../src/ids.ts';
import type { Outbox } from './outbox.ts';
import type { Output } from './output.ts';

/** What all executions of a worker share. */
export interface Carrying {
  readonly settings: WorkerSettings;
  readonly requests: EngineRequests;
  readonly outbox: Outbox;
}

/** Why an execution is to be stopped. */
export type StopCause = 'timeout' | 'cancel';

/** What became of stopping it. */
export type StopReport =
  /** It had ended by itself before anything was done. */
  | { readonly kind: 'not needed' }
  /** `gone`: verified that no process with its mark is left. */
  | { readonly kind: 'done'; readonly gone: boolean; readonly detail: string }
  /** Nothing could be done: it ran on. */
  | { readonly kind: 'impossible'; readonly detail: string };

export class Run {
  readonly request: ExecutionRequest;
  exec: ExecId | undefined;
  /** `never`: nothing of ours is attached to it; `broken`: the connection failed. */
  stream: 'never' | 'open' | 'ended' | 'broken' = 'never';
  /** By the worker's monotonic clock; 0 = not started. */
  startedAt = 0;
  /** Its start was answered, or it was seen running: an inspection without a process then tells of its end. */
  alive = false;
  /** It ran on when nobody was attached any more: inspection may lie about its exit code then. */
  detached = false;
  /** The engine's event about its end. */
  death: { readonly exitCode: number | undefined } | undefined;
  containerDied = false;
  /** Its exec may be started. */
  mayStart: boolean;
  stopCause: StopCause | undefined;
  stopping: Promise<StopReport> | undefined;
  /** Set when its start was asked for: from then on there may be a process to stop. */
  onStop: (() => void) | undefined;
  /** The main thread was asked for `died` messages. */
  doubted = false;
  /** Inspections so far in the present state of its stream. */
  looks = 0;
  /** Looks in a row that found no process with its mark, though the engine says that it runs. */
  unseen = 0;
  output: Output | undefined;
  closeStream: (() => void) | undefined;
  /** Its process has ended as far as the engine tells. */
  over = false;
  readonly #waiting = new Set<() => void>();

  constructor(request: ExecutionRequest, exec: ExecId | undefined) {
    this.request = request;
    this.exec = exec;
    this.mayStart = request.waitsForGo !== true;
  }

  get id(): ExecutionId {
    return this.request.execution;
  }

  get container(): ContainerId {
    return this.request.container;
  }

  /** The first cause counts. */
  stop(cause: StopCause): void {
    if (this.stopCause !== undefined) return;
    this.stopCause = cause;
    this.onStop?.();
    this.wake();
  }

  go(): void {
    this.mayStart = true;
    this.wake();
  }

  /** Something about it changed: whoever waits looks again. */
  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Until the next `wake`, at most `ms` milliseconds. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, ms);
      this.#waiting.add(resume);
    });
  }

  /** Until `condition` holds, looked at after each `wake`, or `ms` milliseconds have passed; returns whether it holds. */
  async waitUntil(condition: () => boolean, ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await this.wait(left);
    }
    return true;
  }
}
