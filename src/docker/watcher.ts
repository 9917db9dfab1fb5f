/** Watches one engine: keeps a session with it, begins another when one is lost, and tells what it learns in order. */
import { createContainerFacts, type LabelParser } from './container-facts.ts';
import type { Engine } from './engine.ts';
import type { Watcher, WatcherEvent } from './engine-contract.ts';
import { type EngineEvent, sinceWithOverlap } from './event-lines.ts';
import { createExecWatch } from './exec-watch.ts';
import { createKnownContainers } from './known-containers.ts';
import { rethrow, runSession, type SessionParts } from './session.ts';
import { backoff, systemWatcherClock, type WatcherClock } from './watcher-clock.ts';

/** Events remembered by id, action and time, to tell replayed ones; the engine itself replays at most 256. */
const REMEMBERED_EVENTS = 1024;
/** A session that lived this long proves that the engine is there: the backoff begins anew. Milliseconds. */
const PROVEN_MS = 1_000;

export interface WatcherSettings {
  readonly engine: Engine;
  readonly parse: LabelParser;
  /** CONTAINER_CACHE_SIZE. */
  readonly cacheSize: number;
  readonly resyncIntervalMs: number;
  /** Called in order, never while another call of it runs; must not block. What it throws is not caught. */
  readonly handler: (event: WatcherEvent) => void;
  readonly clock?: WatcherClock;
}

/** The watcher owns the engine given: `stop` closes it. */
export function createWatcher(settings: WatcherSettings): Watcher {
  const { engine, parse, cacheSize, resyncIntervalMs, clock = systemWatcherClock } = settings;
  const stopped = new AbortController();
  const handler = (event: WatcherEvent): void => {
    if (!stopped.signal.aborted) settings.handler(event);
  };
  const warn = (message: string): void => handler({ kind: 'warning', message });
  const facts = createContainerFacts({ engine, parse, cacheSize, warn });
  const known = createKnownContainers(facts, handler);
  const execs = createExecWatch({ engine, clock, handler, warn });
  const isNew = createMemory(REMEMBERED_EVENTS);
  const isNewOddity = createMemory(REMEMBERED_EVENTS);
  const health = { connected: false, lastEventProof: 0, lastList: 0, reconnects: 0, resyncs: 0 };
  let lastProof = 0;
  let lastTimeNano = '';
  let lostAt: number | undefined;
  let running: Promise<void> | undefined;
  let firstListed: () => void = () => {};

  function onEvent(event: EngineEvent): void {
    if (event.kind !== 'life') return;
    if (event.timeNano !== '' && !isNew(`${event.container} ${event.action} ${event.timeNano}`)) return;
    known.apply(event);
    if (event.timeNano !== '') lastTimeNano = event.timeNano;
  }

  function onProof(): void {
    lastProof = clock.mono();
    health.lastEventProof = clock.wall();
  }

  const parts: SessionParts = {
    engine,
    known,
    clock,
    resyncIntervalMs,
    listener: { onEvent, onOdd: warn, onBytes: onProof },
    onOddContainer(message) {
      if (isNewOddity(message)) warn(message);
    },
    onConnected({ version, api }) {
      health.connected = true;
      const afterMs = lostAt === undefined ? 0 : clock.mono() - lostAt;
      lostAt = undefined;
      handler({ kind: 'connected', engine: engine.address, version: `${version} (API ${api})`, afterMs });
      execs.connected();
    },
    onListed(cause) {
      health.lastList = clock.wall();
      if (cause === 'reconnect') health.reconnects += 1;
      if (cause === 'resync') health.resyncs += 1;
      // The list is told in this same turn; who waits for it comes after.
      firstListed();
    },
    onProof,
    lastProof: () => lastProof,
  };

  async function run(): Promise<void> {
    let everConnected = false;
    for (let attempt = 1; !stopped.signal.aborted; attempt += 1) {
      const began = clock.mono();
      const cause = everConnected ? 'reconnect' : 'start';
      const reason = await runSession(parts, cause, sinceWithOverlap(lastTimeNano), stopped.signal);
      if (stopped.signal.aborted) break;
      if (health.connected) {
        everConnected = true;
        health.connected = false;
        lostAt = clock.mono();
        if (clock.mono() - began >= PROVEN_MS) attempt = 1;
      }
      execs.disconnected();
      const retryInMs = backoff(attempt, clock.random());
      handler({ kind: 'disconnected', reason: `${engine.address}: ${reason}`, attempt, retryInMs });
      await sleep(retryInMs);
    }
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stopped.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      stopped.signal.addEventListener('abort', done);
      if (stopped.signal.aborted) done();
    });
  }

  return {
    health,
    watchExecs: execs.watch,
    start(): Promise<void> {
      if (running !== undefined) throw new Error('the watcher was started twice');
      const listed = new Promise<void>((resolve) => {
        firstListed = resolve;
      });
      running = run();
      // What the handler throws is a bug and must end the process, although others wait for this promise too.
      void running.then(undefined, rethrow);
      return Promise.race([listed, running]);
    },
    async stop(): Promise<void> {
      stopped.abort();
      execs.watch(false);
      engine.close();
      await running;
      health.connected = false;
    },
  };
}

/** True for what was not said within the last `limit` calls. */
function createMemory(limit: number): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    if (seen.has(key)) return false;
    seen.add(key);
    if (seen.size > limit) seen.delete(seen.values().next().value as string);
    return true;
  };
}
