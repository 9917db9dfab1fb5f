/**
 * One thread of the pool: its task, its port, and the watch over both.
 *
 * Each thread is a Piscina of one. Piscina makes the thread, limits its heap and tells of its end; but a pool of
 * several gives up for good when one thread fails while it loads, and does not tell which thread runs what.
 * `atomics` must be off: a thread that waits by them serves neither timers nor sockets.
 *
 * A thread is lost when its task ends, whatever the cause: an exhausted heap, `process.exit`, an exception in
 * a callback, or the watchdog, which ends a thread that is busy and answers no ping. What it told before is
 * handled first.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { FromWorker, ToWorker, WorkerSettings } from './protocol.ts';

export interface CarrierOptions {
  readonly settings: WorkerSettings;
  readonly workerFile: URL | undefined;
  readonly watchdogMs: number;
  readonly handle: (message: FromWorker) => void;
  /** Executions that it may have to carry at once; its heap is measured by that. */
  readonly capacity: number;
}

/** A heap for the code, and for each execution what its request, strings and closures need. */
const HEAP_MB = 64;
const HEAP_PER_EXECUTION_MB = 0.1;
/** Small, so that a flood's short-lived strings are collected before they spread over the memory. */
const YOUNG_MB = 8;
/** Pings per watchdog period. Counting turns, not time: a process that was suspended is no stuck thread. */
const PINGS = 5;
const LOAD_MS = 30_000;

export class Carrier {
  /** Executions that it carries; kept by the pool. */
  load = 0;
  /** Rejects if its code can't be loaded. */
  readonly ready: Promise<void>;
  /** Resolves with the cause when the thread is gone; never after `end`. */
  readonly lost: Promise<string>;
  wasReady = false;
  readonly #options: CarrierOptions;
  readonly #thread: Piscina;
  readonly #port: MessagePort;
  #outgoing: ToWorker[] = [];
  #watch: NodeJS.Timeout | undefined;
  #loading: NodeJS.Timeout | undefined;
  #unanswered = 0;
  /** It carries nothing any more. */
  gone = false;
  #ended = false;
  #tellReady: () => void = () => undefined;
  #tellLost: (reason: string) => void = () => undefined;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#tellReady = resolve;
      void this.lost.then((reason) => reject(new Error(reason)));
    });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (messages: readonly FromWorker[]) => this.#receive(messages));
    this.#thread = this.#createThread();
    const task = { port: port2, settings: options.settings };
    this.#thread.run(task, { transferList: [port2] }).then(
      () => this.#lose('its task ended'),
      (error: Error) => this.#lose(error.message),
    );
    this.#watch = setInterval(() => this.#ping(), options.watchdogMs / PINGS);
    this.#loading = setTimeout(() => this.#lose(`it did not load within ${LOAD_MS / 1000} s`), LOAD_MS);
  }

  /** Messages of one turn travel together. */
  tell(message: ToWorker): void {
    if (this.#outgoing.push(message) === 1) queueMicrotask(() => this.send());
  }

  /** Posts what waits for the turn's end. */
  send(): void {
    if (this.#outgoing.length === 0) return;
    const messages = this.#outgoing;
    this.#outgoing = [];
    if (!this.gone) this.#port.postMessage(messages);
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#close();
    await this.#thread.destroy();
  }

  #createThread(): Piscina {
    const heap = Math.ceil(HEAP_MB + HEAP_PER_EXECUTION_MB * this.#options.capacity);
    const thread = new Piscina({
      filename: (this.#options.workerFile ?? defaultWorkerFile()).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: heap, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    // A failure without a task: the thread could not load its file.
    thread.on('error', (error: Error) => this.#lose(error.message));
    return thread;
  }

  #receive(messages: readonly FromWorker[]): void {
    let handled = 0;
    for (const message of messages) {
      if (message.kind === 'pong') this.#unanswered = 0;
      if (message.kind === 'output') handled += message.bytes;
      if (message.kind === 'ready') {
        this.wasReady = true;
        clearTimeout(this.#loading);
        this.#tellReady();
      }
      this.#options.handle(message);
    }
    if (handled > 0) this.tell({ kind: 'handled', bytes: handled });
  }

  #ping(): void {
    if (!this.wasReady || this.load === 0) {
      this.#unanswered = 0;
      return;
    }
    if (this.#unanswered > PINGS) {
      this.#lose(`it did not answer for ${this.#options.watchdogMs / 1000} s`);
      return;
    }
    this.#unanswered += 1;
    this.tell({ kind: 'ping', nonce: this.#unanswered });
  }

  #lose(reason: string): void {
    if (this.gone) return;
    // The thread's last messages may have arrived, but not been handled.
    for (let entry = receiveMessageOnPort(this.#port); entry !== undefined; ) {
      this.#receive(entry.message as readonly FromWorker[]);
      entry = receiveMessageOnPort(this.#port);
    }
    this.#close();
    // It is gone or stuck; either way nobody waits for its last breath.
    void this.#thread.destroy().catch(() => undefined);
    if (!this.#ended) this.#tellLost(reason);
  }

  #close(): void {
    this.gone = true;
    clearInterval(this.#watch);
    clearTimeout(this.#loading);
    this.#port.close();
  }
}

function defaultWorkerFile(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../../workers/worker.${ending}`, import.meta.url);
}
