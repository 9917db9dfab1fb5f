/**
 * The container image: built from the Dockerfile, then run as a container that schedules its neighbours, with as
 * few rights as the documentation says. Its base is a stand-in (`base-image.ts`).
 */
import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobsAnswer } from '../../src/api/types.ts';
import { engineTest, type RunningContainer, type TestEngine } from '../support/engine.ts';
import { testFleet } from '../support/fleet.ts';
import { call, demultiplex, open, runExec } from '../support/http.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { debianBytes, importBase } from './base-image.ts';
import { build, prepareContext, useOwnPackages } from './build.ts';

const image = 'chorewheel:test';
const limitMs = 60_000;

let built: Promise<void> | undefined;

function buildOnce(t: TestContext, engine: TestEngine): Promise<void> {
  built ??= buildImage(t, engine);
  return built;
}

async function buildImage(t: TestContext, engine: TestEngine): Promise<void> {
  const folder = temporaryFolder(t);
  const began = performance.now();
  await importBase(engine.socketPath, temporaryFolder(t));
  const imported = performance.now();
  await prepareContext(folder);
  try {
    await build(engine.socketPath, folder, image);
  } catch (error) {
    if (!/npm error/.test((error as Error).message)) throw error;
    t.diagnostic(`npm could not get the packages inside of the build; this machine's are used: ${error}`);
    await useOwnPackages(folder);
    await build(engine.socketPath, folder, image);
  }
  t.diagnostic(
    `base ${seconds(imported - began)}, build ${seconds(performance.now() - imported)} (stand-in base)`,
  );
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

interface Inspected {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly StopSignal: string;
    readonly Healthcheck: { readonly Test: readonly string[] };
    readonly Volumes: object;
    readonly Labels: Readonly<Record<string, string>>;
  };
}

engineTest(
  'the image builds from the Dockerfile: small, without root, with a health check and labels',
  async (t, engine) => {
    await buildOnce(t, engine);
    const { Size, Config } = (await call<Inspected>(engine.socketPath, 'GET', `/images/${image}/json`)).json;
    const whole = Size + debianBytes;
    t.diagnostic(
      `size ${(Size / 1e6).toFixed(0)} MB, with Debian's files about ${(whole / 1e6).toFixed(0)} MB`,
    );
    assert.ok(whole < 250e6, `${whole} bytes`);
    assert.equal(Config.User, '65532:65532');
    assert.equal(Config.StopSignal, 'SIGTERM');
    assert.deepEqual(Config.Healthcheck.Test, ['CMD', 'chorewheel', 'health']);
    assert.deepEqual(Object.keys(Config.Volumes).sort(), ['/run/chorewheel', '/var/lib/chorewheel']);
    assert.equal(Config.Labels['org.opencontainers.image.title'], 'chorewheel');
  },
  { timeout: 170_000 },
);

/** As the README starts it: no capability, no new privileges, nothing to write to but its volumes. */
function runOfficer(
  t: TestContext,
  engine: TestEngine,
  socket = engine.socketPath,
): Promise<RunningContainer> {
  return engine.run(t, {
    image,
    env: ['LABEL_NAMESPACE=image-test', 'LOG_FORMAT=json'],
    command: ['run'],
    more: { Healthcheck: { Interval: 1e9 } },
    host: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      GroupAdd: [String(statSync(socket).gid)],
      Binds: [`${socket}:/var/run/docker.sock`],
    },
  });
}

async function logOf(engine: TestEngine, { id }: RunningContainer): Promise<string> {
  const response = await open(engine.socketPath, 'GET', `/containers/${id}/logs?stdout=1&stderr=1`);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { stdout, stderr } = demultiplex(Buffer.concat(chunks));
  return stdout + stderr;
}

/** Looks again and again until it is so; fails with what was seen last. */
async function until(look: () => Promise<string>, wanted: RegExp): Promise<string> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (wanted.test(seen)) return seen;
    assert.ok(performance.now() < end, `waited in vain for ${wanted}; last:\n${seen.slice(-3000)}`);
    await delay(100);
  }
}

engineTest(
  'as a container without rights it runs the jobs of its neighbours and tells of them',
  async (t, engine) => {
    await buildOnce(t, engine);
    const neighbour = await engine.run(t, {
      labels: { 'image-test.hello.command': 'echo hello', 'image-test.hello.interval': 'every second' },
    });
    const began = performance.now();
    const officer = await runOfficer(t, engine);
    await until(() => logOf(engine, officer), /"event":"ready"/);
    t.diagnostic(`from docker run to ready: ${seconds(performance.now() - began)}`);
    const log = await until(() => logOf(engine, officer), /"exit_code":0/);
    assert.match(log, /"stream":"stdout"/, log);
    const listed = await runExec(engine.socketPath, officer.id, ['chorewheel', 'jobs', '--json']);
    assert.equal(listed.inspect.ExitCode, 0, listed.stderr);
    const { jobs } = JSON.parse(listed.stdout) as JobsAnswer;
    assert.deepEqual(
      jobs.map(({ name, containerName }) => [name, containerName]),
      [['hello', neighbour.name]],
    );
    await until(() => healthOf(engine, officer), /^healthy$/);
    await engine.change(officer, 'stop?t=30');
    const { json } = await call<{ State: { ExitCode: number } }>(
      engine.socketPath,
      'GET',
      `/containers/${officer.id}/json`,
    );
    assert.equal(json.State.ExitCode, 0, 'SIGTERM ends it in order');
  },
);

async function healthOf(engine: TestEngine, { id }: RunningContainer): Promise<string> {
  const { json } = await call<{ State: { Health: { Status: string } } }>(
    engine.socketPath,
    'GET',
    `/containers/${id}/json`,
  );
  return json.State.Health.Status;
}

engineTest(
  'its history is on a volume that it may write to, and is there again after a restart',
  async (t, engine) => {
    await buildOnce(t, engine);
    await engine.run(t, {
      labels: { 'image-test.keep.command': 'true', 'image-test.keep.interval': 'every second' },
    });
    const officer = await runOfficer(t, engine);
    await until(() => logOf(engine, officer), /"exit_code":0/);
    const health = await runExec(engine.socketPath, officer.id, ['chorewheel', 'health', '--json']);
    assert.deepEqual(JSON.parse(health.stdout).history, { kind: 'file' });
    const before = await exported(engine, officer);
    await engine.change(officer, 'restart?t=30');
    await until(() => logOf(engine, officer), /"event":"ready"[\s\S]*"event":"ready"/);
    const after = await exported(engine, officer);
    assert.ok(before.length > 0);
    for (const line of before.filter((text) => text.includes('"exited"')))
      assert.ok(after.includes(line), line);
  },
);

async function exported(engine: TestEngine, { id }: RunningContainer): Promise<readonly string[]> {
  const { stdout, stderr, inspect } = await runExec(engine.socketPath, id, [
    'chorewheel',
    'executions',
    '--export',
  ]);
  assert.equal(inspect.ExitCode, 0, stderr);
  return stdout.trim().split('\n');
}

engineTest('beside 500 containers it is ready in a moment', async (t, engine) => {
  await buildOnce(t, engine);
  // Its neighbours are simulated, it is not.
  const fleet = await testFleet(t, { population: { containers: 500, namespace: 'image-test' } });
  chmodSync(fleet.socketPath, 0o660);
  const began = performance.now();
  const officer = await runOfficer(t, engine, fleet.socketPath);
  const log = await until(() => logOf(engine, officer), /"event":"ready"/);
  const took = performance.now() - began;
  t.diagnostic(`from docker run to ready beside 500 containers: ${seconds(took)}`);
  assert.match(log, /500 containers/);
  assert.ok(took < 30_000, `${took} ms`);
});

engineTest('nothing to build or fetch with is left in it, and no setting of npm', async (t, engine) => {
  await buildOnce(t, engine);
  const officer = await runOfficer(t, engine);
  await until(() => logOf(engine, officer), /"event":"ready"/);
  const look =
    'id -u; touch /app/x 2>&1; ls -a /app /root /usr/local/bin; ls /app/node_modules/typescript /app/node_modules/.bin/tsc';
  const { stdout } = await runExec(engine.socketPath, officer.id, ['sh', '-c', look]);
  assert.match(stdout, /^65532\n/);
  assert.match(stdout, /Read-only file system/);
  assert.doesNotMatch(stdout, /npmrc|\bnpm\b|\bnpx\b|tsconfig|tsc\n/);
});
