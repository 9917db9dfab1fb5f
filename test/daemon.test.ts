/** What the daemon itself decides, between schedule, workers and history; the rest is in `simulation` and `engine`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDaemon, type Daemon } from '../src/daemon.ts';
import type { WatcherEvent } from '../src/docker/engine-contract.ts';
import type { Pool, PoolHandlers } from '../src/execution/pool-contract.ts';
import type { ExecutionRequest } from '../src/execution/protocol.ts';
import type { History } from '../src/history/history.ts';
import { createMemoryHistory } from '../src/history/memory.ts';
import type { ExecId, ExecutionId, JobId } from '../src/ids.ts';
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
  /** Executions that were told to start their exec. */
  readonly gone: readonly ExecutionId[];
  readonly handlers: PoolHandlers;
}

const nothing = (): void => {};

async function startDaemon(history: History): Promise<Watched> {
  const reports: Report[] = [];
  const executed: ExecutionRequest[] = [];
  const gone: ExecutionId[] = [];
  let handlers: PoolHandlers | undefined;
  const clock = virtualClock(Date.UTC(2026, 10, 26));
  const pool: Pool = {
    start: async () => {},
    execute: (request) => void executed.push(request),
    send: nothing,
    adopt: nothing,
    go: (execution) => void gone.push(execution),
    cancel: nothing,
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
    createPool: (given) => {
      handlers = given;
      return pool;
    },
    createWatcher: (handle: (event: WatcherEvent) => void) => ({
      start: async () => handle({ kind: 'listed', containers, cause: 'start' }),
      stop: async () => {},
      watchExecs: nothing,
      health: { connected: true, lastEventProof: 0, lastList: 0, reconnects: 0, resyncs: 0 },
    }),
  });
  await daemon.start();
  assert.ok(handlers !== undefined);
  return { daemon, reports, executed, gone, handlers };
}

function added(reports: readonly Report[]): JobId {
  const report = reports.find(({ kind }) => kind === 'job added');
  assert.ok(report?.kind === 'job added');
  return report.subject.job;
}

test('the exec of an execution that catches up is started once it is safe on disk', async () => {
  const { history, safe } = slowHistory();
  const { daemon, reports, executed, gone, handlers } = await startDaemon(history);
  daemon.apply({ kind: 'run now', job: added(reports) });
  const [request] = executed;
  assert.ok(request?.waitsForGo === true);
  handlers.created(request.execution, 'exec-1' as ExecId);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(gone, []);
  safe();
  await history.acknowledged(request.execution);
  assert.deepEqual(gone, [request.execution]);
});

test('an execution whose start is not safe on disk when it has to stop is no running one', async () => {
  const { history } = slowHistory();
  const { daemon, reports, gone } = await startDaemon(history);
  daemon.apply({ kind: 'run now', job: added(reports) });
  assert.equal(await daemon.drain(0), 0);
  const ends = reports.flatMap((report) => (report.kind === 'execution ended' ? [report.outcome.kind] : []));
  assert.deepEqual([ends, gone.length], [['failed to start'], 0]);
});
