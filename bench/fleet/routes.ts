/** The engine's endpoints: which request does what to the world, and what it answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ExecAsk } from './behaviour.ts';
import { tagged } from './container.ts';
import { EngineError } from './errors.ts';
import { type Filters, nanoseconds, parseFilters } from './events.ts';
import type { Faults } from './faults.ts';
import { discard, execStream } from './output.ts';
import {
  imageAnswer,
  imageEntry,
  infoAnswer,
  inspectAnswer,
  isListed,
  listEntry,
  versionAnswer,
} from './shapes.ts';
import type { Storm } from './storm.ts';
import { alreadyRun, type World } from './world.ts';

export interface Request {
  readonly method: string;
  /** Without version prefix and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Read to its end. */
  readonly body: string;
  readonly raw: IncomingMessage;
  /** Absent where the client asked for an upgrade. */
  readonly response: ServerResponse | undefined;
  readonly socket: Socket;
}

/** JSON text or a value with a status; `taken` = the route answers by itself. */
export type Answer = { readonly status: number; readonly json?: string | object } | 'taken';

export interface Engine {
  readonly world: World;
  readonly faults: Faults;
  readonly id: string;
  /** Open responses of `/events`, so that a fault can cut them. */
  readonly eventStreams: Set<ServerResponse>;
  /** Open sockets of exec streams. */
  readonly execSockets: Set<Socket>;
  /** The storm that was asked for from outside, if one blows. */
  storm?: Storm;
}

const NO_CONTENT: Answer = { status: 204 };
const NOT_MODIFIED: Answer = { status: 304 };
const NOT_FOUND = 'page not found';

export function route(engine: Engine, request: Request): Answer {
  const [, first, second, third] = request.path.split('/', 5);
  switch (first) {
    case '_ping':
      return ping(request);
    case 'version':
      return { status: 200, json: versionAnswer() };
    case 'info':
      return {
        status: 200,
        json: infoAnswer(engine.id, engine.world.containers.values(), engine.world.images.length),
      };
    case 'events':
      return events(engine, request);
    case 'containers':
      return containers(engine, request, second, third);
    case 'exec':
      if (third === 'start' && request.method === 'POST') return execStart(engine, request, second ?? '');
      if (third === 'json') return { status: 200, json: engine.world.exec(second ?? '').inspect() };
      break;
    case 'images':
      if (second === 'json') return { status: 200, json: engine.world.images.map(imageEntry) };
      return image(engine, request.path);
  }
  throw new EngineError(404, NOT_FOUND);
}

function ping(request: Request): Answer {
  request.response
    ?.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 2 })
    .end('OK');
  return 'taken';
}

/** Image references hold slashes: everything between `/images/` and `/json`. */
function image(engine: Engine, path: string): Answer {
  const match = /^\/images\/(.+)\/json$/.exec(path);
  if (match === null) throw new EngineError(404, NOT_FOUND);
  const reference = decodeURIComponent(match[1] as string);
  const found = engine.world.findImage(reference);
  if (found === undefined)
    throw new EngineError(404, `no such image: ${reference}: No such image: ${tagged(reference)}`);
  return { status: 200, json: imageAnswer(found) };
}

function containers(engine: Engine, request: Request, reference = '', verb = ''): Answer {
  const { world } = engine;
  if (reference === 'json' && request.method === 'GET') return list(world, request.query);
  if (reference === 'create' && request.method === 'POST') return create(world, request);
  const container = world.container(decodeURIComponent(reference));
  if (request.method === 'GET' && verb === 'json')
    return { status: 200, json: inspectAnswer(container, world.options.clock) };
  if (request.method === 'DELETE' && verb === '') {
    world.remove(container, isTrue(request.query.get('force')));
    return NO_CONTENT;
  }
  if (request.method !== 'POST') throw new EngineError(404, NOT_FOUND);
  switch (verb) {
    case 'exec': {
      const { ask, tty } = readAsk(request.body);
      return { status: 201, json: `{"Id":"${world.createExec(container, ask, tty, reference).id}"}` };
    }
    case 'start':
      return world.start(container) ? NO_CONTENT : NOT_MODIFIED;
    case 'stop':
      return world.stop(container) ? NO_CONTENT : NOT_MODIFIED;
    case 'kill':
      world.kill(container, request.query.get('signal') ?? '9', reference);
      return NO_CONTENT;
    case 'restart':
      world.restart(container);
      return NO_CONTENT;
    case 'pause':
      world.pause(container);
      return NO_CONTENT;
    case 'unpause':
      world.unpause(container);
      return NO_CONTENT;
    case 'rename':
      world.rename(container, request.query.get('name') ?? '');
      return NO_CONTENT;
    default:
      throw new EngineError(404, NOT_FOUND);
  }
}

function list(world: World, query: URLSearchParams): Answer {
  const all = isTrue(query.get('all'));
  const filters = parseFilters(query.get('filters'));
  const entries: string[] = [];
  for (const container of world.containers.values())
    if (isListed(container, all, filters)) entries.push(listEntry(container, world.options.clock));
  // The engine lists the newest first.
  return { status: 200, json: `[${entries.reverse().join(',')}]` };
}

function create(world: World, request: Request): Answer {
  const spec = parseBody(request.body) as {
    Image?: string;
    Cmd?: string[];
    Labels?: Record<string, string>;
    Env?: string[];
    HostConfig?: { LogConfig?: { Type?: string } };
  };
  const logType = spec.HostConfig?.LogConfig?.Type;
  const container = world.create({
    name: request.query.get('name') ?? `unnamed_${world.options.random.hex(6)}`,
    image: spec.Image ?? '',
    labels: spec.Labels ?? {},
    command: spec.Cmd ?? [],
    env: spec.Env ?? [],
    ...(logType === undefined || logType === '' ? {} : { logType }),
  });
  return { status: 201, json: { Id: container.id, Warnings: [] } };
}

function readAsk(body: string): { ask: ExecAsk; tty: boolean } {
  const spec = parseBody(body) as {
    Cmd?: string[];
    Env?: string[];
    User?: string;
    WorkingDir?: string;
    Tty?: boolean;
  };
  const ask = {
    words: spec.Cmd ?? [],
    env: spec.Env ?? [],
    user: spec.User ?? '',
    workdir: spec.WorkingDir ?? '',
  };
  return { ask, tty: spec.Tty === true };
}

function execStart(engine: Engine, request: Request, id: string): Answer {
  const { world, faults, execSockets } = engine;
  const exec = world.exec(id);
  const { Detach: detach = false } = parseBody(request.body || '{}') as { Detach?: boolean };
  const verdict = world.checkStart(exec, detach);
  if (detach) {
    world.startExec(exec, discard());
    return { status: 200 };
  }
  const { socket } = request;
  execSockets.add(socket);
  socket.once('close', () => execSockets.delete(socket));
  const sink = execStream(socket, request.response === undefined, exec.tty, faults);
  if (verdict === 'start') world.startExec(exec, sink);
  else {
    sink.write(1, Buffer.from(`${alreadyRun(exec)}\r\n`));
    sink.end();
  }
  return 'taken';
}

function events(engine: Engine, request: Request): Answer {
  const { response, query } = request;
  if (response === undefined) throw new EngineError(400, 'no upgrade here');
  const log = engine.world.options.events;
  const filters: Filters = parseFilters(query.get('filters'));
  const since = query.get('since');
  const until = query.get('until');
  const replay = since === null || since === '0' ? [] : log.replay(since, until, filters);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  if (replay.length > 0) response.write(replay.join(''));
  const unsubscribe = log.subscribe({ filters, write: (line) => void response.write(line) });
  engine.eventStreams.add(response);
  const waitMs =
    until === null || until === '0' ? undefined : Number(nanoseconds(until) / 1_000_000n) - Date.now();
  const timer = waitMs === undefined ? undefined : setTimeout(() => response.end(), Math.max(0, waitMs));
  response.once('close', () => {
    clearTimeout(timer);
    unsubscribe();
    engine.eventStreams.delete(response);
  });
  return 'taken';
}

function parseBody(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw new EngineError(400, 'invalid JSON in the request body');
  }
}

function isTrue(text: string | null): boolean {
  return text === '1' || text === 'true';
}
