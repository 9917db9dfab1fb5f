/**
 * `/fleet/*`: what a bench or a person at another process asks of the fleet. JSON in, JSON out.
 *
 *   GET  /fleet/executions[?from=N]   records, with `epochMs`: wall ms = epochMs + ns / 1e6
 *   GET  /fleet/stats                 requests, connections, CPU and memory of the fleet's process
 *   POST /fleet/reset                 forgets ended execs and counts
 *   POST /fleet/faults                a FaultSettings (faults.ts)
 *   POST /fleet/cut                   {"what":"events"|"execs"}
 *   POST /fleet/storm                 {"perSecond":N}, 0 = calm
 *   POST /fleet/containers            a ContainerSpec, or a list of them
 */

import type { ContainerSpec } from './container.ts';
import { EngineError } from './errors.ts';
import type { Exec } from './execution.ts';
import type { FaultSettings } from './faults.ts';
import type { Answer, Engine, Request } from './routes.ts';
import type { ServerStats } from './server.ts';
import { startStorm } from './storm.ts';

/** One exec as the control endpoint tells it; moments in nanoseconds of the fleet's clock, -1 = never. */
export interface ExecutionRecord {
  readonly exec: string;
  readonly container: string;
  readonly name: string;
  readonly words: readonly string[];
  /** Value of `CHOREWHEEL_EXECUTION`. */
  readonly mark: string | undefined;
  readonly createdNs: number;
  readonly startedNs: number;
  readonly endedNs: number;
  readonly inspectedNs: number;
  readonly inspections: number;
  readonly exitCode: number | undefined;
}

export interface StatsAnswer {
  readonly epochMs: number;
  readonly nowNs: number;
  readonly connections: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly executions: number;
  /** CPU milliseconds of the fleet's process so far. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export function recordOf(exec: Exec): ExecutionRecord {
  return {
    exec: exec.id,
    container: exec.container,
    name: exec.containerName,
    words: exec.ask.words,
    mark: exec.variable('CHOREWHEEL_EXECUTION'),
    createdNs: exec.createdNs,
    startedNs: exec.startedNs,
    endedNs: exec.endedNs,
    inspectedNs: exec.inspectedNs,
    inspections: exec.inspections,
    exitCode: exec.exitCode,
  };
}

export function control(engine: Engine, stats: ServerStats, request: Request): Answer {
  switch (`${request.method} ${request.path}`) {
    case 'GET /fleet/executions':
      return executions(engine, Number(request.query.get('from') ?? 0));
    case 'GET /fleet/stats':
      return { status: 200, json: statsAnswer(engine, stats) };
    case 'POST /fleet/reset':
      return reset(engine, stats);
    case 'POST /fleet/faults':
      engine.faults.set(JSON.parse(request.body) as FaultSettings);
      return { status: 204 };
    case 'POST /fleet/cut':
      return cut(engine, (JSON.parse(request.body) as { what?: string }).what);
    case 'POST /fleet/storm':
      return storm(engine, (JSON.parse(request.body) as { perSecond?: number }).perSecond ?? 0);
    case 'POST /fleet/containers':
      return addContainers(engine, JSON.parse(request.body) as ContainerSpec | ContainerSpec[]);
    default:
      throw new EngineError(404, `the fleet has no ${request.method} ${request.path}`);
  }
}

function executions(engine: Engine, from: number): Answer {
  const records = [...engine.world.execs.values()].slice(from).map(recordOf);
  return { status: 200, json: { epochMs: engine.world.options.clock.epochMs, executions: records } };
}

function statsAnswer(engine: Engine, stats: ServerStats): StatsAnswer {
  const { user, system } = process.cpuUsage();
  return {
    epochMs: engine.world.options.clock.epochMs,
    nowNs: engine.world.options.clock.ns(),
    connections: stats.connections,
    requests: Object.fromEntries(stats.requests),
    executions: engine.world.execs.size,
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
  };
}

function reset(engine: Engine, stats: ServerStats): Answer {
  stats.requests.clear();
  stats.connections = 0;
  for (const exec of engine.world.execs.values())
    if (exec.state === 'ended') engine.world.execs.delete(exec.id);
  return { status: 204 };
}

function cut(engine: Engine, what: string | undefined): Answer {
  if (what === 'events') for (const response of engine.eventStreams) response.destroy();
  else if (what === 'execs') for (const socket of engine.execSockets) socket.destroy();
  else throw new EngineError(400, 'cut what? "events" or "execs"');
  return { status: 204 };
}

function storm(engine: Engine, perSecond: number): Answer {
  engine.storm?.stop();
  if (perSecond > 0) engine.storm = startStorm(engine.world, engine.world.options.random, perSecond);
  return { status: 204 };
}

function addContainers(engine: Engine, specs: ContainerSpec | ContainerSpec[]): Answer {
  const added = (Array.isArray(specs) ? specs : [specs]).map((spec) =>
    engine.world.create({ state: 'running', ...spec }),
  );
  return { status: 201, json: added.map(({ id, name }) => ({ id, name })) };
}
