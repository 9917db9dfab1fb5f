/**
 * Stands between the program and its engine: it writes down what was asked, can cut every connection, and can be
 * there later than the program.
 */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary.ts';

export interface Proxy {
  readonly socketPath: string;
  /** `unix://…`, as DOCKER_HOST takes it. */
  readonly host: string;
  /** `GET /containers/json?all=1`, in the order of asking. */
  readonly requests: readonly string[];
  listen(): Promise<void>;
  /** Cuts every connection. */
  sever(): void;
}

/** For the engine at that socket; listens at once unless told not to. */
export async function startProxy(
  t: Pick<TestContext, 'after'>,
  engineSocket: string,
  { listen = true }: { readonly listen?: boolean } = {},
): Promise<Proxy> {
  const socketPath = join(temporaryFolder(t), 'proxy.sock');
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect(engineSocket);
    // The program sends the head of each request in one piece.
    client.on('data', (chunk: Buffer) => {
      const line = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1'))?.[1];
      if (line !== undefined) requests.push(line);
    });
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
      one.pipe(other);
    }
  });
  const proxy: Proxy = {
    socketPath,
    host: `unix://${socketPath}`,
    requests,
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
