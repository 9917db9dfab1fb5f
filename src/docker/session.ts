/**
 * One connection, from the first call to its loss: subscribe, list, apply; then a list every so often, and a ping
 * whenever the event stream has been silent for a while. Anything that fails ends it; the watcher then begins another.
 */
import type { EngineVersion } from './answers.ts';
import type { Engine } from './engine.ts';
import { type FeedListener, openFeed } from './event-feed.ts';
import { LIFE_EVENTS } from './event-lines.ts';
import { describeFailure } from './failure.ts';
import type { KnownContainers } from './known-containers.ts';
import type { WatcherClock } from './watcher-clock.ts';

/** Silence of the event stream after which the engine is asked whether it lives, milliseconds. */
const SILENCE_MS = 5_000;
/** Limit of that question. Two without an answer end the session: within 15 s of the engine's last sign of life. */
const PING_LIMIT_MS = 4_000;
/** A list waits this long for the facts of single containers; those that come later follow one by one. */
const FACTS_WAIT_MS = 1_000;

export interface SessionParts {
  readonly engine: Engine;
  readonly known: KnownContainers;
  readonly clock: WatcherClock;
  readonly resyncIntervalMs: number;
  readonly listener: FeedListener;
  /** An element of a list that can't be read; it is skipped, in each list again. */
  onOddContainer(message: string): void;
  /** Everything is in place; the list is told right after. */
  onConnected(version: EngineVersion): void;
  onListed(cause: ListCause): void;
  onProof(): void;
  /** Monotonic moment of the last sign of life. */
  lastProof(): number;
}

export type ListCause = 'start' | 'reconnect' | 'resync';

/** Resolves with the reason of its end. `stopped` ends it too. */
export async function runSession(
  parts: SessionParts,
  cause: 'start' | 'reconnect',
  since: string | undefined,
  stopped: AbortSignal,
): Promise<string> {
  const { engine } = parts;
  const renewed = engine.renew();
  if (!renewed.ok) return describeFailure(renewed.failure);
  const version = await engine.version();
  if (!version.ok) return describeFailure(version.failure);
  const opened = await openFeed(engine, LIFE_EVENTS, since, parts.listener);
  if (!opened.ok) return describeFailure(opened.failure);
  const feed = opened.value;
  try {
    return await untilLost(parts, cause, version.value, feed.ended, stopped);
  } finally {
    feed.close();
  }
}

async function untilLost(
  parts: SessionParts,
  cause: 'start' | 'reconnect',
  version: EngineVersion,
  ended: Promise<string>,
  stopped: AbortSignal,
): Promise<string> {
  const { clock, resyncIntervalMs } = parts;
  let over = false;
  const cancels = new Set<() => void>();
  const every = (
    ms: number,
    run: () => Promise<string | undefined>,
    lost: (reason: string) => void,
  ): void => {
    const cancel = clock.after(ms, () => {
      cancels.delete(cancel);
      run().then((reason) => {
        if (over) return;
        if (reason === undefined) every(ms, run, lost);
        else lost(reason);
      }, rethrow);
    });
    cancels.add(cancel);
  };
  let onStop = () => {};
  const stopping = new Promise<string>((resolve) => {
    onStop = () => resolve('chorewheel stops');
  });
  stopped.addEventListener('abort', onStop);
  if (stopped.aborted) onStop();
  try {
    const alive = () => !over && !stopped.aborted;
    const first = list(parts, cause, alive, () => parts.onConnected(version));
    const failed = await Promise.race([first, ended, stopping]);
    if (failed !== undefined) return failed;
    return await new Promise<string>((resolve) => {
      void ended.then(resolve);
      void stopping.then(resolve);
      every(SILENCE_MS, () => checkLife(parts), resolve);
      every(resyncIntervalMs, () => list(parts, 'resync', alive, () => {}), resolve);
    });
  } finally {
    over = true;
    stopped.removeEventListener('abort', onStop);
    for (const cancel of cancels) cancel();
  }
}

/** Resolves with the reason if it failed. Tells nothing once the session is over. */
async function list(
  { engine, known, clock, onOddContainer, onListed, onProof }: SessionParts,
  cause: ListCause,
  alive: () => boolean,
  beforeTelling: () => void,
): Promise<string | undefined> {
  const builder = known.beginList();
  const answer = await engine.list(builder.add, onOddContainer);
  if (!answer.ok) return `listing the containers failed: ${describeFailure(answer.failure)}`;
  await waitAtMost(clock, FACTS_WAIT_MS, builder.ready());
  if (!alive()) return undefined;
  onProof();
  onListed(cause);
  beforeTelling();
  builder.finish(cause);
  return undefined;
}

async function waitAtMost(clock: WatcherClock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, limit]);
  cancel();
}

/** Resolves with the reason if the engine is not alive. */
async function checkLife({ engine, clock, lastProof, onProof }: SessionParts): Promise<string | undefined> {
  if (clock.mono() - lastProof() < SILENCE_MS) return undefined;
  const first = await engine.ping(PING_LIMIT_MS);
  const answer = first.ok ? first : await engine.ping(PING_LIMIT_MS);
  if (!answer.ok) return `the engine gives no sign of life: ${describeFailure(answer.failure)}`;
  onProof();
  return undefined;
}

/** A bug in a callback must not vanish in a promise that nobody waits for. */
export function rethrow(error: unknown): never {
  throw error;
}
