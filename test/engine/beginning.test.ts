/** How the program begins: what it asks of the engine, what stops it, and how it waits for an engine. */
import assert from 'node:assert/strict';
import { engineTest, type RunOptions } from '../support/engine.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startProxy } from '../support/proxy.ts';

const TICKS = { 'tick.command': 'true', 'tick.cron': '*' };

/** The attributes as labels of a namespace whose program is yet to start. */
function labelled(namespace: string, attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`${namespace}.${key}`, value]));
}

/** What looks like a running chorewheel to whoever inspects it. */
function instance(namespace: string): RunOptions {
  return {
    labels: { 'org.opencontainers.image.title': 'chorewheel' },
    env: [`LABEL_NAMESPACE=${namespace}`],
    command: ['sh', '-c', 'tail -f /dev/null', 'run'],
  };
}

const refusal = (program: Program): string => program.find('refused')[0]?.message ?? 'not refused';

engineTest('every mistake of the environment is named at once, and nothing is asked', async (t, engine) => {
  const proxy = await startProxy(t, engine.socketPath);
  const mistakes = {
    JOB_POOL_SIZE: '0',
    TIMEZONE: 'Europe/Atlantis',
    DEFAULT_MAX: 'many',
    DEFAULT_FLAGS: 'images',
    STOP_TIMEOUT: '-1',
  };
  const env = { ...mistakes, UNKNOWN_VARIABLE: 'x' };
  const program = await startProgram(t, proxy.host, { env, ready: false });
  assert.equal(await program.ended(), 1);
  const lines = program.text().split('\n');
  for (const [name, value] of Object.entries(mistakes)) {
    const about = lines.filter((line) => line.includes(name));
    assert.equal(about.length, 1, `${name} in:\n${program.text()}`);
    assert.ok(about[0]?.includes(value), about[0]);
  }
  assert.doesNotMatch(program.text(), /UNKNOWN_VARIABLE/);
  assert.deepEqual(proxy.requests, []);
});

engineTest(
  'a start is one list and one subscription, whatever the number of containers',
  async (t, engine) => {
    const namespace = `many-${process.pid}`;
    const labels = {
      ...labelled(namespace, { 'tick.command': 'true', 'tick.interval': 'daily' }),
      'com.docker.compose.project': 'p',
      'com.docker.compose.service': namespace,
    };
    await Promise.all(Array.from({ length: 6 }, () => engine.run(t, { labels })));
    await Promise.all(Array.from({ length: 40 }, () => engine.run(t, { labels, start: false })));
    const proxy = await startProxy(t, engine.socketPath);
    const program = await startProgram(t, proxy.host, { namespace, env: { RESYNC_INTERVAL: '1h' } });
    await program.record('job_added');
    const asked = proxy.requests.map((request) => request.replace(/\?.*/, ''));
    assert.deepEqual(
      asked.filter((request) => request !== 'GET /_ping'),
      ['GET /version', 'GET /events', 'GET /containers/json'],
    );
    assert.equal(await program.stop(), 0);
  },
);

engineTest(
  'without an engine it says at once what was tried, and begins when one comes',
  async (t, engine) => {
    const proxy = await startProxy(t, engine.socketPath, { listen: false });
    const program = await startProgram(t, proxy.host, { ready: false });
    const away = await program.record('engine_disconnected');
    assert.ok(away.message.includes(proxy.socketPath), away.message);
    await program.records('engine_disconnected', 2);
    await engine.run(t, { labels: program.labels(TICKS) });
    await proxy.listen();
    await program.record('engine_connected');
    await program.record('ready');
    await program.record('execution_ended', ({ exit_code }) => exit_code === 0);
    assert.equal(await program.stop(), 0);
  },
);

engineTest('it can be stopped while there is no engine', async (t, engine) => {
  const proxy = await startProxy(t, engine.socketPath, { listen: false });
  const program = await startProgram(t, proxy.host, { ready: false });
  await program.record('engine_disconnected');
  assert.equal(await program.stop(), 0);
});

engineTest('a lost connection is no end: jobs go on, and what came meanwhile is found', async (t, engine) => {
  const proxy = await startProxy(t, engine.socketPath);
  const program = await startProgram(t, proxy.host);
  const box = await engine.run(t, { labels: program.labels(TICKS) });
  await program.record('execution_ended');
  const from = program.lines.length;
  proxy.sever();
  await program.record('engine_disconnected', undefined, from);
  const other = await engine.run(t, { labels: program.labels(TICKS) });
  await program.record('engine_connected', undefined, from);
  for (const { name } of [other, box]) {
    const connected = program.lines.findLastIndex(({ event }) => event === 'engine_connected');
    await program.record(
      'execution_ended',
      (line) => line.container === name && line.exit_code === 0,
      connected,
    );
  }
  assert.equal(await program.stop(), 0);
});

engineTest('a second instance on the host is refused and told who the first is', async (t, engine) => {
  const first = await startProgram(t, engine.host);
  const second = await startProgram(t, engine.host, { namespace: first.namespace, ready: false });
  assert.equal(await second.ended(), 1);
  assert.ok(refusal(second).includes(`process ${first.process.pid} `), second.text());
  const third = await startProgram(t, engine.host);
  assert.deepEqual([await third.stop(), await first.stop()], [0, 0]);
});

engineTest('a chorewheel container of the same namespace has the right of way', async (t, engine) => {
  const namespace = `pair-${process.pid}`;
  const other = await engine.run(t, instance(namespace));
  await engine.run(t, instance(`${namespace}-not`));
  await engine.run(t, { labels: labelled(namespace, TICKS) });
  const program = await startProgram(t, engine.host, { namespace, ready: false });
  assert.equal(await program.ended(), 1);
  assert.ok(refusal(program).includes(`container ${other.name}, started 20`), program.text());
  assert.deepEqual([...program.find('job_added'), ...program.find('ready')], []);
  await engine.change(other, 'kill');
  const again = await startProgram(t, engine.host, { namespace });
  await again.record('execution_ended');
  assert.equal(await again.stop(), 0);
});
