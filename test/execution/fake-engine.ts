/**
 * An engine that does exactly what a test scripts, also what no engine should do: hang, cut, lie. It speaks
 * HTTP on a unix socket; the fleet (`bench/fleet`) is the one that behaves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { EngineAddress } from '../../src/configuration.ts';

/** An exec as the fake engine keeps it. */
export interface FakeExec {
  readonly id: string;
  readonly container: string;
  readonly words: readonly string[];
  readonly environment: readonly string[];
  readonly body: Record<string, unknown>;
  /** Whether it is our helper that looks for a mark. */
  readonly helper: boolean;
  inspections: number;
}

export type Reply = { readonly status: number; readonly body: unknown } | 'hang' | 'cut';

export interface FakeStream {
  /** False: wait for `onDrain`. */
  write(bytes: Buffer): boolean;
  end(bytes?: Buffer): void;
  onDrain(resume: () => void): void;
}

export interface Script {
  create?(exec: FakeExec): Reply | undefined;
  /** The head of the answer is sent with the first bytes, or afterwards, unless it gives a reply. */
  start?(exec: FakeExec, stream: FakeStream): Reply | undefined;
  inspect?(exec: FakeExec): Reply;
  container?(id: string): Reply;
  /** What the helper that looks for marks prints; `no shell` makes it fail with 127. */
  scan?(exec: FakeExec, signal: string): string | 'no shell' | Reply;
}

export interface FakeEngine {
  readonly address: EngineAddress;
  /** `POST create`, `POST start`, … in order. */
  readonly requests: string[];
  readonly execs: Map<string, FakeExec>;
  connections: number;
}

export const RUNNING: Reply = { status: 200, body: { Running: true, ExitCode: null, Pid: 7 } };
export const NOT_FOUND: Reply = { status: 404, body: { message: 'No such thing' } };

export function exited(code: number, pid = 7): Reply {
  return { status: 200, body: { Running: false, ExitCode: code, Pid: pid } };
}

export function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n';

export async function fakeEngine(t: Pick<TestContext, 'after'>, script: Script = {}): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'cw-fake-'));
  const socketPath = join(folder, 'engine.sock');
  const engine: FakeEngine = {
    address: { kind: 'unix', socketPath },
    requests: [],
    execs: new Map(),
    connections: 0,
  };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => answer(engine, script, request, response, text));
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    engine.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  return engine;
}

function answer(
  engine: FakeEngine,
  script: Script,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
): void {
  const path = request.url ?? '';
  const [, id = ''] = /^\/(?:containers|exec)\/([^/]+)\//.exec(path) ?? [];
  if (/^\/containers\/[^/]+\/exec$/.test(path)) {
    create(engine, script, id, response, text);
    return;
  }
  if (/^\/containers\/[^/]+\/json$/.test(path)) {
    engine.requests.push('container');
    send(response, script.container?.(id) ?? { status: 200, body: { State: { Running: true } } });
    return;
  }
  const exec = engine.execs.get(id);
  if (exec === undefined) send(response, NOT_FOUND);
  else if (path.endsWith('/start')) start(engine, script, exec, response);
  else inspect(engine, script, exec, response);
}

function create(
  engine: FakeEngine,
  script: Script,
  id: string,
  response: ServerResponse,
  text: string,
): void {
  const body = JSON.parse(text) as Record<string, unknown>;
  const words = body.Cmd as string[];
  const exec: FakeExec = {
    id: `exec${engine.execs.size}`,
    container: id,
    words,
    environment: body.Env as string[],
    body,
    helper: words[0] === 'sh' && (words[2] ?? '').includes('/proc/'),
    inspections: 0,
  };
  engine.execs.set(exec.id, exec);
  engine.requests.push(exec.helper ? `scan ${words[5]}`.trim() : 'create');
  const reply = exec.helper ? undefined : script.create?.(exec);
  send(response, reply ?? { status: 201, body: { Id: exec.id } });
}

function start(engine: FakeEngine, script: Script, exec: FakeExec, response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) return;
  if (exec.helper) {
    const said = script.scan?.(exec, exec.words[5] ?? '') ?? 'processes=0';
    if (typeof said === 'object') {
      send(response, said);
      return;
    }
    socket.write(STREAM_HEAD);
    socket.end(frame(1, said === 'no shell' ? 'OCI runtime exec failed' : `${said}\n`));
    return;
  }
  engine.requests.push('start');
  let begun = false;
  // The head goes out with the first bytes, so that a script can answer otherwise.
  const begin = (): void => {
    if (!begun) socket.write(STREAM_HEAD);
    begun = true;
  };
  const stream: FakeStream = {
    write(bytes) {
      begin();
      return socket.write(bytes);
    },
    end(bytes) {
      begin();
      socket.end(bytes ?? '');
    },
    onDrain: (resume) => void socket.on('drain', resume),
  };
  const reply = script.start?.(exec, stream);
  if (reply !== undefined) {
    send(response, reply);
    return;
  }
  if (script.start === undefined) stream.end();
  else begin();
}

function inspect(engine: FakeEngine, script: Script, exec: FakeExec, response: ServerResponse): void {
  if (exec.helper) {
    const said = script.scan?.(exec, '-') ?? '';
    send(response, exited(said === 'no shell' ? 127 : 0, said === 'no shell' ? 0 : 9));
    return;
  }
  engine.requests.push('inspect');
  exec.inspections += 1;
  send(response, script.inspect?.(exec) ?? exited(0));
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'cut') {
    response.socket?.destroy();
    return;
  }
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  response.writeHead(reply.status, { 'Content-Type': 'application/json' }).end(text);
}
