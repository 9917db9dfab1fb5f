/** What the daemon itself decides, between schedule, workers and history; the rest is in `simulation` and `engine`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDaemon, type Daemon } from '../src/daemon.ts';
import type { WatcherEvent } from '../src/docker/engine-contract.ts';
import type { Pool } from '../src/execution/pool-contract.ts';
import type { ExecutionRequest } from '../src/execution/protocol.ts';
import type { History } from '../src/history/history.ts';
import { createMemoryHistory } from '../src/history/memory.ts';
import type { ExecutionId, JobId } from '../src/ids.ts';
import type { Report } from '../src/scheduling/reports.ts';
import { createSchedule } from '../src/scheduling/schedule.ts';
import { container } from './support/builders.ts';
import { virtualClock } from './support/virtual-clock.ts';

/** A disk on which a start is safe when the test says so. */
function slowHistory(): { readonly history: History; readonly safe: () => void } {
  let safe = (): void => {};
  const written = new Promise<void>((resolve) => {
    safe = resolve;
  });
  const history = createMemoryHistory();
  return { history: Object.assign(history, { acknowledged: () => written }), safe };
}

interface Watched {
  readonly daemon: Daemon;
  readonly reports: readonly Report[];
  readonly executed: readonly ExecutionRequest[];
  readonly cancelled: readonly ExecutionId[];
}

const nothing = (): void => {};

async function startDaemon(history: History): Promise<Watched> {
  const reports: Report[] = [];
  const executed: ExecutionRequest[] = [];
  const cancelled: ExecutionId[] = [];
  const clock = virtualClock(Date.UTC(2026, 10, 26));
  const pool: Pool = {
    start: async () => {},
    execute: (request) => void executed.push(request),
    send: nothing,
    adopt: nothing,
    cancel: (execution) => void cancelled.push(execution),
    execDied: nothing,
    containerDied: nothing,
    running: 0,
    stop: async () => {},
  };
  let id = 0;
  const newExecutionId = (): ExecutionId => `execution-${++id}` as ExecutionId;
  const containers = [container('web', { jobs: { backup: { catchUp: 'once' } } })];
  const daemon = createDaemon({
    clock: { now: clock.now, arm: nothing, disarm: nothing },
    schedule: createSchedule({ poolSize: 10, newExecutionId, random: () => 0, now: clock.now() }),
    history,
    leftBehind: () => [],
    ticked: nothing,
    tell: (report) => void reports.push(report),
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
  return { daemon, reports, executed, cancelled };
}

function added(reports: readonly Report[]): JobId {
  const report = reports.find(({ kind }) => kind === 'job added');
  assert.ok(report?.kind === 'job added');
  return report.subject.job;
}

test('an execution that catches up begins once its start is safe on disk', async () => {
  const { history, safe } = slowHistory();
  const { daemon, reports, executed } = await startDaemon(history);
  daemon.apply({ kind: 'run now', job: added(reports) });
  assert.deepEqual([daemon.running.size, executed.length], [1, 0]);
  safe();
  await history.acknowledged('any' as ExecutionId);
  assert.deepEqual(
    executed.map(({ execution }) => execution),
    [...daemon.running.keys()],
  );
});

test('an execution that is cancelled before its start is safe on disk never begins', async () => {
  const { history, safe } = slowHistory();
  const { daemon, reports, executed, cancelled } = await startDaemon(history);
  daemon.apply({ kind: 'run now', job: added(reports) });
  const [execution] = daemon.running.keys();
  assert.ok(execution !== undefined);
  daemon.apply({ kind: 'cancel', execution });
  const ends = reports.flatMap((report) => (report.kind === 'execution ended' ? [report.outcome.kind] : []));
  assert.deepEqual(ends, ['cancelled']);
  assert.equal((await history.execution(execution))?.outcome, 'cancelled');
  safe();
  await history.acknowledged(execution);
  assert.deepEqual([daemon.running.size, executed.length, cancelled.length], [0, 0, 0]);
});

test('an execution whose start is not safe on disk when it has to stop is no running one', async () => {
  const { history } = slowHistory();
  const { daemon, reports, executed } = await startDaemon(history);
  daemon.apply({ kind: 'run now', job: added(reports) });
  assert.equal(await daemon.drain(0), 0);
  const ends = reports.flatMap((report) => (report.kind === 'execution ended' ? [report.outcome.kind] : []));
  assert.deepEqual([ends, executed.length], [['failed to start'], 0]);
});
