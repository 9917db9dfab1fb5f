/** Where the API can be reached: the owner's socket, and an address over HTTP. */
import { chmod, mkdir, stat, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { dirname } from 'node:path';
import type { getRequestListener } from '@hono/node-server';
import type { Api } from './api.ts';

export interface Listener {
  /** Path of the socket, or `host:port`. */
  readonly address: string;
  /** Takes no more requests, ends the event streams, and waits a moment for answers under way. */
  close(): Promise<void>;
}

/** Somebody listens on the socket's path already. */
export class SocketInUse extends Error {
  override readonly name = 'SocketInUse';
  readonly code = 'SOCKET_IN_USE';

  constructor(path: string) {
    super(`another process listens on ${path}`);
  }
}

const connectionLimit = 512;
/** Milliseconds. */
const closePatience = 1000;

/**
 * On a unix socket that only its owner may use. A socket that a killed process left is replaced. Rejects with
 * `SocketInUse`, or with what the file system says.
 */
export async function listenOnSocket(api: Api, path: string): Promise<Listener> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  const server = createServer(listener(api));
  await listening(server, () => {
    // The socket appears within this call, and its mode shall be right from the first moment.
    const mask = process.umask(0o177);
    server.listen(path);
    process.umask(mask);
  });
  await chmod(path, 0o600);
  return { address: path, close: () => closeServer(server, api) };
}

/** Port 0 takes any that is free. Rejects with what the system says, such as EADDRINUSE. */
export async function listenOnHttp(api: Api, host: string, port: number): Promise<Listener> {
  const server = createServer(listener(api));
  server.maxConnections = connectionLimit;
  await listening(server, () => server.listen(port, host));
  const { address, port: bound, family } = server.address() as AddressInfo;
  return {
    address: family === 'IPv6' ? `[${address}]:${bound}` : `${address}:${bound}`,
    close: () => closeServer(server, api),
  };
}

/** The adapter brings Node's whole fetch along, 10 MB: it is loaded with the first request. */
function listener(api: Api): RequestListener {
  let adapter: Promise<ReturnType<typeof getRequestListener>> | undefined;
  return async (incoming, outgoing) => {
    adapter ??= import('@hono/node-server').then((loaded) =>
      loaded.getRequestListener((request) => api.fetch(request), { overrideGlobalObjects: false }),
    );
    await (await adapter)(incoming, outgoing);
  };
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there already and is no socket`);
  if (await answers(path)) throw new SocketInUse(path);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function closeServer(server: Server, api: Api): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closePatience);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    api.close();
    server.closeIdleConnections();
  });
}
