/**
 * The process's end of the line to the history's thread: starts it, starts it again when it dies, and pairs
 * questions with answers. A thread that hangs in the file system is waited for, never longer than asked.
 */
import { Worker } from 'node:worker_threads';
import type { Answer, FromHistory, HistorySettings, ToHistory } from './protocol.ts';

/** A question that can't be answered now; the history's health says why. */
export class HistoryUnavailable extends Error {
  override readonly name = 'HistoryUnavailable';
  readonly code = 'HISTORY_UNAVAILABLE';

  constructor(reason: string) {
    super(`the history can't be read: ${reason}`);
  }
}

export interface ConnectionHandlers {
  /** Everything but answers. */
  message(message: Exclude<FromHistory, { kind: 'answer' | 'no answer' }>): void;
  /** The thread died; another one is started after a while. */
  died(reason: string): void;
}

interface Question {
  resolve(answer: Answer): void;
  reject(error: HistoryUnavailable): void;
  readonly timer: NodeJS.Timeout;
}

const shortestRestartMs = 100;
const longestRestartMs = 30_000;

/** Beside this file's folder; with the ending that this very file runs under. */
function threadFile(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../../workers/history.${ending}`, import.meta.url);
}

export class HistoryConnection {
  readonly #settings: HistorySettings;
  readonly #handlers: ConnectionHandlers;
  readonly #questions = new Map<number, Question>();
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #restartMs = shortestRestartMs;
  #nextQuestion = 0;
  #closing = false;

  constructor(settings: HistorySettings, handlers: ConnectionHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#start();
  }

  post(message: ToHistory): void {
    this.#worker?.postMessage(message);
  }

  /** Asks the thread; rejects with `HistoryUnavailable` after `limitMs`. */
  ask(question: (id: number) => ToHistory, limitMs: number): Promise<Answer> {
    const id = this.#nextQuestion;
    this.#nextQuestion += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(id, `no answer within ${limitMs} ms`), limitMs);
      this.#questions.set(id, { resolve, reject, timer });
      this.post(question(id));
    });
  }

  /** Lets the thread finish and waits for its end; `false` if it had to be left hanging after `limitMs`. */
  async close(limitMs: number): Promise<boolean> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return true;
    this.post({ kind: 'close' });
    const ended = await within(limitMs, new Promise<void>((resolve) => worker.once('exit', () => resolve())));
    if (!ended) worker.unref();
    return ended;
  }

  /** Ends the thread whatever it does; resolves when it has ended. */
  async abort(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #start(): void {
    const worker = new Worker(threadFile(), { workerData: this.#settings, name: 'history' });
    this.#worker = worker;
    let reason: string | undefined;
    worker.on('message', (message: FromHistory) => this.#receive(message));
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.on('exit', (status) => this.#ended(reason ?? `it ended with status ${status}`));
  }

  #receive(message: FromHistory): void {
    if (message.kind === 'answer') this.#question(message.id)?.resolve(message.answer);
    else if (message.kind === 'no answer') this.#giveUp(message.id, message.reason);
    else {
      if (message.kind === 'opened') this.#restartMs = shortestRestartMs;
      this.#handlers.message(message);
    }
  }

  #question(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    clearTimeout(question?.timer);
    return question;
  }

  #giveUp(id: number, reason: string): void {
    this.#question(id)?.reject(new HistoryUnavailable(reason));
  }

  #ended(reason: string): void {
    this.#worker = undefined;
    for (const id of [...this.#questions.keys()]) this.#giveUp(id, `its thread died: ${reason}`);
    if (this.#closing) return;
    this.#restart = setTimeout(() => this.#start(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, longestRestartMs);
    this.#handlers.died(reason);
  }
}

/** Whether a promise was fulfilled within the limit. */
export async function within(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}
