/** How an execution ended, told by an engine that behaves oddly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerId, ExecId } from '../../src/ids.ts';
import { exited, fakeEngine, frame, NOT_FOUND, RUNNING, type Script } from './fake-engine.ts';
import { startPool, texts } from './pool-harness.ts';

test('an execution is three requests, and its exec carries what was asked for and the mark', async (t) => {
  const engine = await fakeEngine(t, { start: (_exec, stream) => void stream.end(frame(1, 'hello\n')) });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['echo', 'a b'], {
    user: 'www',
    workdir: '/srv',
    environment: ['A=1', 'B=x=y'],
  });
  pool.pool.execute(request);
  const ended = await pool.ended(request.execution);
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
  assert.deepEqual(texts(ended), ['hello']);
  assert.deepEqual(engine.requests, ['create', 'start', 'inspect']);
  const exec = [...engine.execs.values()][0];
  assert.deepEqual(exec?.words, ['echo', 'a b']);
  assert.deepEqual(exec?.environment, ['A=1', 'B=x=y', `CHOREWHEEL_EXECUTION=${request.execution}`]);
  const { AttachStdin, AttachStdout, AttachStderr, Tty, User, WorkingDir } = exec?.body ?? {};
  assert.deepEqual([AttachStdin, AttachStdout, AttachStderr, Tty], [false, true, true, false]);
  assert.deepEqual([User, WorkingDir], ['www', '/srv']);
});

const CASES: readonly {
  readonly name: string;
  readonly script: Script;
  readonly outcome: object;
  readonly lines?: readonly string[];
}[] = [
  {
    name: 'a code above 0 is told as it is',
    script: { inspect: () => exited(3) },
    outcome: { kind: 'exited', exitCode: 3 },
  },
  {
    name: 'no container: failed to start, in the words of the engine',
    script: { create: () => ({ status: 404, body: { message: 'No such container: box' } }) },
    outcome: { kind: 'failed to start', reason: 'No such container: box' },
  },
  {
    name: 'a paused container at create: failed to start',
    script: { create: () => ({ status: 409, body: { message: 'Container box is paused' } }) },
    outcome: { kind: 'failed to start', reason: 'Container box is paused' },
  },
  {
    name: 'a paused container at start: failed to start, though inspection shows nothing for ever',
    script: {
      start: () => ({ status: 409, body: { message: 'Container box is paused' } }),
      inspect: () => ({ status: 200, body: { Running: false, ExitCode: null, Pid: 0 } }),
    },
    outcome: { kind: 'failed to start', reason: 'Container box is paused' },
  },
  {
    name: 'stopped between create and start: failed to start',
    script: { start: () => ({ status: 404, body: { message: 'No such exec instance' } }) },
    outcome: { kind: 'failed to start', reason: 'No such exec instance' },
  },
  {
    name: 'a server error at start and no process (Podman, stopped container): failed to start',
    script: {
      start: () => ({
        status: 500,
        body: { cause: 'x', message: 'can only create exec sessions on running containers' },
      }),
      inspect: () => ({ status: 200, body: { Running: false, ExitCode: 0, Pid: 0 } }),
    },
    outcome: { kind: 'failed to start', reason: 'can only create exec sessions on running containers' },
  },
  {
    name: 'a server error at start, but the command runs: followed to its end',
    script: {
      start: () => ({ status: 500, body: 'oops' }),
      inspect: (exec) => (exec.inspections < 4 ? RUNNING : exited(9)),
    },
    outcome: { kind: 'exited', exitCode: 9 },
  },
  {
    name: '126 without a process: failed to start, with the words from the stream as reason and not as output',
    script: {
      start: (_exec, stream) => void stream.end(frame(1, 'OCI runtime exec failed: no such file\r\n')),
      inspect: () => exited(126, 0),
    },
    outcome: { kind: 'failed to start', reason: 'OCI runtime exec failed: no such file' },
    lines: [],
  },
  {
    name: 'the words of an engine whose container stops in that moment are a reason, too',
    script: {
      start: (_exec, stream) => void stream.end(frame(1, 'cannot exec in a stopped state: unknown\r\n')),
      inspect: () => exited(126, 0),
    },
    outcome: { kind: 'failed to start', reason: 'cannot exec in a stopped state: unknown' },
    lines: [],
  },
  {
    name: '126 without a process and without a word: failed to start',
    script: { start: (_exec, stream) => void stream.end(), inspect: () => exited(126, 0) },
    outcome: { kind: 'failed to start', reason: 'the engine could not start it and did not say why' },
  },
  {
    name: "a command's own 127 is an exit code, also where the engine forgets the process id (Podman)",
    script: {
      start: (_exec, stream) => void stream.end(frame(2, 'sh: x: not found\n')),
      inspect: () => exited(127, 0),
    },
    outcome: { kind: 'exited', exitCode: 127 },
  },
  {
    name: 'a start that broke and an exec that looks like a success without a process (Podman): no success',
    script: { start: () => 'cut', inspect: () => exited(0, 0) },
    outcome: {
      kind: 'unknown',
      reason: 'the engine took its start, but shows neither a process nor an exit code',
    },
  },
  {
    name: "a command's own 126 is an exit code",
    script: {
      start: (_exec, stream) => void stream.end(frame(1, 'sh: not executable\n')),
      inspect: () => exited(126, 55),
    },
    outcome: { kind: 'exited', exitCode: 126 },
    lines: ['sh: not executable'],
  },
  {
    name: 'Podman says Running=true and ExitCode=0: that is no success yet',
    script: {
      inspect: (exec) =>
        exec.inspections < 4 ? { status: 200, body: { Running: true, ExitCode: 0, Pid: 7 } } : exited(5),
    },
    outcome: { kind: 'exited', exitCode: 5 },
  },
  {
    name: 'an inspection that fails for a while is asked again',
    script: {
      inspect: (exec) =>
        [{ status: 500, body: 'x' }, 'cut' as const, { status: 200, body: '{' }][exec.inspections - 1] ??
        exited(2),
    },
    outcome: { kind: 'exited', exitCode: 2 },
  },
  {
    name: 'exec and container forgotten: container gone',
    script: { inspect: () => NOT_FOUND, container: () => NOT_FOUND },
    outcome: { kind: 'container gone' },
  },
  {
    name: 'killed with its container: container gone, with the code',
    script: {
      inspect: () => exited(137),
      container: () => ({ status: 200, body: { State: { Running: false } } }),
    },
    outcome: { kind: 'container gone', exitCode: 137 },
  },
  {
    name: 'killed in a container that lives: an exit code',
    script: { inspect: () => exited(137) },
    outcome: { kind: 'exited', exitCode: 137 },
  },
];

for (const { name, script, outcome, lines } of CASES)
  test(name, async (t) => {
    const engine = await fakeEngine(t, script);
    const pool = await startPool(t, engine.address);
    const ended = await pool.run(['x']);
    assert.deepEqual(ended.outcome, outcome);
    if (lines !== undefined) assert.deepEqual(texts(ended), lines);
  });

test('an exec that a restarted engine forgot keeps its place while its mark is found, and ends as unknown', async (t) => {
  let scans = 0;
  const engine = await fakeEngine(t, {
    inspect: () => NOT_FOUND,
    scan(_exec, signal) {
      if (signal === '') scans += 1;
      return scans < 3 ? 'processes=2' : 'processes=0';
    },
  });
  const pool = await startPool(t, engine.address);
  const { outcome } = await pool.run(['x']);
  assert.equal(outcome.kind, 'unknown');
  assert.match(JSON.stringify(outcome), /its processes have ended/);
  assert.ok(scans >= 3);
  assert.match(pool.warnings.join(), /its place stays taken/);
});

test('the event of a restarted engine, which says 127 of all that it does not know, tells no exit code', async (t) => {
  let scans = 0;
  const engine = await fakeEngine(t, {
    start: (_exec, stream) => void stream.end(),
    inspect: () => NOT_FOUND,
    scan() {
      scans += 1;
      return scans < 2 ? 'processes=1' : 'processes=0';
    },
  });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x']);
  pool.pool.execute(request);
  await pool.until(() => pool.watching.length > 0);
  pool.pool.execDied(pool.created.get(request.execution) as ExecId, 127);
  assert.equal((await pool.ended(request.execution)).outcome.kind, 'unknown');
});

test('a stream that is cut does not make 126 an exit code, but the event about its end tells', async (t) => {
  const engine = await fakeEngine(t, {
    start: (_exec, stream) => void stream.end(),
    inspect: (exec) => (exec.inspections < 3 ? RUNNING : exited(126)),
  });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x']);
  pool.pool.execute(request);
  await pool.until(() => pool.watching.length > 0);
  assert.deepEqual(pool.watching, [true]);
  pool.pool.execDied(pool.created.get(request.execution) as ExecId, 7);
  assert.deepEqual((await pool.ended(request.execution)).outcome, { kind: 'exited', exitCode: 7 });
  assert.deepEqual(pool.watching, [true, false]);
});

test('126 after the stream was cut, and no witness: unknown', async (t) => {
  const engine = await fakeEngine(t, {
    start: (_exec, stream) => void stream.end(),
    inspect: (exec) => (exec.inspections < 2 ? RUNNING : exited(126)),
  });
  const pool = await startPool(t, engine.address);
  assert.equal((await pool.run(['x'])).outcome.kind, 'unknown');
});

test('126 of a command that is alive (its reader was lost): its place stays taken until it is gone', async (t) => {
  let scans = 0;
  const engine = await fakeEngine(t, {
    inspect: () => exited(126),
    scan(_exec, signal) {
      if (signal === '') scans += 1;
      return scans < 3 ? 'processes=1' : 'processes=0';
    },
  });
  const pool = await startPool(t, engine.address);
  assert.equal((await pool.run(['x'])).outcome.kind, 'unknown');
  assert.equal(scans, 3);
});

test('an engine that says for ever that it runs is not believed when no process has its mark', async (t) => {
  const engine = await fakeEngine(t, {
    start: (_exec, stream) => void stream.end(),
    inspect: () => RUNNING,
    scan: () => 'processes=0',
  });
  const pool = await startPool(t, engine.address);
  const { outcome } = await pool.run(['x']);
  assert.match(JSON.stringify(outcome), /unknown.*no process of it is there/);
});

test('a start that is never answered is told apart by inspection: it ran', async (t) => {
  const engine = await fakeEngine(t, {
    start: () => 'hang',
    inspect: (exec) => (exec.inspections < 3 ? RUNNING : exited(4)),
  });
  const pool = await startPool(t, engine.address, { clientTimeoutMs: 300 });
  assert.deepEqual((await pool.run(['x'])).outcome, { kind: 'exited', exitCode: 4 });
  assert.equal(engine.requests.filter((request) => request === 'start').length, 1);
});

test('a create that is never answered fails after the time for an answer', async (t) => {
  const engine = await fakeEngine(t, { create: () => 'hang' });
  const pool = await startPool(t, engine.address, { clientTimeoutMs: 200 });
  const { outcome } = await pool.run(['x']);
  assert.equal(outcome.kind, 'failed to start');
  assert.match(JSON.stringify(outcome), /within 0.2 s/);
});

test('an engine that is not there: failed to start', async (t) => {
  const pool = await startPool(t, { kind: 'unix', socketPath: '/nonexistent/engine.sock' });
  const { outcome } = await pool.run(['x']);
  assert.match(JSON.stringify(outcome), /failed to start.*ENOENT/);
});

test('a container that dies is told by its event even where the engine says nothing more', async (t) => {
  const engine = await fakeEngine(t, {
    start: (_exec, stream) => void stream.end(),
    inspect: () => NOT_FOUND,
    scan: () => 'processes=1',
  });
  const pool = await startPool(t, engine.address);
  const request = pool.request(['x']);
  pool.pool.execute(request);
  await pool.until(() => pool.watching.length > 0);
  pool.pool.containerDied('box' as ContainerId);
  assert.deepEqual((await pool.ended(request.execution)).outcome, { kind: 'container gone' });
});

test('one container whose calls hang holds up no other', async (t) => {
  const engine = await fakeEngine(t, { create: (exec) => (exec.container === 'stuck' ? 'hang' : undefined) });
  const pool = await startPool(t, engine.address, { clientTimeoutMs: 60_000 });
  for (let i = 0; i < 20; i += 1)
    pool.pool.execute(pool.request(['x'], { container: 'stuck' as ContainerId }));
  assert.deepEqual((await pool.run(['x'])).outcome, { kind: 'exited', exitCode: 0 });
  const stuck = [...engine.execs.values()].filter((exec) => exec.container === 'stuck');
  assert.equal(stuck.length, 4, 'calls about one container that are open at a time');
});
