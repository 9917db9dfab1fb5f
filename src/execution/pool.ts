/**
 * The worker pool as the daemon sees it: few threads, many executions on each.
 *
 * Each thread has one long-lived task and one port (`carrier.ts`); an execution is a message on it, which costs
 * far less than a task of its own. The pool knows of each execution what it takes to go on without its thread:
 * when a thread is lost, another one adopts its executions by exec id, or by their mark. None is ever run twice.
 * An execution has ended only when its `ended` message was handled, which comes after all of its output.
 */
import type { EngineAddress } from '../configuration.ts';
import { assertNever, type ContainerId, type ExecId, type ExecutionId } from '../ids.ts';
import { Carrier } from './carrier.ts';
import type { Outcome } from './outcome.ts';
import type { Pool, PoolHandlers } from './pool-contract.ts';
import type { ExecutionRequest, FromWorker } from './protocol.ts';

export interface PoolSettings {
  readonly engine: EngineAddress;
  /** JOB_POOL_SIZE: executions at once. */
  readonly size: number;
  /** WORKER_THREADS. */
  readonly threads: number;
  /** Milliseconds for the answer to one call. */
  readonly clientTimeoutMs: number;
  /** Bytes of one execution's output that are passed on. */
  readonly outputLimit: number;
  /** The worker's module; only tests name another one. */
  readonly workerFile?: URL;
  /** Milliseconds without a sign of life after which a busy thread is given up (5,000). */
  readonly watchdogMs?: number;
}

/** What is known of an execution that has not ended. */
interface Place {
  readonly request: ExecutionRequest;
  exec: ExecId | undefined;
  carrier: Carrier;
  /** By the monotonic clock. */
  readonly since: number;
  /** Why the threads that carried it before were lost. */
  readonly losses: string[];
  doubted: boolean;
  cancelled: boolean;
  /** It may start, should it wait for that. */
  go: boolean;
}

/** An execution that took so many threads down with it is not handed to another one. */
const LOSSES_LIMIT = 3;
/** Unanswered calls about one container, over all threads. */
const CALLS_PER_CONTAINER = 4;
/** Begin again after a thread that could not even load, milliseconds. */
const REPLACE_PAUSE_MS = 1_000;

export function createPool(settings: PoolSettings, handlers: PoolHandlers): Pool {
  return new WorkerPool(settings, handlers);
}

class WorkerPool implements Pool {
  readonly #settings: PoolSettings;
  readonly #handlers: PoolHandlers;
  readonly #places = new Map<ExecutionId, Place>();
  #carriers: Carrier[] = [];
  #doubts = 0;
  #stopped = false;

  constructor(settings: PoolSettings, handlers: PoolHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
  }

  get running(): number {
    return this.#places.size;
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.#settings.threads; i += 1) this.#carriers.push(this.#carrier());
    try {
      await Promise.all(this.#carriers.map((carrier) => carrier.ready));
    } catch (error) {
      await this.stop();
      throw new Error(`the workers can't run: ${(error as Error).message}`, { cause: error });
    }
    for (const carrier of this.#carriers) this.#heal(carrier);
  }

  execute(request: ExecutionRequest): void {
    if (this.#places.size >= this.#settings.size)
      throw new Error(`no place for ${request.execution}: ${this.#settings.size} executions are running`);
    const carrier = this.#take(request, undefined);
    carrier.tell({ kind: 'execute', request });
  }

  send(): void {
    for (const carrier of this.#carriers) carrier.send();
  }

  adopt(request: ExecutionRequest, exec: ExecId | undefined): void {
    const carrier = this.#take(request, exec);
    carrier.tell({ kind: 'adopt', request, exec });
  }

  go(execution: ExecutionId): void {
    const place = this.#places.get(execution);
    if (place === undefined) return;
    place.go = true;
    place.carrier.tell({ kind: 'go', execution });
  }

  cancel(execution: ExecutionId): void {
    const place = this.#places.get(execution);
    if (place === undefined) return;
    place.cancelled = true;
    place.carrier.tell({ kind: 'cancel', execution });
  }

  execDied(exec: ExecId, exitCode: number | undefined): void {
    for (const carrier of this.#carriers) carrier.tell({ kind: 'died', exec, exitCode });
  }

  containerDied(container: ContainerId): void {
    for (const carrier of this.#carriers)
      if (carrier.load > 0) carrier.tell({ kind: 'container died', container });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#carriers.map((carrier) => carrier.end()));
  }

  #carrier(): Carrier {
    const { engine, clientTimeoutMs, outputLimit, threads, size } = this.#settings;
    const callsPerContainer = Math.max(2, Math.ceil(CALLS_PER_CONTAINER / threads));
    return new Carrier({
      settings: { engine, clientTimeoutMs, outputLimit, callsPerContainer },
      workerFile: this.#settings.workerFile,
      watchdogMs: this.#settings.watchdogMs ?? 5_000,
      handle: (message) => this.#told(message),
      capacity: size,
    });
  }

  /** Takes a place on the least loaded thread. */
  #take(request: ExecutionRequest, exec: ExecId | undefined): Carrier {
    if (this.#places.has(request.execution)) throw new Error(`${request.execution} is carried already`);
    const carrier = this.#leastLoaded();
    carrier.load += 1;
    this.#places.set(request.execution, {
      request,
      exec,
      carrier,
      since: performance.now(),
      losses: [],
      doubted: false,
      cancelled: false,
      go: false,
    });
    return carrier;
  }

  #leastLoaded(): Carrier {
    let best = this.#carriers[0];
    if (best === undefined) throw new Error('the pool was not started');
    for (const carrier of this.#carriers)
      if (best.gone || (!carrier.gone && carrier.load < best.load)) best = carrier;
    return best;
  }

  #told(message: FromWorker): void {
    switch (message.kind) {
      case 'created': {
        const place = this.#places.get(message.execution);
        if (place !== undefined) place.exec = message.exec;
        this.#handlers.created(message.execution, message.exec);
        break;
      }
      case 'output':
        this.#handlers.output(message.lines);
        break;
      case 'omitted':
        this.#handlers.omitted(message.execution, message.lines, message.bytes);
        break;
      case 'warning':
        this.#handlers.warning(message.execution, message.message);
        break;
      case 'doubt':
        this.#doubt(message.execution);
        break;
      case 'ended':
        this.#ended(message.execution, message.outcome, message.durationMs);
        break;
      case 'ready':
      case 'pong':
        break;
      default:
        assertNever(message);
    }
  }

  #doubt(execution: ExecutionId): void {
    const place = this.#places.get(execution);
    if (place === undefined || place.doubted) return;
    place.doubted = true;
    this.#doubts += 1;
    if (this.#doubts === 1) this.#handlers.watchExecs(true);
  }

  #ended(execution: ExecutionId, outcome: Outcome, durationMs: number): void {
    const place = this.#places.get(execution);
    if (place === undefined) return;
    this.#places.delete(execution);
    place.carrier.load -= 1;
    if (place.doubted) {
      this.#doubts -= 1;
      if (this.#doubts === 0) this.#handlers.watchExecs(false);
    }
    if (place.losses.length === 0) {
      this.#handlers.ended(execution, outcome, durationMs);
      return;
    }
    const reason = place.losses.join('; ');
    const lost: Outcome =
      outcome.kind === 'unknown'
        ? { kind: 'worker lost', reason: `${reason}; afterwards: ${outcome.reason}` }
        : outcome;
    this.#handlers.ended(execution, lost, performance.now() - place.since);
  }

  /** Replaces a thread when it is lost, and hands its executions on. */
  #heal(carrier: Carrier): void {
    void carrier.lost.then((reason) => {
      if (this.#stopped) return;
      this.#handlers.warning(undefined, `a worker was lost (${reason}); another one takes its place`);
      const replace = (): void => {
        if (this.#stopped) return;
        const next = this.#carrier();
        this.#carriers = this.#carriers.map((old) => (old === carrier ? next : old));
        next.ready.catch(() => undefined);
        this.#heal(next);
        this.#handOver(carrier, reason);
      };
      if (carrier.wasReady) replace();
      else setTimeout(replace, REPLACE_PAUSE_MS);
    });
  }

  #handOver(from: Carrier, reason: string): void {
    for (const [execution, place] of this.#places) {
      if (place.carrier !== from) continue;
      place.losses.push(`the worker that carried it was lost (${reason})`);
      if (place.losses.length > LOSSES_LIMIT) {
        this.#ended(execution, { kind: 'unknown', reason: 'it is not handed to yet another one' }, 0);
        continue;
      }
      const { request, exec } = place;
      const timeoutMs = Math.max(1, request.timeoutMs - (performance.now() - place.since));
      place.carrier = this.#leastLoaded();
      place.carrier.load += 1;
      const left = { ...request, timeoutMs };
      // What waited for `go` and was not even created has certainly not started.
      if (request.waitsForGo === true && exec === undefined)
        place.carrier.tell({ kind: 'execute', request: left });
      else place.carrier.tell({ kind: 'adopt', request: left, exec });
      if (place.go) place.carrier.tell({ kind: 'go', execution });
      if (place.cancelled) place.carrier.tell({ kind: 'cancel', execution });
    }
  }
}
