import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createApi } from '../../src/api/api.ts';
import { type Listener, listenOnHttp, listenOnSocket } from '../../src/api/listen.ts';
import { until } from '../history/folders.ts';
import { type Instance, instance, jobView } from './parts.ts';

const token = 'correct horse';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'chorewheel-api-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function open(to: object, path: string, asked: Asked = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...to, path, agent: false, ...asked });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end();
  });
}

async function ask(to: object, path: string, asked: Asked = {}): Promise<Answered> {
  const response = await open(to, path, asked);
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

async function socket(t: TestContext, path: string, parts: Instance = instance()): Promise<Listener> {
  const listener = await listenOnSocket(createApi(parts, { kind: 'owner' }, new Map()), path);
  t.after(() => listener.close());
  return listener;
}

async function http(
  t: TestContext,
  given: string | undefined,
  parts: Instance = instance([jobView('j')]),
): Promise<{ host: string; port: number; listener: Listener }> {
  const access = { kind: 'http', host: 'chores.example.org', token: given } as const;
  const listener = await listenOnHttp(createApi(parts, access, new Map()), '127.0.0.1', 0);
  t.after(() => listener.close());
  const [host = '', port] = listener.address.split(':');
  return { host, port: Number(port), listener };
}

test("the owner's socket is open to its owner alone, and allows actions", async (t) => {
  const path = join(folder(t), 'deeper', 'control.sock');
  const parts = instance([jobView('j')]);
  await socket(t, path, parts);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const { status } = await ask({ socketPath: path }, '/api/jobs/j/run', { method: 'POST' });
  assert.equal(status, 202);
  assert.equal(parts.applied.length, 1);
});

test('a socket that a killed process left is replaced', async (t) => {
  const path = join(folder(t), 'control.sock');
  const left = createServer().listen(path);
  await once(left, 'listening');
  // As after a kill: nobody listens, but the file is there.
  const gone = join(path, '..', 'moved.sock');
  renameSync(path, gone);
  await new Promise((resolve) => left.close(resolve));
  renameSync(gone, path);
  await socket(t, path);
  assert.equal((await ask({ socketPath: path }, '/healthz')).status, 200);
});

test('a socket on which somebody listens is left alone, and so is a file', async (t) => {
  const inFolder = folder(t);
  const path = join(inFolder, 'control.sock');
  await socket(t, path);
  await assert.rejects(socket(t, path), { code: 'SOCKET_IN_USE' });
  assert.equal((await ask({ socketPath: path }, '/healthz')).status, 200);
  const file = join(inFolder, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(socket(t, file), /is no socket/);
});

test('a port that is taken is told', async (t) => {
  const { host, port } = await http(t, undefined);
  const api = createApi(instance(), { kind: 'owner' }, new Map());
  await assert.rejects(listenOnHttp(api, host, port), { code: 'EADDRINUSE' });
});

test('over HTTP reading is open and actions need the token', async (t) => {
  const to = await http(t, token);
  const act = async (headers: Record<string, string>) =>
    (await ask(to, '/api/jobs/j/pause', { method: 'POST', headers })).status;
  assert.equal((await ask(to, '/api/jobs')).status, 200);
  assert.equal(await act({}), 401);
  assert.equal(await act({ authorization: 'Bearer wrong' }), 401);
  assert.equal(await act({ authorization: `Basic ${token}` }), 401);
  assert.equal(await act({ authorization: `Bearer ${token}` }), 202);
});

test('without a configured token there are no actions over HTTP', async (t) => {
  const to = await http(t, undefined);
  for (const authorization of ['Bearer ', 'Bearer undefined', '']) {
    const { status, text } = await ask(to, '/api/jobs/j/run', { method: 'POST', headers: { authorization } });
    assert.equal(status, 403);
    assert.match(text, /HTTP_TOKEN/);
  }
});

test('a name that a stranger may have pointed at us is refused, but not with the token', async (t) => {
  const to = await http(t, token);
  const status = async (host: string, headers: Record<string, string> = {}) =>
    (await ask(to, '/api/jobs', { headers: { host, ...headers } })).status;
  for (const host of [
    'evil.example.com',
    'evil.example.com:80',
    'localhost.evil.com',
    '127.0.0.1.evil.com',
  ]) {
    assert.equal(await status(host), 421, host);
  }
  for (const host of [
    'localhost',
    'localhost:8080',
    '127.0.0.1',
    '[::1]:8080',
    '10.1.2.3:80',
    'chorewheel:8080',
    'Chores.Example.org:1',
  ]) {
    assert.equal(await status(host), 200, host);
  }
  assert.equal(await status('evil.example.com', { authorization: `Bearer ${token}` }), 200);
});

test('answers carry what keeps a browser from harm, and allow no other origin', async (t) => {
  const to = await http(t, token);
  const { headers } = await ask(to, '/api/jobs', { headers: { origin: 'http://evil.example.com' } });
  assert.match(String(headers['content-security-policy']), /default-src 'none'.*script-src 'self'/);
  assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['access-control-allow-origin'], undefined);
  const preflight = await ask(to, '/api/jobs/j/run', {
    method: 'OPTIONS',
    headers: { origin: 'http://evil.example.com', 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.headers['access-control-allow-origin'], undefined);
});

test('a reader that goes away frees its stream', async (t) => {
  const to = await http(t, undefined);
  const open32 = await Promise.all(Array.from({ length: 32 }, () => open(to, '/api/events')));
  assert.equal((await ask(to, '/api/events')).status, 503);
  for (const response of open32) response.destroy();
  await until(async () => {
    const response = await open(to, '/api/events');
    response.destroy();
    return response.statusCode === 200;
  });
});

test('closing ends event streams and connections', async (t) => {
  const { listener, ...to } = await http(t, undefined);
  const response = await open(to, '/api/events');
  const ended = once(response.resume(), 'close');
  await listener.close();
  await ended;
  await assert.rejects(ask(to, '/healthz'), { code: 'ECONNREFUSED' });
});
