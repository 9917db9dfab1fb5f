/**
 * Brings the queue to the history's thread: every 20 ms, one batch at a time; a batch leaves the queue when the thread
 * says that it is committed, and is sent again until then. Every trouble on the way ends here: it is kept for the
 * health, told once a minute, and whoever waits for the disk is let go, since the schedule goes on without it.
 */
import { assertNever, type JobId } from '../ids.ts';
import type { JobMemory } from '../scheduling/events.ts';
import { HistoryConnection, within } from './connection.ts';
import type { UnfinishedExecution } from './history.ts';
import type { Answer, FromHistory, HistorySettings, Holder, ToHistory } from './protocol.ts';
import { HistoryQueue, type QueueLimits, queueLimits } from './queue.ts';
import { Troubles } from './troubles.ts';

/** Milliseconds, but for `queue`. */
export interface DeliveryLimits {
  /** How long the start waits for the folder. */
  readonly openWithin: number;
  /** How long a question or a batch may take before the folder counts as hanging. */
  readonly answerWithin: number;
  readonly retryAfter: number;
  /** How long the end waits for the queue, and once more for the thread. */
  readonly closeWithin: number;
  readonly queue: QueueLimits;
}

export const deliveryLimits: DeliveryLimits = {
  openWithin: 5000,
  answerWithin: 10_000,
  retryAfter: 1000,
  closeWithin: 5000,
  queue: queueLimits,
};

/** Another process works with this state folder. */
export class StateFolderInUse extends Error {
  override readonly name = 'StateFolderInUse';
  readonly code = 'STATE_FOLDER_IN_USE';

  constructor(folder: string, holder: Holder | undefined) {
    super(`the state folder ${folder} is in use by ${whoHolds(holder)}`);
  }
}

function whoHolds(holder: Holder | undefined): string {
  if (holder === undefined) return 'another process';
  return `process ${holder.pid} on ${holder.host}, which started at ${holder.startedAt}`;
}

export interface Recovered {
  readonly memories: ReadonlyMap<JobId, JobMemory>;
  readonly unfinished: readonly UnfinishedExecution[];
}

export interface DeliveryHandlers {
  /** The start need not wait any longer: what an earlier process left, nothing when the folder is in trouble. */
  begin(recovered: Recovered | StateFolderInUse): void;
  /** The database could be opened only after `begin` was told of nothing. */
  openedLate(recovered: Recovered): void;
  /** A new database has taken the place of a damaged one: tell again what must not be forgotten. */
  replaced(): void;
}

/** How long the first record of a batch waits for others, in milliseconds: so much on a calm host, … */
const calmMs = 20;
/** … so much where a batch had at least `busyChanges`: most executions start and end in one batch then, and take one row. */
const busyMs = 200;
const busyChanges = 30;

export class Delivery {
  readonly queue: HistoryQueue;
  readonly #settings: HistorySettings;
  readonly #limits: DeliveryLimits;
  readonly #warn: (message: string) => void;
  readonly #handlers: DeliveryHandlers;
  readonly #troubles: Troubles;
  readonly #connection: HistoryConnection;
  #begun = false;
  /** The database was opened at least once, and `base` is known. */
  #known = false;
  #ready = false;
  #closing = false;
  #base = 0;
  #underWay = false;
  #paceMs = calmMs;
  /** Somebody waits for what is in the queue. */
  #urgent = false;
  #flush: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    settings: HistorySettings,
    limits: DeliveryLimits,
    warn: (message: string) => void,
    handlers: DeliveryHandlers,
  ) {
    this.#settings = settings;
    this.#limits = limits;
    this.#warn = warn;
    this.#handlers = handlers;
    this.queue = new HistoryQueue(limits.queue);
    this.#troubles = new Troubles(warn);
    this.#expect(limits.openWithin);
    this.#connection = new HistoryConnection(settings, {
      message: (message) => this.#receive(message),
      died: (reason) => {
        this.#ready = false;
        this.#suffer(`its thread died: ${reason}`);
      },
    });
  }

  /** Why nothing can be written at present. */
  get degraded(): string | undefined {
    return this.#troubles.degraded;
  }

  /** Whether the database is open, so that questions make sense. */
  get ready(): boolean {
    return this.#ready;
  }

  /** What is added to our numbers of rows in the database; 0 until it is known. */
  get base(): number {
    return this.#base;
  }

  /** 0: somebody waits for it. */
  flushSoon(afterMs: number = this.#paceMs): void {
    if (afterMs === 0) {
      this.#urgent = true;
      clearTimeout(this.#flush);
    } else if (this.#flush !== undefined) return;
    this.#flush = setTimeout(() => this.#send(), afterMs);
  }

  /** Rejects with `HistoryUnavailable`. */
  ask(question: (id: number) => ToHistory): Promise<Answer> {
    return this.#connection.ask(question, this.#limits.answerWithin);
  }

  /** False if the thread hangs. */
  async close(): Promise<boolean> {
    const { closeWithin } = this.#limits;
    this.#closing = true;
    if (this.#ready && this.degraded === undefined) {
      this.flushSoon(0);
      await within(closeWithin, this.queue.settled(false));
    }
    clearTimeout(this.#flush);
    clearTimeout(this.#patience);
    const ended = await this.#connection.close(closeWithin);
    const left = this.queue.size;
    if (left > 0) this.#warn(`the history ends with ${left} records that could not be written`);
    if (!ended) this.#warn(`the state folder ${this.#settings.folder} hangs: the history was left open`);
    return ended;
  }

  /** Never resolves if the thread hangs. */
  abort(): Promise<void> {
    this.#closing = true;
    return this.#connection.abort();
  }

  #send(): void {
    this.#flush = undefined;
    if (this.#underWay || !this.#ready) return;
    const batch = this.queue.next(this.#base);
    this.#urgent = false;
    if (batch === undefined) return;
    this.#paceMs = batch.changes.length < busyChanges ? calmMs : busyMs;
    this.#underWay = true;
    this.#expect(this.#limits.answerWithin);
    this.#connection.post({ kind: 'batch', batch });
  }

  #receive(message: Exclude<FromHistory, { kind: 'answer' | 'no answer' }>): void {
    switch (message.kind) {
      case 'opened':
        this.#opened(message);
        return;
      case 'in use':
        this.#inUse(message.holder);
        return;
      case 'set aside':
        this.#warn(
          `THE HISTORY WAS DAMAGED (${message.reason}): it is set aside as ${message.path}, a new one is begun`,
        );
        if (this.#known) this.#handlers.replaced();
        return;
      case 'not opened':
        this.#ready = false;
        this.#suffer(`${this.#settings.folder}: ${message.reason}`);
        return;
      case 'committed':
        this.#committed(message.number);
        return;
      case 'failed':
        this.#underWay = false;
        this.#suffer(message.reason);
        this.flushSoon(this.#limits.retryAfter);
        return;
      case 'refused':
        this.#warn(`records could not be written and were given up: ${message.reason}`);
        this.queue.done(message.number, false);
        this.#arrived();
        return;
      default:
        assertNever(message);
    }
  }

  #opened(found: Recovered & { readonly nextSeq: number }): void {
    this.#ready = true;
    this.#underWay = false;
    clearTimeout(this.#patience);
    const first = !this.#known;
    if (first) this.#base = found.nextSeq;
    this.#known = true;
    if (!this.#begun) this.#letBegin(found);
    else if (first) this.#handlers.openedLate(found);
    if (this.degraded === undefined) this.flushSoon();
    else this.flushSoon(0);
    if (this.queue.empty) this.#troubles.end(this.queue.dropped);
  }

  #inUse(holder: Holder | undefined): void {
    const refusal = new StateFolderInUse(this.#settings.folder, holder);
    if (this.#begun) this.#suffer(refusal.message);
    else this.#letBegin(refusal);
  }

  #committed(number: number): void {
    this.queue.done(number, true);
    this.#troubles.end(this.queue.dropped);
    this.#arrived();
  }

  /** A batch has left the queue. */
  #arrived(): void {
    this.#underWay = false;
    clearTimeout(this.#patience);
    if (!this.queue.empty) this.flushSoon(this.#closing || this.#urgent ? 0 : this.#paceMs);
  }

  #letBegin(recovered: Recovered | StateFolderInUse): void {
    this.#begun = true;
    this.#handlers.begin(recovered);
  }

  #suffer(reason: string): void {
    clearTimeout(this.#patience);
    this.#underWay = false;
    if (this.#closing) return;
    this.#troubles.begin(reason, this.queue.size, this.queue.dropped);
    this.queue.release();
    if (!this.#begun) this.#letBegin({ memories: new Map(), unfinished: [] });
  }

  #expect(withinMs: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      const { folder } = this.#settings;
      this.#troubles.begin(
        `${folder} did not answer within ${withinMs} ms`,
        this.queue.size,
        this.queue.dropped,
      );
      this.queue.release();
      if (!this.#begun) this.#letBegin({ memories: new Map(), unfinished: [] });
      this.#expect(withinMs);
    }, withinMs);
  }
}
