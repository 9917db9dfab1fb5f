/** The core of chorewheel without engine and workers, for scenarios that measure it alone. */
import { createSystemClock, readClock } from '../src/clock.ts';
import { readConfig } from '../src/config.ts';
import type { LabelSettings } from '../src/configuration.ts';
import { createDaemon, type Daemon } from '../src/daemon.ts';
import type { WatcherEvent } from '../src/docker/engine-contract.ts';
import type { Pool } from '../src/execution/pool-contract.ts';
import type { ExecutionRequest } from '../src/execution/protocol.ts';
import { createMemoryHistory } from '../src/history/memory.ts';
import type { ContainerId, ExecutionId, Now } from '../src/ids.ts';
import { parseContainerLabels } from '../src/labels/container.ts';
import type { Container } from '../src/scheduling/events.ts';
import { createSchedule, type Schedule } from '../src/scheduling/schedule.ts';

/** The settings of an empty environment. */
export function defaultLabelSettings(): LabelSettings {
  const read = readConfig({}, { cores: 2, fileExists: () => false });
  if (!read.ok) throw new Error(read.mistakes.join('; '));
  return read.config.labels;
}

/** A running container with these labels, as the engine side hands it over. */
export function containerOf(
  index: number,
  labels: Readonly<Record<string, string>>,
  settings: LabelSettings,
): Container {
  return {
    id: index.toString(16).padStart(12, '0').padEnd(64, '0') as ContainerId,
    name: `box-${index}`,
    state: 'running',
    definition: parseContainerLabels(labels, undefined, settings),
  };
}

export function newSchedule(poolSize: number, now: Now = readClock()): Schedule {
  let executions = 0;
  return createSchedule({
    poolSize,
    newExecutionId: () => {
      executions += 1;
      return executions.toString(16).padStart(16, '0') as ExecutionId;
    },
    random: Math.random,
    now,
  });
}

/** The daemon with the real clock, schedule and history; its pool only calls `fire`. */
export async function daemonThatCalls(
  containers: readonly Container[],
  fire: (request: ExecutionRequest) => void,
): Promise<Daemon> {
  const nothing = (): void => {};
  const pool: Pool = {
    start: async () => {},
    execute: fire,
    send: nothing,
    adopt: nothing,
    go: nothing,
    cancel: nothing,
    execDied: nothing,
    containerDied: nothing,
    running: 0,
    stop: async () => {},
  };
  const daemon = createDaemon({
    clock: createSystemClock(),
    schedule: newSchedule(containers.length * 2),
    history: createMemoryHistory(),
    leftBehind: () => [],
    ticked: nothing,
    tell: nothing,
    watched: nothing,
    output: nothing,
    omitted: nothing,
    warn: nothing,
    createPool: () => pool,
    createWatcher: (handle: (event: WatcherEvent) => void) => ({
      start: async () => handle({ kind: 'listed', containers, cause: 'start' }),
      stop: async () => {},
      watchExecs: nothing,
      health: { connected: true, lastEventProof: 0, lastList: 0, reconnects: 0, resyncs: 0 },
    }),
  });
  await daemon.start();
  return daemon;
}
