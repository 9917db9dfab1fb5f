/** The command line as a process: what only shows there, and the daemon behind it on a simulated engine. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ExecutionsAnswer, JobsAnswer } from '../../src/api/types.ts';
import { testFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const main = fileURLToPath(new URL(`../../src/main.${ending}`, import.meta.url));

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Limit for what takes a second or two, on a loaded machine. */
const patienceMs = 60_000;

function start(t: TestContext, words: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH, STDERR_LEVEL: 'CRITICAL', ...env },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {});
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function finish(child: Child): Promise<{ exit: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [exit] = (await once(child, 'close')) as [number | null];
  return { exit, out, err };
}

function call(t: TestContext, words: readonly string[], env?: Readonly<Record<string, string>>, input = '') {
  const child = start(t, words, env);
  child.stdin.end(input);
  return finish(child);
}

/** Resolves when the stream has said it; the stream stays open. */
function said(stream: Readable, words: RegExp): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`did not say ${words}: ${all}`)), patienceMs);
    stream.on('data', (chunk) => {
      all += chunk;
      if (!words.test(all)) return;
      clearTimeout(timer);
      resolve();
    });
    stream.on('end', () => reject(new Error(`ended without ${words}: ${all}`)));
  });
}

/** Asks until the answer is the one that is waited for. */
async function until<T>(ask: () => Promise<T>, check: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (check(answer)) return answer;
    assert.ok(performance.now() < end, `waited in vain, last: ${JSON.stringify(answer)}`);
  }
}

test('the program says its version and exits', async (t) => {
  const { exit, out, err } = await call(t, ['--version']);
  assert.deepEqual([exit, err], [0, '']);
  assert.match(out, /^\d+\.\d+\.\d+/);
});

test('label sets are checked from a pipe', async (t) => {
  const { exit, out } = await call(t, ['check', '--stdin'], {}, '{"deck-chores.a.command":"x"}\n');
  assert.equal(exit, 1);
  assert.match(out, /\n0 jobs, 1 mistake, 0 warnings\n$/);
});

test('a reader that leaves early is no error', async (t) => {
  const child = start(t, ['next', 'every second', '--interval', '-n', '10000']);
  await once(child.stdout, 'readable');
  child.stdout.destroy();
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [exit] = await once(child, 'close');
  assert.deepEqual([exit, err], [0, '']);
});

test('mistakes of the configuration are told together and exit with 1', async (t) => {
  const { exit, err } = await call(t, ['run'], { JOB_POOL_SIZE: 'many', LOG_FORMAT: '{nonsense}' });
  assert.equal(exit, 1);
  assert.match(err, /JOB_POOL_SIZE/);
  assert.match(err, /LOG_FORMAT[^\n]*\{nonsense\}/);
});

test('the demonstration runs, answers the other commands, and ends at a signal', async (t) => {
  const socket = join(temporaryFolder(t), 'control.sock');
  const child = start(t, ['demo', '--listen', '127.0.0.1:0'], { CONTROL_SOCKET: socket });
  child.stderr.resume();
  await said(child.stdout, /ready after .*10 jobs in 7 containers/);
  const jobs = await call(t, ['jobs', '--json', '--socket', socket]);
  assert.equal((JSON.parse(jobs.out) as JobsAnswer).total, 10);
  const run = await call(t, ['run-now', 'vacuum', '--socket', socket]);
  assert.match(run.out, /^vacuum in shop-db-1 is started\n/);
  const { out } = await until(
    () => call(t, ['logs', 'vacuum', '--socket', socket]),
    (answer) => answer.exit === 0 && answer.err.includes('ended: exit code 0'),
  );
  assert.equal(out, 'vacuum analyze: done\n');
  assert.equal((await call(t, ['health', '--socket', socket])).exit, 0);
  assert.equal((await call(t, ['problems', '--socket', socket])).exit, 1);
  child.kill('SIGTERM');
  const [exit] = await once(child, 'exit');
  assert.equal(exit, 0);
});

test('logs -f end quietly when the instance ends', async (t) => {
  const socket = join(temporaryFolder(t), 'control.sock');
  const child = start(t, ['demo', '--listen', '127.0.0.1:0'], { CONTROL_SOCKET: socket });
  child.stderr.resume();
  await said(child.stdout, /ready after/);
  const follower = start(t, ['logs', '-f', 'vacuum', '--socket', socket]);
  const line = said(follower.stdout, /vacuum analyze: done\n/);
  // The follower is asked for nothing but lines: run the job until one came through.
  let seen = false;
  void line.then(() => {
    seen = true;
  });
  await until(
    () => call(t, ['run-now', 'vacuum', '--socket', socket]),
    () => seen,
  );
  await line;
  child.kill('SIGTERM');
  const [exit] = await once(follower, 'exit');
  assert.equal(exit, 0);
});

test('a stalled reader of the log stops no job, and what it missed is told', async (t) => {
  const fleet = await testFleet(t);
  const labels = {
    'deck-chores.flood.command': 'print 20000 80',
    'deck-chores.flood.cron': '* * * * * * * *',
    'deck-chores.other.command': 'true',
    'deck-chores.other.cron': '* * * * * * * *',
  };
  fleet.add({ name: 'web', labels });
  const socket = join(temporaryFolder(t), 'control.sock');
  const child = start(t, ['run'], { DOCKER_HOST: `unix://${fleet.socketPath}`, CONTROL_SOCKET: socket });
  child.stderr.resume();
  // Nobody reads its standard output, yet it goes on: three seconds' worth of both jobs end.
  const query = ['executions', '--outcome', 'exited', '--json', '--socket', socket];
  const count = (answer: ExecutionsAnswer, name: string): number =>
    answer.executions.filter(({ jobName }) => jobName === name).length;
  await until(
    async () => {
      const { exit, out } = await call(t, query);
      return exit === 0 ? (JSON.parse(out) as ExecutionsAnswer) : { executions: [] };
    },
    (answer) => count(answer, 'flood') >= 3 && count(answer, 'other') >= 3,
  );
  await said(child.stdout, /(?:lines of its output not logged|records were not written)/);
  child.kill('SIGTERM');
  const [exit] = await once(child, 'exit');
  assert.equal(exit, 0);
});

test('a second signal ends it at once, though its state folder hangs', async (t) => {
  const fleet = await testFleet(t);
  const folder = temporaryFolder(t);
  // Whoever opens a pipe for writing hangs until somebody reads it.
  execFileSync('mkfifo', [join(folder, 'instance.json')]);
  fleet.add({
    name: 'web',
    labels: { 'deck-chores.long.command': 'sleep 600', 'deck-chores.long.cron': '* * * * * * * *' },
  });
  const child = start(t, ['run'], {
    DOCKER_HOST: `unix://${fleet.socketPath}`,
    CONTROL_SOCKET: 'off',
    STATE_DIR: folder,
    STOP_TIMEOUT: '1h',
  });
  child.stderr.resume();
  await said(child.stdout, /long in web starts/);
  child.kill('SIGTERM');
  await said(child.stdout, /starts nothing new/);
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  // Where Node can't put another program in its place, it looks killed.
  const expected = 'execve' in process ? [2, null] : [null, 'SIGKILL'];
  assert.deepEqual(await once(child, 'exit'), expected);
});
