/**
 * A lean HTTP/1.1 client for the three requests of an execution.
 *
 * Why not node:http: an execution is three small requests, and its cost is the client's. This client writes a
 * request as one string, reads all connections of a thread into one buffer, and keeps no headers: half the CPU
 * per execution that node:http takes (0.07 against 0.14 ms on Node 24, `npm run bench -- execution`), and a flood
 * of output leaves no garbage. Why not dockerode: 20 MB per thread.
 *
 * A connection carries one request at a time. When its answer is complete it waits, unreferenced, for the next
 * one; a peer that closes it meanwhile takes it out of the pool. A kept connection that breaks before the first
 * byte of an answer was stale: the request is sent once more on a new one, but only if it is `repeatable`.
 *
 * Deadlines cover the time to the end of a short answer, or to the head of a stream; a stream itself has none.
 */
import type { EngineAddress } from '../configuration.ts';
import { type Connector, createConnector } from './http-connect.ts';
import {
  type Answer,
  Connection,
  type Exchange,
  HttpError,
  type HttpRequest,
  type StreamAnswer,
  type StreamHandlers,
} from './http-connection.ts';

export interface HttpClient {
  /** Throws `HttpError`. */
  call(request: HttpRequest): Promise<Answer>;
  /** Resolves with the head of the answer; throws `HttpError` if none came. */
  stream(request: HttpRequest, handlers: StreamHandlers): Promise<StreamAnswer>;
  /** Connections opened so far. */
  readonly opened: number;
  /** Closes every connection; requests that are open fail. */
  close(): void;
}

/** Node servers close idle connections after 5 s, some proxies sooner: we are done with them before that. */
const IDLE_MS = 4_000;
const IDLE_LIMIT = 256;

export function createHttpClient(address: EngineAddress): HttpClient {
  return new Client(address);
}

class Client implements HttpClient {
  readonly #connector: Connector;
  readonly #host: string;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #sweeper: NodeJS.Timeout | undefined;
  opened = 0;

  constructor(address: EngineAddress) {
    this.#connector = createConnector(address);
    this.#host = address.kind === 'unix' ? 'docker' : `${address.host}:${address.port}`;
  }

  async call(request: HttpRequest): Promise<Answer> {
    const answer = await this.#send(request, undefined);
    return { status: answer.status, body: answer.body ?? '' };
  }

  stream(request: HttpRequest, handlers: StreamHandlers): Promise<StreamAnswer> {
    return this.#send(request, handlers);
  }

  close(): void {
    clearTimeout(this.#sweeper);
    for (const connection of this.#all) connection.destroy();
    this.#idle.length = 0;
  }

  #send(request: HttpRequest, handlers: StreamHandlers | undefined): Promise<StreamAnswer> {
    return new Promise((resolve, reject) => {
      this.#dispatch({ request, handlers, resolve, reject, retried: false });
    });
  }

  #dispatch(exchange: Exchange): void {
    let connection = exchange.retried ? undefined : this.#idle.pop();
    if (connection === undefined) {
      try {
        connection = this.#open();
      } catch (error) {
        exchange.reject(new HttpError('unreachable', (error as Error).message, error));
        return;
      }
    }
    connection.send(exchange, this.#host);
  }

  #open(): Connection {
    this.opened += 1;
    const connection = new Connection(this.#connector, {
      release: (free) => {
        if (this.#idle.length >= IDLE_LIMIT) free.destroy();
        else this.#idle.push(free);
        this.#sweeper ??= setTimeout(() => this.#sweep(), IDLE_MS / 4).unref();
      },
      retry: (exchange) => {
        exchange.retried = true;
        this.#dispatch(exchange);
      },
      closed: (dead) => {
        this.#all.delete(dead);
        const at = this.#idle.indexOf(dead);
        if (at !== -1) this.#idle.splice(at, 1);
      },
    });
    this.#all.add(connection);
    return connection;
  }

  /** Closes what was idle for too long; the oldest are at the front. */
  #sweep(): void {
    this.#sweeper = undefined;
    const old = Date.now() - IDLE_MS;
    while (this.#idle[0] !== undefined && this.#idle[0].idleSince < old) this.#idle.shift()?.destroy();
    if (this.#idle.length > 0) this.#sweeper = setTimeout(() => this.#sweep(), IDLE_MS / 4).unref();
  }
}
