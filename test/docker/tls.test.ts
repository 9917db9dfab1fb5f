import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { TlsFiles } from '../../src/configuration.ts';
import { connectionOptions } from '../../src/docker/connection.ts';
import { createEngine, type Engine } from '../../src/docker/engine.ts';
import { describeFailure, type EngineResult } from '../../src/docker/failure.ts';
import { type KeyPair, makeCertificates } from './certificates.ts';

const certificates = makeCertificates((call) => after(call));

/** A server that demands a client certificate of the authority, as `dockerd --tlsverify` does. */
async function tlsServer(
  t: TestContext,
  pair: KeyPair,
  more: { maxVersion?: 'TLSv1.2' } = {},
): Promise<number> {
  const server = createServer(
    {
      ...more,
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
      ca: readFileSync(certificates.ca),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (_, response) => response.end('{"Version":"9","ApiVersion":"1.41"}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

function files(more: Partial<TlsFiles> = {}): TlsFiles {
  const { ca, client } = certificates;
  return { ca, ...client, assertHostname: false, minVersion: undefined, ...more };
}

function engineAt(t: TestContext, port: number, tls: TlsFiles | undefined, host = '127.0.0.1'): Engine {
  const engine = createEngine({ kind: 'tcp', host, port, tls }, 20_000);
  t.after(() => engine.close());
  return engine;
}

const why = <T>(result: EngineResult<T>): string => (result.ok ? 'ok' : describeFailure(result.failure));

test('with the right certificates the engine answers', async (t) => {
  const port = await tlsServer(t, certificates.server);
  assert.equal(why(await engineAt(t, port, files()).version()), 'ok');
});

test('a server of another authority is refused', async (t) => {
  const port = await tlsServer(t, certificates.server);
  const result = await engineAt(t, port, files({ ca: certificates.strangersCa })).version();
  assert.match(why(result), /certificate/);
});

test('a client certificate of another authority is refused by the server', async (t) => {
  const port = await tlsServer(t, certificates.server);
  const result = await engineAt(t, port, files(certificates.stranger)).version();
  assert.ok(!result.ok && result.failure.kind === 'unreachable');
});

test('an expired certificate is refused', async (t) => {
  const port = await tlsServer(t, certificates.expired);
  assert.match(why(await engineAt(t, port, files()).version()), /expired/);
});

test('the name in the certificate matters only if the host name is to be asserted', async (t) => {
  const [right, wrong] = [
    await tlsServer(t, certificates.server),
    await tlsServer(t, certificates.otherName),
  ];
  const asserting = files({ assertHostname: true });
  assert.equal(why(await engineAt(t, right, asserting, 'localhost').version()), 'ok');
  assert.equal(why(await engineAt(t, wrong, files(), 'localhost').version()), 'ok');
  assert.match(why(await engineAt(t, wrong, asserting, 'localhost').version()), /altnames/);
});

test('a server below the lowest version is refused', async (t) => {
  const port = await tlsServer(t, certificates.server, { maxVersion: 'TLSv1.2' });
  assert.equal(why(await engineAt(t, port, files({ minVersion: 'TLSv1.2' })).version()), 'ok');
  assert.match(why(await engineAt(t, port, files({ minVersion: 'TLSv1.3' })).version()), /version|alert/i);
});

test('a certificate file that is not there, or is none, is told, and a later one is used', async (t) => {
  const port = await tlsServer(t, certificates.server);
  const copy = `${certificates.client.cert}.copy`;
  t.after(() => rmSync(copy, { force: true }));
  const engine = engineAt(t, port, files({ cert: copy }));
  assert.match(why(await engine.version()), /ENOENT.*copy/);
  writeFileSync(copy, 'no certificate');
  assert.notEqual(why(await engine.version()), 'ok');
  writeFileSync(`${copy}.new`, readFileSync(certificates.client.cert));
  renameSync(`${copy}.new`, copy);
  assert.equal(why(engine.renew()), 'ok');
  assert.equal(why(await engine.version()), 'ok');
});

test('with certificates configured, plain HTTP is never spoken', async (t) => {
  const heard: Buffer[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      heard.push(bytes);
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const result = await engineAt(t, address.port, files()).version();
  assert.equal(result.ok, false);
  const handshake = 0x16;
  assert.ok(heard.length > 0);
  for (const bytes of heard) assert.equal(bytes[0], handshake);
});

test('what docker-modem renders of its options for each request holds no key and is short', () => {
  const options = connectionOptions({ kind: 'tcp', host: 'h', port: 1, tls: files() });
  const text = inspect(options, { showHidden: true, depth: null });
  assert.doesNotMatch(text, /PRIVATE|Buffer/);
  assert.ok(text.length < 300, text);
});
