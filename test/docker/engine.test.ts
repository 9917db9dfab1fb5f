import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ListedContainer } from '../../src/docker/answers.ts';
import { createEngine, type Engine } from '../../src/docker/engine.ts';
import { describeFailure, type EngineResult } from '../../src/docker/failure.ts';
import type { ContainerId, ImageId } from '../../src/ids.ts';
import { testFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PATIENT_MS = 60_000;

function engineAt(t: TestContext, socketPath: string, limitMs = PATIENT_MS): Engine {
  const engine = createEngine({ kind: 'unix', socketPath }, limitMs);
  t.after(() => engine.close());
  return engine;
}

/** A server that answers as the listener says. */
async function serverFor(t: TestContext, listener: RequestListener): Promise<string> {
  const socketPath = join(temporaryFolder(t), 'engine.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return socketPath;
}

async function list(
  engine: Engine,
): Promise<{ result: EngineResult<undefined>; found: ListedContainer[]; odd: string[] }> {
  const found: ListedContainer[] = [];
  const odd: string[] = [];
  const result = await engine.list(
    (container) => found.push(container),
    (message) => odd.push(message),
  );
  return { result, found, odd };
}

function why<T>(result: EngineResult<T>): string {
  return result.ok ? 'ok' : describeFailure(result.failure);
}

test('version, ping, list and inspections give what the engine says', async (t) => {
  const fleet = await testFleet(t);
  fleet.world.addImage('labelled:latest', { from: 'image' });
  const running = fleet.add({
    name: 'web',
    state: 'running',
    image: 'labelled:latest',
    labels: { own: 'x' },
  });
  fleet.add({ name: 'asleep', state: 'paused' });
  fleet.add({ name: 'old', state: 'exited' });
  const engine = engineAt(t, fleet.socketPath);

  const version = await engine.version();
  assert.match(version.ok ? version.value.version : '', /^20\.10/);
  assert.deepEqual(await engine.ping(PATIENT_MS), { ok: true, value: undefined });
  const { result, found, odd } = await list(engine);
  assert.deepEqual([why(result), odd], ['ok', []]);
  assert.deepEqual(found.map(({ name, state }) => `${name} ${state}`).sort(), [
    'asleep paused',
    'old other',
    'web running',
  ]);
  const web = found.find(({ name }) => name === 'web');
  assert.deepEqual(web?.labels, { from: 'image', own: 'x' });
  assert.equal(web?.imageId, running.image.id);

  const inspected = await engine.inspect(running.id as ContainerId, PATIENT_MS);
  assert.ok(inspected.ok);
  assert.deepEqual([inspected.value.imageId, inspected.value.logType], [running.image.id, 'json-file']);
  const labels = await engine.imageLabels(running.image.id as ImageId, PATIENT_MS);
  assert.deepEqual(labels, { ok: true, value: { from: 'image' } });
  assert.ok(Math.abs((engine.clock ?? 0) - Date.now() / 1000) < 3_600);
});

test("a refusal carries the engine's own words", async (t) => {
  const fleet = await testFleet(t);
  const engine = engineAt(t, fleet.socketPath);
  const result = await engine.inspect('nothing' as ContainerId, PATIENT_MS);
  assert.ok(!result.ok && result.failure.kind === 'refused');
  assert.deepEqual([result.failure.status, result.failure.message], [404, 'No such container: nothing']);
});

test('each way of not answering is told apart', async (t) => {
  const fleet = await testFleet(t, { population: { containers: 3 } });
  const cases = [
    [{ kind: 'status', status: 500, message: 'sick' }, /the engine answered 500: sick/],
    [{ kind: 'hang' }, /no answer within 0\.4 s/],
    [{ kind: 'cut' }, /socket hang up/],
    [{ kind: 'garbage' }, /can't be understood/],
    [{ kind: 'truncated' }, /aborted|can't be understood/],
  ] as const;
  for (const [effect, expected] of cases) {
    fleet.faults.set({ rules: [{ match: 'GET /', effect }] });
    const engine = engineAt(t, fleet.socketPath, effect.kind === 'hang' ? 400 : PATIENT_MS);
    const results = {
      version: await engine.version(),
      list: (await list(engine)).result,
      inspect: await engine.inspect('x' as ContainerId, PATIENT_MS),
      image: await engine.imageLabels('x' as ImageId, PATIENT_MS),
    };
    for (const [name, result] of Object.entries(results)) {
      assert.match(why<unknown>(result), expected, `${effect.kind}: ${name}`);
    }
  }
});

test('an engine that is not there is named with what to look at', async (t) => {
  const socketPath = join(temporaryFolder(t), 'none.sock');
  const result = await engineAt(t, socketPath).version();
  assert.ok(!result.ok && result.failure.kind === 'unreachable');
  assert.equal(result.failure.code, 'ENOENT');
  assert.match(describeFailure(result.failure), /none\.sock \(is the engine running/);
});

test('a refused TCP connection says so, for a name with several addresses too', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  for (const host of ['127.0.0.1', 'localhost']) {
    const engine = createEngine({ kind: 'tcp', host, port: address.port, tls: undefined }, PATIENT_MS);
    t.after(() => engine.close());
    assert.match(why(await engine.version()), /ECONNREFUSED/);
  }
});

test('the limit holds for a body that never ends, and for an error that never ends', async (t) => {
  for (const status of [200, 500]) {
    const socketPath = await serverFor(t, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.write('[{"Id":"a"},');
    });
    const engine = engineAt(t, socketPath, 300);
    assert.match(why((await list(engine)).result), /no answer within 0\.3 s/);
    assert.match(why(await engine.version()), /no answer within 0\.3 s/);
  }
});

test('a stuck call holds up no other', async (t) => {
  const fleet = await testFleet(t, { population: { containers: 2 } });
  fleet.faults.set({ rules: [{ match: 'GET /containers/stuck', effect: { kind: 'hang' } }] });
  const engine = engineAt(t, fleet.socketPath);
  const stuck = Array.from({ length: 50 }, () => engine.inspect('stuck' as ContainerId, PATIENT_MS));
  const { found } = await list(engine);
  assert.equal(found.length, 2);
  engine.close();
  for (const result of await Promise.all(stuck)) assert.match(why(result), /closed by chorewheel/);
});

test('containers that can not be read are told and left out, and the others are listed', async (t) => {
  const items = [
    '{"Id":"a","Names":["/one","/two/alias"],"State":"running","Labels":null,"Image":"i","ImageID":"s"}',
    '{"Names":["/nameless"]}',
    '{"Id":"b","Names":["/other/alias","/own"],"State":"running"}',
    `{"Id":"c","Labels":{"big":"${'x'.repeat(5_000_000)}"}}`,
    '{"Id":"dddddddddddddddd","Names":null,"State":"exited","Labels":{"__proto__":"p"}}',
  ];
  const socketPath = await serverFor(t, (_, response) => response.end(`[${items.join(',\n')}]\n`));
  const { result, found, odd } = await list(engineAt(t, socketPath));
  assert.equal(why(result), 'ok');
  assert.deepEqual(
    found.map(({ id, name }) => `${id} ${name}`),
    ['a one', 'b own', 'dddddddddddddddd dddddddddddd'],
  );
  assert.deepEqual(found[0]?.labels, {});
  assert.equal(odd.length, 2);
  assert.match(odd[0] ?? '', /wrong Id/);
  assert.match(odd[1] ?? '', /longer than/);
});

test('a kept connection that the engine closed meanwhile is replaced without a failure', async (t) => {
  let requests = 0;
  const socketPath = await serverFor(t, (request, response) => {
    requests += 1;
    // The second request comes over the connection of the first and meets its end.
    if (requests === 2) request.socket.destroy();
    else response.end('{"Version":"1","ApiVersion":"1"}');
  });
  const engine = engineAt(t, socketPath);
  assert.equal(why(await engine.version()), 'ok');
  assert.equal(why(await engine.version()), 'ok');
  assert.equal(requests, 3);
});

test('what the environment says of an engine changes nothing', async (t) => {
  const fleet = await testFleet(t);
  const before = { ...process.env };
  t.after(() => {
    for (const name of ['DOCKER_HOST', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  process.env.DOCKER_HOST = 'tcp://192.0.2.1:2376';
  process.env.DOCKER_TLS_VERIFY = '1';
  process.env.DOCKER_CERT_PATH = '/nowhere';
  assert.equal(why(await engineAt(t, fleet.socketPath).version()), 'ok');
  assert.equal(process.env.DOCKER_HOST, 'tcp://192.0.2.1:2376');
});

test('an event stream outlives the limit of calls and ends when the client is closed', async (t) => {
  const fleet = await testFleet(t);
  const engine = engineAt(t, fleet.socketPath, 200);
  const opened = await engine.events({ events: ['start'], since: undefined });
  assert.ok(opened.ok);
  const stream = opened.value;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(stream.destroyed, false);
  const data = new Promise<string>((resolve) =>
    stream.once('data', (chunk: Buffer) => resolve(String(chunk))),
  );
  fleet.add({ name: 'late', state: 'running' });
  assert.match(await data, /"late"/);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  engine.close();
  await closed;
  assert.match(why(await engine.version()), /closed by chorewheel/);
});

test('a list of ten thousand containers does not hold up the event loop', async (t) => {
  const item = (index: number): string =>
    JSON.stringify({
      Id: String(index).padStart(64, '0'),
      Names: [`/box-${index}`],
      State: 'running',
      Labels: Object.fromEntries(
        Array.from({ length: 12 }, (_, label) => [`label.${label}`, 'x'.repeat(40)]),
      ),
    });
  const body = Buffer.from(`[${Array.from({ length: 10_000 }, (_, index) => item(index)).join(',')}]`);
  const socketPath = await serverFor(t, (_, response) => response.end(body));
  const engine = engineAt(t, socketPath);
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  count();
  const { result, found } = await list(engine);
  counting = false;
  assert.equal(why(result), 'ok');
  assert.equal(found.length, 10_000);
  // Ten megabytes parsed in one piece would leave a handful of turns.
  assert.ok(turns > 20, `${turns} turns`);
});
