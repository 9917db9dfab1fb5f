/**
 * The watcher against a real engine. Docker drops an event if its own sending takes longer than 0.1 s, which happens on
 * a loaded machine; the next list heals it. So these tests wait for what is known in the end, with frequent lists.
 */
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
): Promise<{ told: Recorder; watcher: Watcher }> {
  const told = recorder();
  const watcher = createWatcher({
    engine: createEngine(address, 60_000),
    parse: parseForTests,
    cacheSize: 128,
    resyncIntervalMs: 1_000,
    handler: told.handler,
  });
  t.after(() => watcher.stop());
  await watcher.start();
  return { told, watcher };
}

const unix = (socketPath: string): EngineAddress => ({ kind: 'unix', socketPath });

/** Waits until the container is known as `expected` (name and state), or as gone. */
async function reaches(told: Recorder, id: string, expected: string | undefined): Promise<void> {
  const held = await told.untilTrue(() => told.known().get(id) === expected);
  assert.ok(held, `${expected ?? 'gone'} expected, but it is ${told.known().get(id) ?? 'gone'}`);
}

engineTest('the life of a container is followed step by step', async (t, engine) => {
  const { told } = await watched(t, unix(engine.socketPath));
  const box = await engine.run(t, { labels: { job: 'j' } });
  await reaches(told, box.id, `${box.name} running`);
  await engine.change(box, 'pause');
  await reaches(told, box.id, `${box.name} paused`);
  await engine.change(box, 'unpause');
  await reaches(told, box.id, `${box.name} running`);
  const renamed = `${box.name}-new`;
  await engine.change(box, `rename?name=${renamed}`);
  await reaches(told, box.id, `${renamed} running`);
  await engine.change(box, 'kill');
  await reaches(told, box.id, undefined);
  await engine.change(box, 'start');
  await reaches(told, box.id, `${renamed} running`);
  await engine.remove(box);
  await reaches(told, box.id, undefined);
  const described = told.events.flatMap((event) =>
    event.kind === 'listed' ? event.containers : event.kind === 'container' ? [event.container] : [],
  );
  const mine = described.filter(({ id }) => id === box.id);
  assert.ok(mine.length > 0 && mine.every(({ definition }) => jobNames(definition).join() === 'j'));
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
    const witnessed = new Set<string>();
    // One event may get lost; three in a row are a fault.
    for (let attempt = 1; attempt <= 3 && witnessed.size === 0; attempt += 1) {
      const { id } = await runExec(engine.socketPath, box.id, ['sh', '-c', 'exit 5']);
      watcher.watchExecs(true);
      const died = (): boolean =>
        told.events.some(
          (event) =>
            event.kind === 'exec died' &&
            event.exec === id &&
            event.container === box.id &&
            event.exitCode === 5,
        );
      if (await told.untilTrue(died, 20_000)) witnessed.add(id);
      watcher.watchExecs(false);
    }
    assert.equal(witnessed.size, 1);
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
    await told.until('listed', ({ cause }) => cause === 'reconnect');
    await reaches(told, box.id, undefined);

    const before = told.events.length;
    daemon.signal('SIGSTOP');
    const frozen = await told.until('disconnected', () => true, before);
    daemon.signal('SIGCONT');
    assert.match(frozen.reason, /no sign of life/);
    await daemon.change(box, 'start');
    await reaches(told, box.id, `${box.name} running`);
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
    await reaches(told, box.id, `${box.name} running`);

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
