/**
 * Stands between the program and its engine: it writes down what was asked, may deny some of it, can cut every
 * connection or idle ones, can refuse to connect, and can be there later than the program.
 */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary.ts';

const REQUEST = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/;

export interface Proxy {
  readonly socketPath: string;
  /** `unix://…`, as DOCKER_HOST takes it. */
  readonly host: string;
  /** `GET /containers/json?all=1`, in the order of asking. */
  readonly requests: readonly string[];
  /** Those that were denied. */
  readonly denied: readonly string[];
  listen(): Promise<void>;
  /** Cuts every connection. */
  sever(): void;
  /** New connections are cut at once while this is true. */
  refuses: boolean;
  /** Connections that were cut because they were idle. */
  readonly idleCuts: number;
}

interface ProxyOptions {
  /** Whether it listens at once; true if left out. */
  readonly listen?: boolean;
  /** Whether a request goes through; all do if left out. */
  readonly allows?: (method: string, path: string) => boolean;
  /** Connections on which nothing moves for so many milliseconds are cut; none if left out. */
  readonly idleMs?: number;
}

/** For the engine at that socket. */
export async function startProxy(
  t: Pick<TestContext, 'after'>,
  engineSocket: string,
  { listen = true, allows = () => true, idleMs }: ProxyOptions = {},
): Promise<Proxy> {
  const socketPath = join(temporaryFolder(t), 'proxy.sock');
  const requests: string[] = [];
  const denied: string[] = [];
  const sockets = new Set<Socket>();
  let idleCuts = 0;
  const server = createServer((client) => {
    if (proxy.refuses) {
      client.on('error', () => undefined);
      client.destroy();
      return;
    }
    if (idleMs !== undefined)
      client.setTimeout(idleMs, () => {
        idleCuts += 1;
        client.destroy();
      });
    const engine = connect(engineSocket);
    // The program sends the head of each request in one piece.
    client.on('data', (chunk: Buffer) => {
      const [, method = '', path = ''] = REQUEST.exec(chunk.toString('latin1')) ?? [];
      if (method !== '') requests.push(`${method} ${path}`);
      if (method === '' || allows(method, path)) {
        engine.write(chunk);
        return;
      }
      denied.push(`${method} ${path}`);
      client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    client.on('end', () => engine.end());
    engine.pipe(client);
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const proxy: Proxy = {
    socketPath,
    host: `unix://${socketPath}`,
    requests,
    denied,
    refuses: false,
    get idleCuts() {
      return idleCuts;
    },
    listen: () => new Promise((resolve) => server.listen(socketPath, resolve)),
    sever() {
      for (const socket of sockets) socket.destroy();
    },
  };
  t.after(() => {
    proxy.sever();
    server.close();
  });
  if (listen) await proxy.listen();
  return proxy;
}
