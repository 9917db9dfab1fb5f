/** The HTTP side of the fleet: reads requests, lets faults strike, answers as the engine does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { control } from './control.ts';
import { EngineError } from './errors.ts';
import type { FaultEffect } from './faults.ts';
import { type Answer, type Engine, type Request, route } from './routes.ts';
import { API_VERSION } from './shapes.ts';

export interface ServerStats {
  /** Requests by method and shape of path. */
  readonly requests: Map<string, number>;
  connections: number;
}

export interface FleetServer {
  readonly stats: ServerStats;
  readonly socketPath: string | undefined;
  port(): number | undefined;
  /** Called after each request and each end of a connection. */
  onActivity(handler: () => void): void;
  listen(): Promise<void>;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

const HEADERS = [
  'Api-Version',
  API_VERSION,
  'Docker-Experimental',
  'false',
  'Ostype',
  'linux',
  'Server',
  'Docker/20.10.24 (fleet)',
];
const JSON_TYPE = ['Content-Type', 'application/json'];
/** As many waiting connections as the kernel allows: a burst of execs must not be refused. */
const BACKLOG = 4096;

export function serve(
  engine: Engine,
  where: { readonly socketPath?: string; readonly port?: number },
): FleetServer {
  const stats: ServerStats = { requests: new Map(), connections: 0 };
  const sockets = new Set<Socket>();
  let handler = (): void => {};
  const take = (
    raw: IncomingMessage,
    response: ServerResponse | undefined,
    socket: Socket,
    head: Buffer,
  ): void => {
    readBody(raw, response === undefined ? socket : undefined, head, (body) => {
      answer(engine, stats, makeRequest(raw, response, socket, body));
      handler();
    });
  };
  const server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, noDelay: true },
    (raw, response) => take(raw, response, raw.socket, Buffer.alloc(0)),
  );
  server.on('upgrade', (raw, socket, head) => take(raw, undefined, socket as Socket, head));
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket) => {
    stats.connections += 1;
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      // After the other listeners of this close have done their part.
      process.nextTick(() => handler());
    });
  });
  return {
    stats,
    socketPath: where.socketPath,
    port: () => (server.address() as AddressInfo | null)?.port,
    onActivity: (next) => {
      handler = next;
    },
    listen: () => listen(server, where),
    close: () => close(server, sockets),
  };
}

function listen(
  server: Server,
  where: { readonly socketPath?: string; readonly port?: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (where.socketPath !== undefined) server.listen({ path: where.socketPath, backlog: BACKLOG }, ready);
    else server.listen({ host: '127.0.0.1', port: where.port ?? 0, backlog: BACKLOG }, ready);
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

/** After an upgrade the body comes over the bare socket, as long as its header says. */
function readBody(
  raw: IncomingMessage,
  bare: Socket | undefined,
  head: Buffer,
  then: (body: string) => void,
): void {
  const wanted = Number(raw.headers['content-length'] ?? 0);
  if (wanted === 0 && raw.headers['transfer-encoding'] === undefined) {
    raw.resume();
    then('');
    return;
  }
  const chunks: Buffer[] = bare === undefined || head.length === 0 ? [] : [head];
  if (bare === undefined) {
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.once('end', () => then(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString()));
    return;
  }
  let length = head.length;
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    finish();
  };
  const finish = (): void => {
    if (length < wanted) return;
    bare.off('data', onData);
    then(Buffer.concat(chunks).subarray(0, wanted).toString());
    bare.resume();
  };
  if (length < wanted) bare.on('data', onData);
  else finish();
}

function makeRequest(
  raw: IncomingMessage,
  response: ServerResponse | undefined,
  socket: Socket,
  body: string,
): Request {
  const url = raw.url ?? '/';
  const cut = url.indexOf('?');
  let path = cut < 0 ? url : url.slice(0, cut);
  const version = /^\/v(\d+\.\d+)(?=\/)/.exec(path);
  if (version !== null) path = path.slice(version[0].length);
  const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
  return { method: raw.method ?? 'GET', path, query, body, raw, response, socket };
}

function answer(engine: Engine, stats: ServerStats, request: Request): void {
  if (request.path.startsWith('/fleet/')) {
    attempt(request, () => control(engine, stats, request));
    return;
  }
  const shape = `${request.method} ${shapeOf(request.path)}`;
  stats.requests.set(shape, (stats.requests.get(shape) ?? 0) + 1);
  const effect = engine.faults.strike(request.method, request.path);
  if (effect === undefined) attempt(request, () => route(engine, request));
  else strike(engine, request, effect);
}

/** `/containers/abc/json` -> `/containers/:id/json` */
function shapeOf(path: string): string {
  const parts = path.split('/');
  if (parts.length < 4)
    return parts[1] === 'containers' && parts[2]?.length === 64 ? '/containers/:id' : path;
  return `/${parts[1]}/:id/${parts.at(-1)}`;
}

function attempt(request: Request, work: () => Answer): void {
  try {
    const result = work();
    if (result !== 'taken') send(request, result.status, result.json);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    send(request, error.status, { message: error.message });
  }
}

function send(request: Request, status: number, json?: string | object): void {
  const body = json === undefined ? '' : `${typeof json === 'string' ? json : JSON.stringify(json)}\n`;
  if (request.response === undefined) {
    request.socket.end(
      `HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    return;
  }
  if (body === '') request.response.writeHead(status, HEADERS).end();
  else
    request.response
      .writeHead(status, [...HEADERS, ...JSON_TYPE, 'Content-Length', String(Buffer.byteLength(body))])
      .end(body);
}

function strike(engine: Engine, request: Request, effect: FaultEffect): void {
  switch (effect.kind) {
    case 'status':
      send(request, effect.status, { message: effect.message ?? 'simulated fault' });
      return;
    case 'hang':
      return;
    case 'cut':
      request.socket.destroy();
      return;
    case 'delay':
      setTimeout(() => {
        if (!request.socket.destroyed) attempt(request, () => route(engine, request));
      }, effect.ms).unref();
      return;
    case 'garbage':
      send(request, 200, '<html>this is no JSON</html>');
      return;
    case 'truncated':
      request.socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{"Id":"cut',
      );
      return;
  }
}
