/** Watchers on a scripted engine and a clock by hand, for tests. */
import type { TestContext } from 'node:test';
import type { Engine } from '../../src/docker/engine.ts';
import type { Watcher } from '../../src/docker/engine-contract.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import {
  listed,
  type ManualClock,
  manualClock,
  parseForTests,
  type Recorder,
  recorder,
  type ScriptedEngine,
  scriptedEngine,
} from './watching.ts';

export const RESYNC_MS = 60_000;

/** A watcher that was started just now. */
export function watching(
  t: TestContext,
  engine: Engine,
): { watcher: Watcher; told: Recorder; clock: ManualClock; started: Promise<void> } {
  const told = recorder();
  const clock = manualClock();
  const watcher = createWatcher({
    engine,
    parse: parseForTests,
    cacheSize: 128,
    resyncIntervalMs: RESYNC_MS,
    handler: told.handler,
    clock,
  });
  // A promise that waits for a test's answer keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  t.after(async () => {
    await watcher.stop();
    clearInterval(alive);
  });
  return { watcher, told, clock, started: watcher.start() };
}

export type Running = ReturnType<typeof watching> & {
  engine: ScriptedEngine;
  stream: Awaited<ReturnType<ScriptedEngine['nextStream']>>['stream'];
};

/** A watcher that has told its first list, of one container. */
export async function settled(t: TestContext): Promise<Running> {
  const engine = scriptedEngine();
  const parts = watching(t, engine);
  const { stream } = await engine.nextStream();
  (await engine.nextList()).give([listed('a')]);
  await parts.started;
  return { ...parts, engine, stream };
}

/** Lets everything run that is ready to. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
