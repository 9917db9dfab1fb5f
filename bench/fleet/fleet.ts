/**
 * A simulated Docker engine: plain `node:http` on a unix socket, a world of containers in memory, faults on
 * demand, and a record of every exec. It serves the bench as the thing to measure against, tests and chaos
 * runs as an engine that misbehaves on command, and `chorewheel demo` as the engine of a machine without one.
 *
 *     const fleet = await startFleet({ socketPath, population: { containers: 10 } });
 *     fleet.faults.set({ rules: [{ match: 'POST /exec/.*', effect: { kind: 'hang' }, times: 1 }] });
 *     await fleet.until(() => fleet.executions().length === 3);
 *     await fleet.close();
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Work } from './behaviour.ts';
import { type FleetClock, startClock } from './clock.ts';
import type { ContainerSpec, FleetContainer } from './container.ts';
import { EventLog } from './events.ts';
import type { Exec } from './execution.ts';
import { Faults } from './faults.ts';
import { imageLabels, JOB_IMAGE, PLAIN_IMAGE, type Population, populate } from './population.ts';
import { type Random, seededRandom } from './random.ts';
import type { Engine } from './routes.ts';
import { type FleetServer, serve } from './server.ts';
import { type Storm, startStorm } from './storm.ts';
import { type Behaves, World } from './world.ts';

export interface FleetOptions {
  /** Path of the unix socket to listen on; or a loopback port (0 = any). */
  readonly socketPath?: string;
  readonly port?: number;
  readonly seed?: number;
  readonly population?: Population;
  readonly work?: Partial<Work>;
  /** Overrides what an exec does; `undefined` = as its words say. */
  readonly behaves?: Behaves;
  /** Execs remembered at most; 200,000 if left out. */
  readonly keep?: number;
  /** How far the engine's wall clock is ahead of this machine's, in milliseconds; 0 if left out. */
  readonly clockOffsetMs?: number;
}

export interface FleetStats {
  /** Requests by method and shape of path, as in `POST /containers/:id/exec`. */
  readonly requests: ReadonlyMap<string, number>;
  readonly connections: number;
  readonly peakRunning: number;
}

export interface Fleet {
  readonly world: World;
  readonly faults: Faults;
  readonly events: EventLog;
  readonly clock: FleetClock;
  readonly random: Random;
  readonly socketPath: string | undefined;
  readonly port: number | undefined;
  readonly stats: FleetServer['stats'];
  /** Every remembered exec, oldest first. */
  executions(): Exec[];
  /** Adds a container, running unless its `state` says otherwise. */
  add(spec: ContainerSpec): FleetContainer;
  /** Resolves once `check` is true (asked after each change and request); rejects after `timeoutMs` (20 s). */
  until(check: () => boolean, timeoutMs?: number): Promise<void>;
  /** Closes open event streams (the clients see an end, or an error with `hard`). */
  cutEvents(hard?: boolean): void;
  /** Closes the streams of running execs; their processes go on. */
  cutExecs(): void;
  /** Streams that clients hold open now. */
  openStreams(): { readonly events: number; readonly execs: number };
  /** Stops listening and closes every connection, until `comeBack`. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** As the real one: away for a moment, execs forgotten, containers killed and started anew. */
  restart(options?: { readonly downMs?: number; readonly liveRestore?: boolean }): Promise<void>;
  /** Containers start and die at random, until stopped. */
  storm(perSecond: number): Storm;
  close(): Promise<void>;
}

const DEFAULT_WORK: Work = { durationMs: 0, outputBytes: 0, failing: 0 };

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const clock = startClock(options.clockOffsetMs);
  const random = seededRandom(options.seed ?? 1);
  const events = new EventLog(clock);
  const faults = new Faults(random);
  events.drop = () => faults.dropsEvent();
  const world = new World({
    clock,
    random,
    events,
    work: { ...DEFAULT_WORK, ...options.work },
    behaves: options.behaves,
    keep: options.keep ?? 200_000,
  });
  world.addImage(PLAIN_IMAGE, {});
  world.addImage(JOB_IMAGE, imageLabels(options.population ?? { containers: 0 }));
  for (const spec of populate(options.population ?? { containers: 0 }, random)) world.create(spec);

  const engine: Engine = {
    world,
    faults,
    id: randomUUID(),
    eventStreams: new Set<ServerResponse>(),
    execSockets: new Set<Socket>(),
  };
  const server = serve(engine, options);
  await server.listen();
  return assemble({ clock, random, events, faults, world, engine, server });
}

interface Parts {
  readonly clock: FleetClock;
  readonly random: Random;
  readonly events: EventLog;
  readonly faults: Faults;
  readonly world: World;
  readonly engine: Engine;
  readonly server: FleetServer;
}

function assemble({ clock, random, events, faults, world, engine, server }: Parts): Fleet {
  const waits = new Set<() => void>();
  const storms = new Set<Storm>();
  const look = (): void => {
    for (const wait of waits) wait();
  };
  world.changed = look;
  server.onActivity(look);

  const fleet: Fleet = {
    world,
    faults,
    events,
    clock,
    random,
    socketPath: server.socketPath,
    get port() {
      return server.port();
    },
    stats: server.stats,
    executions: () => [...world.execs.values()],
    add(spec) {
      return world.create({ state: 'running', ...spec });
    },
    until: (check, timeoutMs = 20_000) => waitUntil(waits, check, timeoutMs),
    cutEvents(hard = false) {
      for (const response of engine.eventStreams) hard ? response.destroy() : response.end();
    },
    cutExecs() {
      for (const socket of engine.execSockets) socket.destroy();
    },
    openStreams: () => ({ events: engine.eventStreams.size, execs: engine.execSockets.size }),
    goAway: () => server.close(),
    comeBack: () => server.listen(),
    async restart({ downMs = 0, liveRestore = false } = {}) {
      await server.close();
      world.restartEngine(liveRestore);
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await server.listen();
    },
    storm(perSecond) {
      const storm = startStorm(world, random, perSecond);
      storms.add(storm);
      return storm;
    },
    async close() {
      for (const storm of storms) storm.stop();
      engine.storm?.stop();
      world.close();
      await server.close();
      if (server.socketPath !== undefined) rmSync(server.socketPath, { force: true });
    },
  };
  return fleet;
}

function waitUntil(waits: Set<() => void>, check: () => boolean, timeoutMs: number): Promise<void> {
  if (check()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!check()) return;
      waits.delete(look);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waits.delete(look);
      reject(new Error(`the fleet did not come to ${check.toString()} within ${timeoutMs} ms`));
    }, timeoutMs);
    waits.add(look);
  });
}
