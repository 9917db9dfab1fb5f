/** The watcher against a real engine. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import type { EngineAddress } from '../../src/configuration.ts';
import { createEngine } from '../../src/docker/engine.ts';
import type { Watcher } from '../../src/docker/engine-contract.ts';
import { describeFailure } from '../../src/docker/failure.ts';
import { createWatcher } from '../../src/docker/watcher.ts';
import { makeCertificates } from '../docker/certificates.ts';
import { jobNames, parseForTests, type Recorder, recorder } from '../docker/watching.ts';
import { daemonTest, engineTest } from '../support/engine.ts';
import { runExec } from '../support/http.ts';

async function watched(
  t: TestContext,
  address: EngineAddress,
  resyncIntervalMs = 600_000,
): Promise<{ told: Recorder; watcher: Watcher }> {
  const told = recorder();
  const watcher = createWatcher({
    engine: createEngine(address, 60_000),
    parse: parseForTests,
    cacheSize: 128,
    resyncIntervalMs,
    handler: told.handler,
  });
  t.after(() => watcher.stop());
  await watcher.start();
  return { told, watcher };
}

const unix = (socketPath: string): EngineAddress => ({ kind: 'unix', socketPath });

/** What was told of one container, in short. */
function storyOf(told: Recorder, id: string): string[] {
  return told.events.flatMap((event) => {
    if (event.kind === 'container' && event.container.id === id)
      return [`${event.container.name} ${event.container.state}`];
    return event.kind === 'container gone' && event.container === id ? ['gone'] : [];
  });
}

engineTest('the life of a container is told step by step', async (t, engine) => {
  const { told } = await watched(t, unix(engine.socketPath));
  const box = await engine.run(t, { labels: { job: 'j' } });
  const start = await told.until('container', ({ container }) => container.id === box.id);
  assert.deepEqual(jobNames(start.container.definition), ['j']);
  await engine.change(box, 'pause');
  await engine.change(box, 'unpause');
  await engine.change(box, `rename?name=${box.name}-new`);
  await engine.change(box, 'restart?t=0');
  await engine.change(box, 'kill');
  await told.until(
    'container gone',
    ({ container }) => container === box.id && storyOf(told, box.id).length === 7,
  );
  const renamed = `${box.name}-new running`;
  assert.deepEqual(storyOf(told, box.id), [
    `${box.name} running`,
    `${box.name} paused`,
    `${box.name} running`,
    renamed,
    'gone',
    renamed,
    'gone',
  ]);
});

engineTest(
  'a list holds running and paused containers and tells image labels from own ones',
  async (t, engine) => {
    await engine.image('watched-job:latest', { job: 'inherited' });
    const image = 'watched-job:latest';
    const plain = await engine.run(t, { image });
    const without = await engine.run(t, { image, labels: { noimage: '1' } });
    const paused = await engine.run(t);
    await engine.change(paused, 'pause');
    const created = await engine.run(t, { start: false });
    const { told } = await watched(t, unix(engine.socketPath));
    const { containers } = await told.until('listed');
    const find = (id: string) => containers.find((container) => container.id === id);
    assert.deepEqual(jobNames(find(plain.id)?.definition ?? assert.fail()), ['inherited']);
    assert.deepEqual(jobNames(find(without.id)?.definition ?? assert.fail()), []);
    assert.equal(find(paused.id)?.state, 'paused');
    assert.equal(find(created.id), undefined);
    await engine.change(paused, 'unpause');
  },
);

engineTest(
  'the second witness tells exit codes, also of an exec that ended before it was asked',
  async (t, engine) => {
    const { told, watcher } = await watched(t, unix(engine.socketPath));
    const box = await engine.run(t);
    const early = await runExec(engine.socketPath, box.id, ['sh', '-c', 'exit 5']);
    watcher.watchExecs(true);
    const died = await told.until('exec died', ({ exec }) => exec === early.id);
    assert.deepEqual([died.container, died.exitCode], [box.id, 5]);
  },
);

daemonTest(
  'an engine that is killed, frozen or restarted is found again, and its list is the truth',
  async (t, start) => {
    const daemon = await start();
    const box = await daemon.run(t);
    const { told, watcher } = await watched(t, unix(daemon.socketPath));
    await daemon.stop('SIGKILL');
    await told.until('disconnected');
    await daemon.start();
    const back = await told.until('listed', ({ cause }) => cause === 'reconnect');
    assert.ok(back.containers.every(({ id }) => id !== box.id));

    const before = told.events.length;
    daemon.signal('SIGSTOP');
    const frozen = await told.until('disconnected', () => true, before);
    daemon.signal('SIGCONT');
    assert.match(frozen.reason, /no sign of life/);
    await told.until('listed', () => true, before);
    await daemon.change(box, 'start');
    await told.until('container', ({ container }) => container.id === box.id, before);
    assert.equal(watcher.health.connected, true);
  },
);

daemonTest(
  'a --tlsverify engine is watched with certificates, and told why without the right ones',
  async (t, start) => {
    const certificates = makeCertificates((call) => t.after(call));
    const port = await freePort();
    const { ca, server, client, strangersCa } = certificates;
    const tlsArguments = ['--tlsverify', '--tlscacert', ca, '--tlscert', server.cert, '--tlskey', server.key];
    const daemon = await start({ args: ['-H', `tcp://127.0.0.1:${port}`, ...tlsArguments] });
    const tls = { ca, ...client, assertHostname: false, minVersion: undefined };
    const address = { kind: 'tcp', host: '127.0.0.1', port, tls } as const;
    const { told } = await watched(t, address);
    const box = await daemon.run(t);
    await told.until('container', ({ container }) => container.id === box.id);

    const strange = createEngine({ ...address, tls: { ...tls, ca: strangersCa } }, 60_000);
    t.after(() => strange.close());
    const refused = await strange.version();
    assert.match(refused.ok ? 'ok' : describeFailure(refused.failure), /certificate/);
  },
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}
