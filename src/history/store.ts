/**
 * The history on disk, as the process sees it. Records go into the queue and from there to the thread; readers are
 * answered from what runs, what waits in the queue and what the database holds, so that a full disk hides nothing.
 *
 * Rows are numbered here, from 0; the number of the database's newest row (`base`) is added, which may become known
 * later than the first rows when the folder is in trouble at the start.
 */
import { randomUUID } from 'node:crypto';
import type { Outcome } from '../execution/outcome.ts';
import type { ExecId, ExecutionId, JobId, WallMs } from '../ids.ts';
import type { Execution, JobMemory } from '../scheduling/events.ts';
import { HistoryUnavailable } from './connection.ts';
import {
  Delivery,
  type DeliveryLimits,
  deliveryLimits,
  type Recovered,
  StateFolderInUse,
} from './delivery.ts';
import { excerptText } from './excerpt.ts';
import { HeldStarts } from './held.ts';
import type {
  History,
  HistoryHealth,
  HistoryPage,
  HistoryQuery,
  HistoryRow,
  JobStatistics,
  NotRun,
} from './history.ts';
import {
  boundedLimit,
  endedRow,
  matchesQuery,
  notRunRow,
  type Placed,
  pageOf,
  rowId,
  startByOf,
  startedRow,
  unfinishedRow,
} from './rows.ts';
import { RunningExecutions } from './running.ts';

export interface StoreSettings {
  readonly folder: string;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * Opens the history in a folder. Rejects with `StateFolderInUse`; any other trouble gives a history that is degraded
 * and recovers by itself.
 */
export function openStore(
  settings: StoreSettings,
  warn: (message: string) => void,
  limits: DeliveryLimits = deliveryLimits,
): Promise<History> {
  return new Promise((resolve, reject) => {
    const store: StoredHistory = new StoredHistory(settings, limits, warn, (refusal) => {
      if (refusal === undefined) resolve(store);
      else void store.close().then(() => reject(refusal));
    });
  });
}

class StoredHistory implements History {
  recovered: Recovered = { memories: new Map(), unfinished: [] };
  readonly #delivery: Delivery;
  readonly #running = new RunningExecutions();
  readonly #held: HeldStarts;
  /** What is remembered of each job, to be written again into a new database. */
  readonly #memories = new Map<JobId, JobMemory>();
  #seq = 0;

  constructor(
    settings: StoreSettings,
    limits: DeliveryLimits,
    warn: (message: string) => void,
    begin: (refusal?: StateFolderInUse) => void,
  ) {
    const thread = { ...settings, session: randomUUID(), startedAt: new Date().toISOString() };
    this.#delivery = new Delivery(thread, limits, warn, {
      begin: (recovered) => {
        if (recovered instanceof StateFolderInUse) begin(recovered);
        else {
          this.#recover(recovered);
          begin();
        }
      },
      openedLate: (recovered) => this.#giveUpUnfinished(recovered),
      replaced: () => this.#recordAgain(),
    });
    this.#held = new HeldStarts({
      add: (change) => this.#delivery.queue.add(change),
      remember: (job, memory) => this.#remember(job, memory),
    });
  }

  recordStarted(execution: Execution): void {
    const { user } = execution.definition;
    const startBy = startByOf(execution);
    const known = { user, startBy, exec: undefined };
    const { seq, row } = this.#running.add(this.#nextSeq(), startedRow(execution), known);
    if (startBy !== undefined) {
      this.#held.hold({ kind: 'started', seq, row, ...known });
      return;
    }
    this.#delivery.queue.add({ kind: 'started', seq, row, ...known });
    this.#delivery.flushSoon();
  }

  acknowledged(execution: ExecutionId): Promise<void> | undefined {
    if (this.#delivery.degraded !== undefined) return undefined;
    const released = this.#held.released(execution);
    return released === undefined ? this.#safe() : released.then(() => this.#safe());
  }

  #safe(): Promise<void> | undefined {
    if (this.#delivery.degraded !== undefined) return undefined;
    const safe = this.#delivery.queue.settled(true);
    this.#delivery.flushSoon(0);
    return safe;
  }

  recordCreated(execution: ExecutionId, exec: ExecId): void {
    const running = this.#running.get(execution);
    if (running !== undefined) running.exec = exec;
    if (!this.#held.created(execution, exec)) this.#delivery.queue.add({ kind: 'created', execution, exec });
    this.#delivery.flushSoon();
  }

  recordOutput(execution: ExecutionId, line: string): void {
    this.#running.output(execution, line);
  }

  recordEnded(execution: Execution, outcome: Outcome, endedAt: WallMs, durationMs: number): void {
    const running = this.#running.take(execution.id);
    const output = excerptText(running?.excerpt);
    const row = endedRow(running?.row ?? startedRow(execution), outcome, endedAt, durationMs, output);
    const placed = { seq: running?.seq ?? this.#nextSeq(), row };
    if (!this.#held.ended({ kind: 'row', ...placed })) this.#delivery.queue.add({ kind: 'row', ...placed });
    this.#delivery.flushSoon();
  }

  recordLost(execution: ExecutionId, reason: string, endedAt: WallMs): void {
    this.#running.take(execution);
    this.#delivery.queue.add({ kind: 'lost', execution, reason, endedAt });
    this.#delivery.flushSoon();
  }

  recordNotRun(notRun: NotRun): void {
    const seq = this.#nextSeq();
    const row = { kind: 'row', seq, row: notRunRow(notRun, seq) } as const;
    if (!this.#held.notRun(row)) this.#delivery.queue.add(row);
    this.#delivery.flushSoon();
  }

  remember(job: JobId, memory: JobMemory): void {
    if (!this.#held.remember(job, memory)) this.#remember(job, memory);
  }

  forget(job: JobId): void {
    if (!this.#held.remember(job, undefined)) this.#remember(job, undefined);
  }

  #remember(job: JobId, memory: JobMemory | undefined): void {
    if (memory === undefined) this.#memories.delete(job);
    else this.#memories.set(job, memory);
    this.#delivery.queue.remember(job, memory);
    this.#delivery.flushSoon();
  }

  async executions(query: HistoryQuery): Promise<HistoryPage> {
    const found = new Map<number, Placed>();
    for (const local of [this.#running.values(), this.#delivery.queue.rows()]) {
      for (const placed of local) this.#findIn(placed, query, found);
    }
    if (this.#delivery.ready) {
      const answer = await this.#delivery.ask((id) => ({ kind: 'executions', id, query }));
      if (answer.kind === 'executions') for (const placed of answer.rows) found.set(placed.seq, placed);
    }
    return pageOf([...found.values()], boundedLimit(query));
  }

  async execution(id: ExecutionId): Promise<HistoryRow | undefined> {
    const here = this.#running.row(id) ?? this.#waiting(id);
    if (here !== undefined || !this.#delivery.ready) return here;
    const answer = await this.#delivery.ask((question) => ({
      kind: 'execution',
      id: question,
      execution: id,
    }));
    return answer.kind === 'execution' ? answer.row : undefined;
  }

  async statistics(job?: string): Promise<readonly JobStatistics[]> {
    const { queue, degraded } = this.#delivery;
    if (degraded === undefined) {
      this.#delivery.flushSoon(0);
      await queue.settled(false);
    }
    if (!this.#delivery.ready) throw new HistoryUnavailable(this.#delivery.degraded ?? 'it is not open yet');
    const answer = await this.#delivery.ask((id) => ({ kind: 'statistics', id, job }));
    return answer.kind === 'statistics' ? answer.jobs : [];
  }

  health(): HistoryHealth {
    const { queue, degraded } = this.#delivery;
    return { kind: 'file', degraded, waiting: queue.size, dropped: queue.dropped };
  }

  close(): Promise<boolean> {
    return this.#delivery.close();
  }

  abort(): Promise<void> {
    return this.#delivery.abort();
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #findIn(local: Placed, query: HistoryQuery, found: Map<number, Placed>): void {
    const placed = this.#placed(local);
    if (matchesQuery(placed, query)) found.set(placed.seq, placed);
  }

  #waiting(id: ExecutionId): HistoryRow | undefined {
    for (const local of this.#delivery.queue.rows()) {
      const { row } = this.#placed(local);
      if (row.execution === id) return row;
    }
    return undefined;
  }

  /** A row with its number in the database. */
  #placed({ seq, row }: Placed): Placed {
    const number = this.#delivery.base + seq;
    return { seq: number, row: row.startedAt === undefined ? { ...row, execution: rowId(number) } : row };
  }

  #recover(recovered: Recovered): void {
    this.recovered = recovered;
    for (const [job, memory] of recovered.memories) this.#memories.set(job, memory);
    for (const unfinished of recovered.unfinished) {
      this.#running.add(this.#nextSeq(), unfinishedRow(unfinished), unfinished);
    }
  }

  /** The schedule began without knowing of them, so nobody follows them. */
  #giveUpUnfinished(recovered: Recovered): void {
    for (const { execution } of recovered.unfinished) {
      if (this.#running.get(execution) !== undefined) continue;
      this.recordLost(execution, 'the history could not be read at the start', Date.now() as WallMs);
    }
  }

  /** Into a new database: what is remembered of the jobs, and what runs. */
  #recordAgain(): void {
    for (const [job, memory] of this.#memories) this.#delivery.queue.remember(job, memory);
    for (const { seq, row, user, exec, startBy } of this.#running.values()) {
      if (this.#held.has(row.execution)) continue;
      this.#delivery.queue.add({ kind: 'started', seq, row, user, exec, startBy });
    }
    this.#delivery.flushSoon();
  }
}
