/** Timeout and cancel: what is done in the container, and what is said of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exited, type FakeStream, fakeEngine, RUNNING } from './fake-engine.ts';
import { startPool } from './pool-harness.ts';

/** A command that runs until it gets one of the signals. */
function obedientTo(signals: readonly string[], leftAfter = 0) {
  let stream: FakeStream | undefined;
  let got: string | undefined;
  const seen: string[] = [];
  return {
    seen,
    start: (_exec: unknown, opened: FakeStream) => {
      stream = opened;
      return undefined;
    },
    inspect: () => (got === undefined ? RUNNING : exited(got === 'TERM' ? 143 : 137)),
    scan(_exec: unknown, signal: string) {
      if (signal === '-') return 'processes=0';
      seen.push(signal);
      if (got !== undefined) return `processes=${leftAfter}`;
      if (signals.includes(signal)) {
        got = signal;
        stream?.end();
      }
      return 'processes=1';
    },
  };
}

test('a timeout sends TERM to what carries the mark, and it is verified that nothing is left', async (t) => {
  const command = obedientTo(['TERM']);
  const engine = await fakeEngine(t, command);
  const pool = await startPool(t, engine.address);
  const { outcome } = await pool.run(['sleep', '1000'], { timeoutMs: 100, user: 'www' });
  assert.deepEqual(outcome, { kind: 'timeout', stopped: true, exitCode: 143, detail: 'it ended upon TERM' });
  assert.deepEqual(command.seen, ['TERM', '']);
  const helper = [...engine.execs.values()].find((exec) => exec.helper);
  assert.equal(helper?.body.User, 'www');
  assert.deepEqual(helper?.environment, [], 'the helper must not carry the mark itself');
});

test('what ignores TERM is killed after its grace', async (t) => {
  const command = obedientTo(['KILL']);
  const engine = await fakeEngine(t, command);
  const pool = await startPool(t, engine.address);
  const { outcome, durationMs } = await pool.run(['x'], { timeoutMs: 50 });
  assert.deepEqual(outcome, {
    kind: 'timeout',
    stopped: true,
    exitCode: 137,
    detail: 'it ignored TERM and was killed',
  });
  assert.deepEqual(command.seen.slice(0, 2), ['TERM', 'KILL']);
  assert.ok(durationMs >= 5_000);
});

test('a cancel is told as such', async (t) => {
  const engine = await fakeEngine(t, obedientTo(['TERM']));
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x']);
  pool.pool.execute(request);
  await pool.until(() => pool.created.has(request.execution));
  pool.pool.cancel(request.execution);
  const { outcome } = await pool.ended(request.execution);
  assert.equal(outcome.kind, 'cancelled');
});

test('in a container without a shell it runs on, and is told so at once and at its end', async (t) => {
  let stream: FakeStream | undefined;
  const engine = await fakeEngine(t, {
    start: (_exec, opened) => {
      stream = opened;
      return undefined;
    },
    scan: () => 'no shell',
  });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x'], { timeoutMs: 50 });
  pool.pool.execute(request);
  await pool.until(() => pool.warnings.length > 0);
  assert.match(pool.warnings.join(), /runs on: the container has no shell/);
  assert.equal(pool.pool.running, 1);
  stream?.end();
  const { outcome } = await pool.ended(request.execution);
  assert.ok(outcome.kind === 'timeout' && !outcome.stopped && outcome.exitCode === 0);
  assert.match(outcome.detail, /it ended by itself/);
});

test('a command that ends by itself while it is being stopped is told by its own exit code', async (t) => {
  let stream: FakeStream | undefined;
  const engine = await fakeEngine(t, {
    start: (_exec, opened) => {
      stream = opened;
      return undefined;
    },
    scan() {
      stream?.end();
      return 'processes=0';
    },
    inspect: () => exited(3),
  });
  const pool = await startPool(t, engine.address);
  assert.deepEqual((await pool.run(['x'], { timeoutMs: 50 })).outcome, { kind: 'exited', exitCode: 3 });
});

test('a paused container: stopping waits until it can be done', async (t) => {
  const command = obedientTo(['TERM']);
  let tries = 0;
  const engine = await fakeEngine(t, {
    ...command,
    scan(exec, signal) {
      if (signal === '-') return 'processes=0';
      tries += 1;
      return tries === 1
        ? { status: 409, body: { message: 'Container box is paused' } }
        : command.scan(exec, signal);
    },
  });
  const pool = await startPool(t, engine.address);
  const { outcome } = await pool.run(['x'], { timeoutMs: 50 });
  assert.ok(outcome.kind === 'timeout' && outcome.stopped);
  assert.match(pool.warnings.join(), /can't be stopped yet: Container box is paused/);
});

test('a timeout longer than a timer can hold does not fire at once', async (t) => {
  const engine = await fakeEngine(t, { inspect: (exec) => (exec.inspections < 4 ? RUNNING : exited(0)) });
  const pool = await startPool(t, engine.address);
  const { outcome } = await pool.run(['x'], { timeoutMs: 2 ** 31 + 1000 });
  assert.deepEqual(outcome, { kind: 'exited', exitCode: 0 });
});

test('a grandchild that holds stdout open does not keep the execution: inspection tells its end', async (t) => {
  const engine = await fakeEngine(t, { start: () => undefined });
  const pool = await startPool(t, engine.address);
  assert.deepEqual((await pool.run(['daemonize'])).outcome, { kind: 'exited', exitCode: 0 });
});
