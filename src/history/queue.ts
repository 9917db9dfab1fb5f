/**
 * What waits to be written, as batches in the order in which it was recorded. The last batch takes what comes; the
 * first one is being written. What is recorded in one turn of the event loop is never divided between two batches,
 * so that the start of an execution and the memory that its fire time was handled are safe together or not at all.
 *
 * The queue is bounded: when the disk can't take it, output is left out first, then whole rows are given up and
 * counted. Memories of jobs are never given up; there is one per job.
 */
import type { ExecutionId, JobId } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import type { Batch, Change } from './protocol.ts';
import type { Placed } from './rows.ts';

export interface QueueLimits {
  /** Changes. */
  readonly changes: number;
  /** Characters of output. */
  readonly output: number;
}

/** Some 20 seconds of the fastest recording, in some 100 MB. */
export const queueLimits: QueueLimits = { changes: 100_000, output: 32 * 1024 * 1024 };

interface Waiting {
  number: number;
  durable: boolean;
  readonly changes: Change[];
  /** Places of the starts among the changes: what follows a start in its batch takes its place. */
  readonly starts: Map<ExecutionId, number>;
  readonly memories: Map<JobId, JobMemory | undefined>;
  output: number;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  /** Those who waited were let go although it is not written. */
  released: boolean;
}

/** A batch that grew to this is closed at the next turn. */
const fullBatch = 2000;

export class HistoryQueue {
  readonly #limits: QueueLimits;
  #batches: Waiting[] = [waiting(1)];
  #size = 0;
  #output = 0;
  #dropped = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Changes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Rows that were given up. */
  get dropped(): number {
    return this.#dropped;
  }

  get empty(): boolean {
    const [first, second] = this.#batches;
    return second === undefined && first !== undefined && isEmpty(first);
  }

  add(change: Change): void {
    if (this.#joinsStart(change)) return;
    if (this.#size >= this.#limits.changes) {
      if (change.kind === 'row') this.#dropped += 1;
      return;
    }
    const batch = this.#last();
    if (change.kind === 'started') batch.starts.set(change.row.execution, batch.changes.length);
    batch.changes.push(this.#fit(change));
    this.#size += 1;
  }

  remember(job: JobId, memory: JobMemory | undefined): void {
    this.#last().memories.set(job, memory);
  }

  /** Resolves when everything added so far is written (and, if asked for, safe from a loss of power) or released. */
  settled(durable: boolean): Promise<void> {
    if (this.#last().released) this.#batches.push(waiting(this.#last().number + 1));
    const batch = this.#last();
    // An empty batch is never written, so nobody may wait for it.
    if (!durable && isEmpty(batch)) return this.#batches.at(-2)?.settled ?? Promise.resolve();
    if (durable) batch.durable = true;
    return batch.settled;
  }

  /** Closes the last batch if it is full or about to be written; call it between turns. The first one, to be written. */
  next(base: number): Batch | undefined {
    const last = this.#last();
    const only = this.#batches.length === 1;
    if (only && isEmpty(last)) return undefined;
    if (only || last.changes.length >= fullBatch) this.#batches.push(waiting(last.number + 1));
    const [first] = this.#batches;
    if (first === undefined) return undefined;
    const { number, durable, changes, memories } = first;
    return { number, base, durable, changes, memories: [...memories] };
  }

  /** The first batch was written, or can't be. */
  done(number: number, written: boolean): void {
    const [first] = this.#batches;
    if (first === undefined || first.number !== number) return;
    this.#batches.shift();
    this.#size -= first.changes.length;
    this.#output -= first.output;
    if (!written) this.#dropped += first.changes.filter((change) => change.kind === 'row').length;
    if (this.#batches.length === 0) this.#batches.push(waiting(number + 1));
    first.settle();
  }

  /** Nobody shall wait any longer for what is in the queue. */
  release(): void {
    for (const batch of this.#batches) {
      batch.released = true;
      batch.settle();
    }
  }

  /** The rows that wait. */
  *rows(): Iterable<Placed> {
    for (const batch of this.#batches) {
      for (const change of batch.changes) if (change.kind === 'row') yield change;
    }
  }

  #last(): Waiting {
    const last = this.#batches.at(-1);
    if (last === undefined) throw new Error('the queue always has a last batch');
    return last;
  }

  /** A short execution starts and ends within one batch: only its end is worth a row then. */
  #joinsStart(change: Change): boolean {
    if (change.kind !== 'row' && change.kind !== 'created') return false;
    const { starts, changes } = this.#last();
    const execution = change.kind === 'row' ? change.row.execution : change.execution;
    const place = starts.get(execution);
    const started = place === undefined ? undefined : changes[place];
    if (place === undefined || started?.kind !== 'started') return false;
    if (change.kind === 'created') changes[place] = { ...started, exec: change.exec };
    else {
      changes[place] = this.#fit(change);
      starts.delete(execution);
    }
    return true;
  }

  /** The change with as much output as there is room for; its room is taken. */
  #fit(change: Change): Change {
    if (change.kind !== 'row') return change;
    const tooMuch = this.#output + change.row.output.length > this.#limits.output;
    const output = tooMuch ? '[… left out, the history could not be written …]' : change.row.output;
    this.#output += output.length;
    this.#last().output += output.length;
    return tooMuch ? { ...change, row: { ...change.row, output } } : change;
  }
}

function waiting(number: number): Waiting {
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    number,
    durable: false,
    changes: [],
    starts: new Map(),
    memories: new Map(),
    output: 0,
    settled,
    settle,
    released: false,
  };
}

function isEmpty(batch: Waiting): boolean {
  return batch.changes.length === 0 && batch.memories.size === 0 && !batch.durable;
}
