/**
 * The history's thread: owns the lock and the database, serves one message after the other, and lets old rows go in
 * small steps between them. It waits for the disk, so that nobody else has to. Trouble is answered, not thrown: the
 * other side keeps what was not written and sends it again.
 */
import type { MessagePort } from 'node:worker_threads';
import { assertNever } from '../ids.ts';
import {
  isDamage,
  isMistake,
  isPassing,
  type OpenedDatabase,
  openDatabase,
  reasonOf,
  setAside,
} from './database.ts';
import { takeLock } from './lock.ts';
import type { Answer, Batch, FromHistory, HistorySettings, ToHistory } from './protocol.ts';

const reopenAfterMs = 2000;
const pruneAfterMs = 1000;
const pruneAtLeastEveryMs = 60_000;
const pruneRows = 500;
const shrinkPages = 256;

/** Serves until the other side says `close`. */
export function serveHistory(port: MessagePort, settings: HistorySettings): void {
  new HistoryServer(port, settings).start();
}

class HistoryServer {
  readonly #port: MessagePort;
  readonly #settings: HistorySettings;
  #release: (() => void) | undefined;
  #opened: OpenedDatabase | undefined;
  #reopen: NodeJS.Timeout | undefined;
  #prune: NodeJS.Timeout | undefined;
  #regularly: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, settings: HistorySettings) {
    this.#port = port;
    this.#settings = settings;
  }

  start(): void {
    this.#port.on('message', (message: ToHistory) => this.#handle(message));
    this.#regularly = setInterval(() => this.#pruneSoon(), pruneAtLeastEveryMs);
    this.#open();
  }

  #post(message: FromHistory): void {
    this.#port.postMessage(message);
  }

  #handle(message: ToHistory): void {
    switch (message.kind) {
      case 'batch':
        this.#write(message.batch);
        return;
      case 'executions':
        this.#answer(message.id, ({ reader }) => ({
          kind: 'executions',
          rows: reader.page(message.query),
        }));
        return;
      case 'execution':
        this.#answer(message.id, ({ reader }) => ({
          kind: 'execution',
          row: reader.execution(message.execution),
        }));
        return;
      case 'statistics':
        this.#answer(message.id, ({ reader }) => ({
          kind: 'statistics',
          jobs: reader.statistics(message.job),
        }));
        return;
      case 'close':
        this.#close();
        return;
      default:
        assertNever(message);
    }
  }

  /** Takes the lock and opens the database; tries again later if that can't be done now. */
  #open(): void {
    this.#reopen = undefined;
    try {
      if (this.#release === undefined) {
        const lock = takeLock(this.#settings.folder, this.#settings.startedAt);
        if (lock.kind === 'in use') {
          this.#post({ kind: 'in use', holder: lock.holder });
          this.#openLater();
          return;
        }
        this.#release = lock.release;
      }
      this.#openDatabase();
      this.#pruneSoon();
    } catch (error) {
      this.#post({ kind: 'not opened', reason: reasonOf(error) });
      this.#openLater();
    }
  }

  #openDatabase(): void {
    const { folder, session } = this.#settings;
    let opened: OpenedDatabase | undefined;
    try {
      opened = openDatabase(folder, session);
      this.#tell(opened);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const salvaged = opened?.reader.salvage();
      opened?.db.close();
      this.#post({ kind: 'set aside', ...setAside(folder, reasonOf(error), new Date()) });
      opened = openDatabase(folder, session);
      if (salvaged !== undefined) opened.writer.restore(salvaged);
      this.#tell(opened);
    }
    this.#opened = opened;
  }

  #tell({ reader }: OpenedDatabase): void {
    const memories = reader.memories();
    this.#post({ kind: 'opened', memories, unfinished: reader.unfinished(), nextSeq: reader.nextSeq() });
  }

  #openLater(): void {
    this.#reopen ??= setTimeout(() => this.#open(), reopenAfterMs);
  }

  #write(batch: Batch): void {
    try {
      if (this.#opened === undefined) throw new Error('the database is not open');
      this.#opened.writer.apply(batch);
      this.#post({ kind: 'committed', number: batch.number });
      this.#pruneSoon();
    } catch (error) {
      if (isMistake(error)) {
        this.#post({ kind: 'refused', number: batch.number, reason: reasonOf(error) });
        return;
      }
      this.#recover(error);
      this.#post({ kind: 'failed', number: batch.number, reason: reasonOf(error) });
    }
  }

  #answer(id: number, ask: (opened: OpenedDatabase) => Answer): void {
    try {
      if (this.#opened === undefined) throw new Error('the database is not open');
      this.#post({ kind: 'answer', id, answer: ask(this.#opened) });
    } catch (error) {
      this.#recover(error);
      this.#post({ kind: 'no answer', id, reason: reasonOf(error) });
    }
  }

  /** After an error: a damaged database is set aside, a doubtful connection made anew, a full disk waited for. */
  #recover(error: unknown): void {
    if (this.#opened === undefined || isPassing(error) || isMistake(error)) return;
    const { db } = this.#opened;
    this.#opened = undefined;
    try {
      db.close();
      if (isDamage(error)) {
        const aside = setAside(this.#settings.folder, reasonOf(error), new Date());
        this.#post({ kind: 'set aside', ...aside });
      }
    } catch (trouble) {
      this.#post({ kind: 'not opened', reason: reasonOf(trouble) });
    }
    this.#open();
  }

  #pruneSoon(): void {
    this.#prune ??= setTimeout(() => this.#pruneStep(), pruneAfterMs);
  }

  #pruneStep(): void {
    this.#prune = undefined;
    if (this.#opened === undefined) return;
    try {
      const { writer } = this.#opened;
      const more = writer.prune(Date.now(), this.#settings, pruneRows);
      writer.shrink(shrinkPages);
      // A timer, not a loop: messages come between the steps.
      if (more) this.#prune = setTimeout(() => this.#pruneStep(), 1);
    } catch (error) {
      this.#recover(error);
    }
  }

  #close(): void {
    clearInterval(this.#regularly);
    clearTimeout(this.#reopen);
    clearTimeout(this.#prune);
    this.#opened?.db.close();
    this.#release?.();
    this.#port.close();
  }
}
