import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHttpClient, type HttpClient } from '../../src/docker/http-client.ts';
import type { HttpRequest } from '../../src/docker/http-connection.ts';

interface Peer {
  readonly client: HttpClient;
  /** Requests in order, each with the number of its connection. */
  readonly got: { readonly connection: number; readonly text: string }[];
  readonly sockets: Socket[];
}

/** A peer that answers each request with what `reply` does. */
async function peer(t: TestContext, reply: (socket: Socket, count: number) => void): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'cw-http-'));
  const socketPath = join(folder, 's.sock');
  const client = createHttpClient({ kind: 'unix', socketPath });
  const made: Peer = { client, got: [], sockets: [] };
  const server = createServer((socket) => {
    const connection = made.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      made.got.push({ connection, text: bytes.toString() });
      reply(socket, made.got.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(async () => {
    client.close();
    for (const socket of made.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  return made;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const get: HttpRequest = { method: 'GET', path: '/x', deadlineMs: 20_000, repeatable: true };
const post: HttpRequest = {
  method: 'POST',
  path: '/y',
  body: '{"a":"é"}',
  deadlineMs: 20_000,
  repeatable: false,
};

test('a connection is used again, and a body is sent with its length in bytes', async (t) => {
  const { client, got } = await peer(t, (socket) => socket.write(OK));
  assert.deepEqual(await client.call(get), { status: 200, body: 'ok' });
  assert.deepEqual(await client.call(post), { status: 200, body: 'ok' });
  assert.equal(client.opened, 1);
  assert.match(
    got[1]?.text ?? '',
    /^POST \/y HTTP\/1.1\r\nHost: docker\r\n.*Content-Length: 10\r\n\r\n\{"a":"é"\}$/s,
  );
});

test('a body in UTF-8 comes out right though its bytes come one by one', async (t) => {
  const { client } = await peer(t, async (socket) => {
    for (const byte of Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nné–x')) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  assert.equal((await client.call(get)).body, 'né–x');
});

test('an idle connection that the peer closed is not used again', async (t) => {
  const { client, sockets } = await peer(t, (socket) => socket.write(OK));
  await client.call(get);
  sockets[0]?.end();
  await new Promise((resolve) => sockets[0]?.on('close', resolve));
  await client.call(post);
  assert.equal(client.opened, 2);
});

test('a kept connection that breaks before its answer: a repeatable request is sent once more', async (t) => {
  const { client, got } = await peer(t, (socket, count) =>
    count === 2 ? socket.destroy() : socket.write(OK),
  );
  await client.call(get);
  assert.equal((await client.call(get)).body, 'ok');
  assert.deepEqual(
    got.map(({ connection }) => connection),
    [1, 1, 2],
  );
});

test('a request that must not be repeated is not, and fails as cut', async (t) => {
  const { client, got } = await peer(t, (socket, count) =>
    count === 2 ? socket.destroy() : socket.write(OK),
  );
  await client.call(get);
  await assert.rejects(client.call(post), { name: 'HttpError', code: 'cut' });
  assert.equal(got.length, 2);
});

test('a fresh connection that breaks is not tried again without end', async (t) => {
  const { client, got } = await peer(t, (socket) => socket.destroy());
  await assert.rejects(client.call(get), { code: 'cut' });
  assert.equal(got.length, 1);
});

test('the deadline ends a call that is not answered, and one whose answer stops half way', async (t) => {
  const { client } = await peer(t, (socket, count) => {
    if (count === 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
  });
  await assert.rejects(client.call({ ...get, deadlineMs: 50 }), { code: 'timeout' });
  await assert.rejects(client.call({ ...get, deadlineMs: 50 }), { code: 'timeout' });
});

test('a stream has no deadline once its head came', async (t) => {
  const { client } = await peer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\na');
    setTimeout(() => socket.end('b'), 200);
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    client
      .stream(
        { ...post, deadlineMs: 100 },
        {
          data: (chunk, start, end) => {
            text += chunk.toString('latin1', start, end);
          },
          end: (error) => (error === undefined ? resolve() : reject(error)),
        },
      )
      .catch(reject);
  });
  assert.equal(text, 'ab');
});

test('a refused stream gives the words of the engine, and its connection is used again', async (t) => {
  const { client } = await peer(t, (socket, count) =>
    socket.write(count === 1 ? 'HTTP/1.1 409 Conflict\r\nContent-Length: 6\r\n\r\npaused' : OK),
  );
  const handlers = { data: () => assert.fail(), end: () => assert.fail() };
  const answer = await client.stream(post, handlers);
  assert.deepEqual([answer.status, answer.body], [409, 'paused']);
  await client.call(get);
  assert.equal(client.opened, 1);
});

test('a closed stream is heard of no more', async (t) => {
  const { client, sockets } = await peer(t, (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\na'));
  const answer = await client.stream(post, { data: () => undefined, end: () => assert.fail() });
  answer.close();
  await new Promise((resolve) => sockets[0]?.on('close', resolve));
});

test('an engine that speaks something else, and none at all, are told apart', async (t) => {
  const { client } = await peer(t, (socket) => socket.write('SSH-2.0-x\r\n\r\n'));
  await assert.rejects(client.call(get), { code: 'garbage' });
  const nowhere = createHttpClient({ kind: 'unix', socketPath: '/nonexistent/x.sock' });
  t.after(() => nowhere.close());
  await assert.rejects(nowhere.call(get), { code: 'unreachable' });
});
