/** Executions whose exec is created, and started only when that is safe. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { testFleet } from '../support/fleet.ts';
import { call } from '../support/http.ts';
import { startPool, texts } from './pool-harness.ts';

async function stage(t: TestContext) {
  const fleet = await testFleet(t);
  const container = fleet.add({ name: 'box' });
  const pool = await startPool(t, { kind: 'unix', socketPath: fleet.socketPath });
  const created = async (words: readonly string[]): Promise<string> => {
    const path = `/containers/${container.id}/exec`;
    return (await call(fleet.socketPath, 'POST', path, { Cmd: words })).json.Id;
  };
  return { fleet, pool, created };
}

test('an exec that waits is created, and started when it may', async (t) => {
  const { fleet, pool } = await stage(t);
  const request = pool.request(['echo', 'here'], { waitsForGo: true });
  pool.pool.execute(request);
  await pool.until(() => pool.created.has(request.execution));
  assert.deepEqual(
    fleet.executions().map(({ state }) => state),
    ['created'],
  );
  pool.pool.go(request.execution);
  const ended = await pool.ended(request.execution);
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
  assert.deepEqual(texts(ended), ['here']);
});

test('one that is cancelled before it may start never starts', async (t) => {
  const { fleet, pool } = await stage(t);
  const request = pool.request(['echo', 'here'], { waitsForGo: true });
  pool.pool.execute(request);
  await pool.until(() => pool.created.has(request.execution));
  pool.pool.cancel(request.execution);
  const { outcome } = await pool.ended(request.execution);
  assert.equal(outcome.kind, 'cancelled');
  pool.pool.go(request.execution);
  assert.deepEqual(
    fleet.executions().map(({ state }) => state),
    ['created'],
  );
});

test('an exec that an earlier process created and did not start is started by the one that adopts it', async (t) => {
  const { pool, created } = await stage(t);
  const request = pool.request(['ignored'], { waitsForGo: true });
  pool.pool.adopt(request, (await created(['echo', 'late'])) as never);
  pool.pool.go(request.execution);
  const ended = await pool.ended(request.execution);
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
  assert.deepEqual(texts(ended), ['late']);
});

test('an exec that an earlier process started is not started again', async (t) => {
  const { fleet, pool, created } = await stage(t);
  const exec = await created(['exit', '7']);
  await call(fleet.socketPath, 'POST', `/exec/${exec}/start`, { Detach: true });
  const request = pool.request(['ignored'], { waitsForGo: true });
  pool.pool.adopt(request, exec as never);
  pool.pool.go(request.execution);
  assert.deepEqual((await pool.ended(request.execution)).outcome, { kind: 'exited', exitCode: 7 });
  assert.equal(fleet.stats.requests.get('POST /exec/:id/start'), 1);
});
