/** Executions on a real engine: what comes out, how they end, how they are stopped. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ContainerId } from '../../src/ids.ts';
import type { Ended, Harness } from '../execution/pool-harness.ts';
import { startPool, texts } from '../execution/pool-harness.ts';
import { engineTest, type RunningContainer, type RunOptions, type TestEngine } from '../support/engine.ts';

interface Box {
  readonly box: RunningContainer;
  readonly id: ContainerId;
  readonly pool: Harness;
  run(words: readonly string[], options?: Parameters<Harness['run']>[1]): Promise<Ended>;
}

async function box(t: TestContext, engine: TestEngine, options: RunOptions = {}): Promise<Box> {
  const started = await engine.run(t, options);
  const pool = await startPool(t, { kind: 'unix', socketPath: engine.socketPath });
  const id = started.id as ContainerId;
  return { box: started, id, pool, run: (words, more) => pool.run(words, { container: id, ...more }) };
}

engineTest('output of both streams, exit code, user, directory and environment', async (t, engine) => {
  const { run } = await box(t, engine);
  const script = 'echo "out $A"; echo err >&2; id -un; pwd; exit 7';
  const ended = await run(['sh', '-c', script], {
    user: 'nobody',
    workdir: '/tmp',
    environment: ['A=x "y" $z\u00e4'],
  });
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 7 });
  assert.deepEqual(texts(ended), ['out x "y" $zä', 'nobody', '/tmp']);
  assert.deepEqual(texts(ended, 'stderr'), ['err']);
});

engineTest('words reach the command as they are', async (t, engine) => {
  const { run } = await box(t, engine);
  const ended = await run(['printf', '%s\\n', 'a b', '', "it's", '$HOME', '*']);
  assert.deepEqual(texts(ended), ['a b', '', "it's", '$HOME', '*']);
});

engineTest('what can not be started says why, and gives no output', async (t, engine) => {
  const { run } = await box(t, engine);
  const cases: [readonly string[], Parameters<typeof run>[1], RegExp][] = [
    [['no-such-command'], {}, /executable file not found/],
    [['/etc/passwd'], {}, /permission denied/],
    [['true'], { user: 'nouser' }, /unable to find user nouser/],
    [['true'], { workdir: '/nowhere' }, /nowhere/],
  ];
  for (const [words, options, reason] of cases) {
    const ended = await run(words, options);
    assert.equal(ended.outcome.kind, 'failed to start', words.join(' '));
    assert.match(JSON.stringify(ended.outcome), reason);
    assert.deepEqual(ended.lines, []);
  }
  const own = await run(['sh', '-c', 'exit 126']);
  assert.deepEqual(own.outcome, { kind: 'exited', exitCode: 126 });
});

engineTest('a stopped, a paused and a missing container: failed to start', async (t, engine) => {
  const { run, box: container } = await box(t, engine);
  await engine.change(container, 'pause');
  assert.match(JSON.stringify((await run(['true'])).outcome), /failed to start.*paused/);
  await engine.change(container, 'unpause');
  await engine.change(container, 'kill');
  assert.match(JSON.stringify((await run(['true'])).outcome), /failed to start.*not running/);
  await engine.remove(container);
  assert.match(JSON.stringify((await run(['true'])).outcome), /failed to start.*No such container/);
});

engineTest(
  'a signal inside gives its code; a killed or removed container is told as gone',
  async (t, engine) => {
    for (const verb of ['kill', 'remove'] as const) {
      const { run, box: container, pool, id } = await box(t, engine);
      assert.deepEqual((await run(['sh', '-c', 'kill -9 $$'])).outcome, { kind: 'exited', exitCode: 137 });
      const request = pool.request(['sh', '-c', 'echo started; sleep 100'], { container: id });
      pool.pool.execute(request);
      const ended = pool.ended(request.execution);
      let lines = 0;
      pool.onMessage = () => {
        lines += 1;
      };
      await pool.until(() => lines > 1);
      await (verb === 'kill' ? engine.change(container, 'kill') : engine.remove(container));
      assert.equal((await ended).outcome.kind, 'container gone');
    }
  },
);

const STUBBORN = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & while :; do sleep 1; done";

engineTest('a timeout stops a command and its children, also as another user', async (t, engine) => {
  const { run } = await box(t, engine);
  const gentle = await run(['sh', '-c', 'sleep 1000 & sleep 1000'], { timeoutMs: 500, user: 'nobody' });
  assert.deepEqual(gentle.outcome, {
    kind: 'timeout',
    stopped: true,
    exitCode: 143,
    detail: 'it ended upon TERM',
  });
  const stubborn = await run(['sh', '-c', STUBBORN], { timeoutMs: 500 });
  assert.deepEqual(stubborn.outcome, {
    kind: 'timeout',
    stopped: true,
    exitCode: 137,
    detail: 'it ignored TERM and was killed',
  });
  const left = await run(['sh', '-c', "ps | grep '[s]leep 1' | wc -l"]);
  assert.deepEqual(texts(left), ['0']);
});

engineTest('an execution is stopped by its own mark only', async (t, engine) => {
  const { run, pool, id } = await box(t, engine);
  const neighbour = pool.request(['sh', '-c', 'sleep 4; echo unharmed'], { container: id });
  pool.pool.execute(neighbour);
  const ended = await run(['sleep', '1000'], { timeoutMs: 500 });
  assert.ok(ended.outcome.kind === 'timeout' && ended.outcome.stopped);
  assert.deepEqual(texts(await pool.ended(neighbour.execution)), ['unharmed']);
});

engineTest('where there is no grep, the shell alone finds the mark', async (t, engine) => {
  const { run } = await box(t, engine);
  const bare = 'rm -f /bin/grep /bin/tr /usr/bin/grep /usr/bin/tr; sleep 1000 & sleep 1000';
  const { outcome } = await run(['sh', '-c', bare], { timeoutMs: 1_000 });
  assert.deepEqual(outcome, { kind: 'timeout', stopped: true, exitCode: 143, detail: 'it ended upon TERM' });
});

engineTest(
  'where there is no shell, an execution over its time runs on and is told so',
  async (t, engine) => {
    const { run, pool } = await box(t, engine);
    await run(['sh', '-c', 'rm -f /bin/sh /bin/ash']);
    const { outcome } = await run(['sleep', '3'], { timeoutMs: 500 });
    assert.ok(outcome.kind === 'timeout' && !outcome.stopped && outcome.exitCode === 0);
    assert.match(pool.warnings.join(), /runs on: the container has no shell/);
  },
);

engineTest('a grandchild that holds stdout does not keep the execution', async (t, engine) => {
  const { run } = await box(t, engine);
  const ended = await run(['sh', '-c', 'sleep 60 & echo parent']);
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
  assert.deepEqual(texts(ended), ['parent']);
  assert.ok(ended.durationMs < 50_000);
});

engineTest('a flood is drained: beginning and end are told, the rest is counted', async (t, engine) => {
  const { run } = await box(t, engine);
  const ended = await run(['sh', '-c', 'seq 1 400000']);
  assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
  const lines = texts(ended);
  assert.equal(lines[0], '1');
  assert.equal(lines.at(-1), '400000');
  assert.equal(lines.length + (ended.omitted?.lines ?? 0), 400_000);
});
