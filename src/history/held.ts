/**
 * Starts of jobs that catch up, held back until the engine has created their execs. Then the start, the exec's id and
 * the memory that the fire time was handled go into the queue together, and only when they are on the disk is the
 * exec started. So whenever the process is killed, a later one finds one of two things:
 *
 * - nothing, and a memory from before the fire time: no process was ever started, the fire time is caught up;
 * - the exec's id: the engine knows whether it was started; if not, it is started now, and the engine starts no exec twice.
 *
 * Invariant: while a job has a start that is held, none of its starts, rows and memories that came later is in the queue.
 */
import type { ExecId, ExecutionId, JobId } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import type { Change } from './protocol.ts';

type Started = Extract<Change, { readonly kind: 'started' }>;
type Row = Extract<Change, { readonly kind: 'row' }>;

interface HeldJob {
  /** Starts, ends, and fire times that did not run, in their order. */
  readonly changes: Map<ExecutionId, Started | Row>;
  /** Starts whose exec is not created yet. */
  pending: number;
  memory: { readonly value: JobMemory | undefined } | undefined;
  readonly released: Promise<void>;
  readonly release: () => void;
}

/** Where they go at last; both are called in one turn. */
export interface HeldTarget {
  add(change: Change): void;
  remember(job: JobId, memory: JobMemory | undefined): void;
}

export class HeldStarts {
  readonly #target: HeldTarget;
  readonly #jobs = new Map<JobId, HeldJob>();
  readonly #jobOf = new Map<ExecutionId, JobId>();

  constructor(target: HeldTarget) {
    this.#target = target;
  }

  hold(started: Started): void {
    const { job, execution } = started.row;
    const held = this.#jobs.get(job) ?? heldJob();
    this.#jobs.set(job, held);
    this.#jobOf.set(execution, job);
    held.changes.set(execution, started);
    held.pending += 1;
  }

  has(execution: ExecutionId): boolean {
    return this.#jobOf.has(execution);
  }

  /** Resolves when its start is in the queue; undefined if it is not held. */
  released(execution: ExecutionId): Promise<void> | undefined {
    return this.#of(execution)?.released;
  }

  /** False if its start is not held: the change belongs into the queue. */
  created(execution: ExecutionId, exec: ExecId): boolean {
    const held = this.#of(execution);
    const change = held?.changes.get(execution);
    if (held === undefined || change?.kind !== 'started') return false;
    if (change.exec === undefined) held.pending -= 1;
    held.changes.set(execution, { ...change, exec });
    this.#releaseIfComplete(change.row.job, held);
    return true;
  }

  /** The end of one that is held: it failed to start, or its job's other starts are held up. */
  ended(row: Row): boolean {
    const { execution, job } = row.row;
    const held = this.#of(execution);
    const change = held?.changes.get(execution);
    if (held === undefined || change === undefined) return false;
    if (change.kind === 'started' && change.exec === undefined) held.pending -= 1;
    held.changes.set(execution, row);
    this.#releaseIfComplete(job, held);
    return true;
  }

  /** A fire time that did not run: it is told again, should its memory be lost. False if its job has nothing that is held. */
  notRun(row: Row): boolean {
    const { execution, job } = row.row;
    const held = this.#jobs.get(job);
    if (held === undefined) return false;
    this.#jobOf.set(execution, job);
    held.changes.set(execution, row);
    return true;
  }

  /** False if the job has nothing that is held. */
  remember(job: JobId, memory: JobMemory | undefined): boolean {
    const held = this.#jobs.get(job);
    if (held === undefined) return false;
    held.memory = { value: memory };
    return true;
  }

  #of(execution: ExecutionId): HeldJob | undefined {
    const job = this.#jobOf.get(execution);
    return job === undefined ? undefined : this.#jobs.get(job);
  }

  #releaseIfComplete(job: JobId, held: HeldJob): void {
    if (held.pending > 0) return;
    this.#jobs.delete(job);
    for (const [execution, change] of held.changes) {
      this.#jobOf.delete(execution);
      this.#target.add(change);
    }
    if (held.memory !== undefined) this.#target.remember(job, held.memory.value);
    held.release();
  }
}

function heldJob(): HeldJob {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { changes: new Map(), pending: 0, memory: undefined, released, release };
}
