/** The daemon's parts, made from the configuration and joined to those who listen: log, history, metrics, page. */
import { randomBytes } from 'node:crypto';
import type { Live } from './api/live.ts';
import type { Metrics } from './api/metrics.ts';
import type { ProblemBoard } from './api/problems.ts';
import { createSystemClock, readClock } from './clock.ts';
import type { Config } from './configuration.ts';
import { createDaemon, type Daemon } from './daemon.ts';
import { createEngine } from './docker/engine.ts';
import { lookForOthers, type OtherInstance, readSelf } from './docker/other-instances.ts';
import { createWatcher } from './docker/watcher.ts';
import { createPool } from './execution/pool.ts';
import type { History } from './history/history.ts';
import type { ExecutionId } from './ids.ts';
import { parseContainerLabels } from './labels/container.ts';
import type { OutputLog } from './output-log.ts';
import { renderWarning, renderWatcherEvent } from './process-report.ts';
import { leftBehind, notRun } from './remembering.ts';
import { createSchedule, type Schedule } from './scheduling/schedule.ts';

/** Those who are told what happens. */
export interface Listeners {
  readonly history: History;
  readonly output: OutputLog;
  readonly metrics: Metrics;
  readonly live: Live;
  readonly problems: ProblemBoard;
}

export function newSchedule(config: Config, history: History): Schedule {
  return createSchedule({
    poolSize: config.jobPoolSize,
    newExecutionId: createIds(),
    random: Math.random,
    now: readClock(),
    ...(config.stateDir === undefined ? {} : { memories: history.recovered.memories }),
  });
}

/** Random ids of 16 hexadecimal digits, drawn many at a time: ten thousand jobs may be due at once. */
function createIds(): () => ExecutionId {
  const size = 8;
  const most = 512 * size;
  let drawn = Buffer.alloc(0);
  let at = most;
  return () => {
    if (at === most) {
      drawn = randomBytes(most);
      at = 0;
    }
    at += size;
    return drawn.toString('hex', at - size, at) as ExecutionId;
  };
}

export interface Calls {
  /** Whenever the schedule has been asked, the clock's wakes included. */
  ticked(): void;
  /** Another instance has the right of way: this one is to end, and never hears a list. */
  giveWay(other: OtherInstance): void;
}

export function assemble(
  config: Config,
  schedule: Schedule,
  listeners: Listeners,
  { ticked, giveWay }: Calls,
): Daemon {
  const { history, output, metrics, live, problems } = listeners;
  const { engine: address, clientTimeoutMs, outputLimit } = config;
  const self = readSelf(config.labels.namespace);
  const engine = lookForOthers(createEngine(address, clientTimeoutMs), self, giveWay);
  return createDaemon({
    clock: createSystemClock(),
    schedule,
    history,
    ticked,
    leftBehind: () => leftBehind(history, readClock().wall),
    tell(report) {
      const row = notRun(report);
      if (row !== undefined) history.recordNotRun(row);
      metrics.observe(report);
      live.observe(report);
      output.tell(report);
    },
    watched(event) {
      problems.observe(event);
      const record = renderWatcherEvent(event);
      if (record !== undefined) output.record(record);
    },
    output(execution, line) {
      history.recordOutput(execution.id, line.text);
      live.output(execution.id, line);
      output.line(execution, line);
    },
    omitted: (execution, lines, bytes) => output.omitted(execution, lines, bytes),
    warn: (execution, message) => output.record(renderWarning(execution, message)),
    createPool: (handlers) =>
      createPool(
        {
          engine: address,
          size: config.jobPoolSize,
          threads: config.workerThreads,
          clientTimeoutMs,
          outputLimit,
        },
        handlers,
      ),
    createWatcher: (handler) =>
      createWatcher({
        engine,
        parse: (labels, imageLabels, name) => parseContainerLabels(labels, imageLabels, config.labels, name),
        cacheSize: config.containerCacheSize,
        resyncIntervalMs: config.resyncIntervalMs,
        handler,
      }),
  });
}
