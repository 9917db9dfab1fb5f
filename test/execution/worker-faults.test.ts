/** A thread of the pool that dies takes no execution with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exited, type FakeStream, fakeEngine, NOT_FOUND, RUNNING } from './fake-engine.ts';
import { startPool } from './pool-harness.ts';

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const workerFile = new URL(`./faulty-worker.${ending}`, import.meta.url);

for (const fault of ['exit', 'throw', 'reject', 'loop', 'heap'])
  test(`a worker that ends by ${fault}: its executions go on in another one and none is started twice`, async (t) => {
    let over = false;
    const engine = await fakeEngine(t, {
      start: (exec, stream: FakeStream) => {
        if (exec.words[0] === 'quick') stream.end();
        return undefined;
      },
      inspect: (exec) =>
        over || exec.words[0] === 'quick' ? exited(exec.words[0] === 'other' ? 6 : 0) : RUNNING,
    });
    const pool = await startPool(t, engine.address, { workerFile, watchdogMs: 1_000 });
    const doomed = pool.request([fault]);
    const neighbour = pool.request(['other']);
    pool.pool.execute(doomed);
    pool.pool.execute(neighbour);
    await pool.until(() => pool.warnings.length > 0);
    assert.match(pool.warnings[0] ?? '', /a worker was lost/);
    assert.equal(pool.pool.running, 2, 'their places stay taken');
    assert.deepEqual((await pool.run(['quick'])).outcome, { kind: 'exited', exitCode: 0 });
    over = true;
    assert.deepEqual((await pool.ended(doomed.execution)).outcome, { kind: 'exited', exitCode: 0 });
    assert.deepEqual((await pool.ended(neighbour.execution)).outcome, { kind: 'exited', exitCode: 6 });
    assert.equal(engine.requests.filter((request) => request === 'start').length, 3);
    assert.equal(pool.pool.running, 0);
  });

test('what a lost worker carried and nobody can find again is told as worker lost', async (t) => {
  const engine = await fakeEngine(t, {
    start: () => undefined,
    inspect: () => NOT_FOUND,
    scan: () => 'processes=0',
  });
  const pool = await startPool(t, engine.address, { workerFile });
  const { outcome } = await pool.run(['exit']);
  assert.equal(outcome.kind, 'worker lost');
  assert.match(JSON.stringify(outcome), /exited with code: 7/);
});

test('only the executions of the lost worker are handed over', async (t) => {
  let over = false;
  const engine = await fakeEngine(t, {
    start: (exec, stream) => {
      if (exec.words[0] === 'steady') stream.end(Buffer.from([1, 0, 0, 0, 0, 0, 0, 3, 104, 105, 10]));
      return undefined;
    },
    inspect: () => (over ? exited(0) : RUNNING),
  });
  const pool = await startPool(t, engine.address, { workerFile, threads: 2 });
  const doomed = pool.request(['exit']);
  const steady = pool.request(['steady']);
  pool.pool.execute(doomed);
  pool.pool.execute(steady);
  await pool.until(() => pool.warnings.length > 0);
  over = true;
  const ended = await pool.ended(steady.execution);
  assert.deepEqual(
    ended.lines.map((line) => line.text),
    ['hi'],
  );
  assert.equal((await pool.ended(doomed.execution)).outcome.kind, 'exited');
});

test('a worker file that does not load ends the start with an error', async (t) => {
  const engine = await fakeEngine(t);
  await assert.rejects(
    startPool(t, engine.address, { workerFile: new URL('./no-such-worker.js', import.meta.url) }),
    /the workers can't run: .*no-such-worker/,
  );
});

test('an exec of an earlier process is followed by its id, and never started', async (t) => {
  const engine = await fakeEngine(t, { inspect: (exec) => (exec.inspections < 3 ? RUNNING : exited(8)) });
  const pool = await startPool(t, engine.address);
  const first = pool.request(['x']);
  pool.pool.execute(first);
  await pool.ended(first.execution);
  const [id, exec] = [...engine.execs][0] ?? [];
  if (exec !== undefined) exec.inspections = 0;
  const again = pool.request(['x']);
  pool.pool.adopt(again, id as never);
  assert.deepEqual((await pool.ended(again.execution)).outcome, { kind: 'exited', exitCode: 8 });
  assert.equal(engine.requests.filter((request) => request === 'start').length, 1);
});

test('an execution of an earlier process whose exec is unknown is followed by its mark', async (t) => {
  let scans = 0;
  const engine = await fakeEngine(t, {
    scan(_exec, signal) {
      if (signal === '') scans += 1;
      return scans < 2 ? 'processes=1' : 'processes=0';
    },
  });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x']);
  pool.pool.adopt(request, undefined);
  const { outcome } = await pool.ended(request.execution);
  assert.match(JSON.stringify(outcome), /unknown.*its processes have ended/);
  assert.deepEqual(
    engine.requests.filter((made) => !made.startsWith('scan')),
    [],
  );
});

test('more executions than places are a bug of the caller', async (t) => {
  const engine = await fakeEngine(t, { create: () => 'hang' });
  const pool = await startPool(t, engine.address, { size: 1 });
  pool.pool.execute(pool.request(['x']));
  assert.throws(() => pool.pool.execute(pool.request(['x'])), /no place/);
});
