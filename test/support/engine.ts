/**
 * A real Docker engine for tests.
 *
 *     engineTest('output is told as it comes', async (t, engine) => {
 *       const box = await engine.run(t, { labels: { 'deck-chores.x.command': 'date' } });
 *       …
 *     });
 *
 * Where the engine comes from, first that fits:
 *   CHOREWHEEL_TEST_SOCKET  socket of an engine to use (the test runner sets it, so that all files share one);
 *                           its containers made by tests are removed again, nothing else is touched;
 *   else, as root on Linux with dockerd and a static busybox, a private daemon for the length of the file.
 * Where none is to be had the test is skipped and says why; with CHOREWHEEL_ENGINE_TESTS=required it fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { addImage, type Daemon, type DaemonOptions, daemonObstacle, IMAGE, startDaemon } from './daemon.ts';
import { call } from './http.ts';

export interface RunOptions {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `busybox:latest` if left out. */
  readonly image?: string;
  /** Sleeps for ever if left out. */
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  /** Only created, not started. */
  readonly start?: boolean;
  /** Merged into the engine's HostConfig. */
  readonly host?: object;
  /** Merged into what the container is made of, as in `{ Healthcheck: … }`. */
  readonly more?: object;
}

export interface RunningContainer {
  readonly id: string;
  readonly name: string;
}

export interface TestEngine {
  readonly socketPath: string;
  /** `unix://…`, as DOCKER_HOST takes it. */
  readonly host: string;
  /** Creates and starts a container; it is removed after the test. */
  run(t: Pick<TestContext, 'after'>, options?: RunOptions): Promise<RunningContainer>;
  /** `POST /containers/ID/VERB`; `start stop kill restart pause unpause rename?name=…`. Throws on an error. */
  change(container: RunningContainer, verb: string): Promise<void>;
  remove(container: RunningContainer): Promise<void>;
  /** An image with labels, of the same files as busybox. */
  image(tag: string, labels: Readonly<Record<string, string>>): Promise<void>;
}

/** Names of containers are unique among all runs that share an engine. */
let count = 0;
const IDLE = ['tail', '-f', '/dev/null'];

export function engineOn(socketPath: string, folder: string): TestEngine {
  const ask = async (
    method: string,
    path: string,
    accepted: readonly number[],
    body?: unknown,
  ): Promise<string> => {
    const reply = await call(socketPath, method, path, body);
    if (!accepted.includes(reply.status)) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
    return reply.json?.Id;
  };
  const engine: TestEngine = {
    socketPath,
    host: `unix://${socketPath}`,
    async run(t, options = {}) {
      count += 1;
      const name = options.name ?? `cw-test-${process.pid}-${count}`;
      const id = await ask('POST', `/containers/create?name=${encodeURIComponent(name)}`, [201], {
        Image: options.image ?? IMAGE,
        Cmd: options.command ?? IDLE,
        Env: options.env ?? [],
        Labels: options.labels ?? {},
        HostConfig: { NetworkMode: 'none', ...options.host },
        ...options.more,
      });
      t.after(() => removeQuietly(socketPath, id));
      if (options.start !== false) await ask('POST', `/containers/${id}/start`, [204]);
      return { id, name };
    },
    change: ({ id }, verb) => ask('POST', `/containers/${id}/${verb}`, [204, 304]).then(() => undefined),
    remove: ({ id }) => ask('DELETE', `/containers/${id}?force=1`, [204, 404]).then(() => undefined),
    image: (tag, labels) => addImage({ socketPath, folder }, tag, labels),
  };
  return engine;
}

/** How long the engine may take to remove a container; one that is wedged in it would hold up all other tests. */
const REMOVAL_MS = 60_000;

/** An engine that is gone has taken its containers with it; one that can't remove a container is told of. */
async function removeQuietly(socketPath: string, id: string): Promise<void> {
  const patience = AbortSignal.timeout(REMOVAL_MS);
  const path = `/containers/${id}?force=1`;
  await call(socketPath, 'DELETE', path, undefined, patience).catch((error: NodeJS.ErrnoException) => {
    if (patience.aborted) console.error(`the engine did not remove container ${id} in ${REMOVAL_MS} ms`);
    else if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') throw error;
  });
}

let shared: Promise<TestEngine> | undefined;

/** The engine of this test file; started with the first use, ended after its last test. */
function sharedEngine(): Promise<TestEngine> {
  shared ??= findEngine();
  return shared;
}

async function findEngine(): Promise<TestEngine> {
  const given = process.env.CHOREWHEEL_TEST_SOCKET;
  if (given !== undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'cwi-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return engineOn(given, folder);
  }
  const daemon = await startDaemon();
  cleanUp.push(() => daemon.destroy());
  return engineOn(daemon.socketPath, daemon.folder);
}

const cleanUp: (() => Promise<void>)[] = [];

after(async () => {
  for (const work of cleanUp) await work();
});

/** Why engine tests can't run here; undefined = they can. */
export function engineObstacle(): string | undefined {
  return process.env.CHOREWHEEL_TEST_SOCKET === undefined ? daemonObstacle() : undefined;
}

/** Whether a missing engine is a failure instead of a skip. */
export function engineRequired(): boolean {
  return process.env.CHOREWHEEL_ENGINE_TESTS === 'required';
}

/** A test on the shared engine; skipped with the reason where there is none. */
export function engineTest(
  name: string,
  body: (t: TestContext, engine: TestEngine) => Promise<void>,
  options: { readonly timeout?: number } = {},
): void {
  test(name, { timeout: options.timeout ?? 120_000 }, async (t) => {
    if (missing(t)) return;
    await body(t, await sharedEngine());
  });
}

/** A test on one or more daemons of its own (to be stopped, frozen, restarted); `start` makes them. */
export function daemonTest(
  name: string,
  body: (t: TestContext, start: (options?: DaemonOptions) => Promise<Daemon & TestEngine>) => Promise<void>,
  options: { readonly timeout?: number } = {},
): void {
  test(name, { timeout: options.timeout ?? 180_000 }, async (t) => {
    const obstacle = daemonObstacle();
    if (obstacle !== undefined && missing(t, obstacle)) return;
    await body(t, async (daemonOptions) => {
      const daemon = await startDaemon(daemonOptions);
      t.after(() => daemon.destroy());
      return Object.defineProperties(
        daemon,
        Object.getOwnPropertyDescriptors(engineOn(daemon.socketPath, daemon.folder)),
      ) as Daemon & TestEngine;
    });
  });
}

function missing(t: TestContext, obstacle: string | undefined = engineObstacle()): boolean {
  if (obstacle === undefined) return false;
  if (engineRequired()) throw new Error(`a real engine is required, but ${obstacle}`);
  t.skip(`no engine: ${obstacle}`);
  return true;
}
