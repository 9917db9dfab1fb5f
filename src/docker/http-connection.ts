/** One connection to the engine: it carries one request at a time and tells its owner when it is free. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Connector } from './http-connect.ts';
import { ParseError, ResponseParser } from './http-parser.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** Milliseconds. */
  readonly deadlineMs: number;
  /** Sent again, once, when a kept connection turned out to be dead. */
  readonly repeatable: boolean;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface StreamHandlers {
  /** `chunk[start, end)`, valid only during the call. */
  data(chunk: Buffer, start: number, end: number): void;
  /** Called once; `error` is set when the connection broke instead of closing. */
  end(error: Error | undefined): void;
}

export interface StreamAnswer {
  readonly status: number;
  /** The engine's words when the status is not 2xx or 101; no stream follows then. */
  readonly body: string | undefined;
  /** Ends the stream from our side; `end` is not called any more. */
  close(): void;
}

/**
 * `unreachable`: no connection, nothing was sent. `cut`: the connection broke, the engine may have acted.
 * `timeout`: the deadline passed, the engine may still act. `garbage`: it answered something else than HTTP.
 */
export type HttpErrorCode = 'unreachable' | 'cut' | 'timeout' | 'garbage';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  constructor(code: HttpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Answers of more than this are cut: nobody here needs more of an engine's words. */
const BODY_LIMIT = 1024 * 1024;
/** One request on its way: what to tell, and to whom. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly handlers: StreamHandlers | undefined;
  resolve(answer: StreamAnswer): void;
  reject(error: HttpError): void;
  retried: boolean;
}

/** Who keeps the connections. */
export interface Owner {
  release(connection: Connection): void;
  retry(exchange: Exchange): void;
  closed(connection: Connection): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  readonly #parser: ResponseParser;
  #exchange: Exchange | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #status = 0;
  #body = '';
  #streaming = false;
  #connected = false;
  #used = false;
  #closed = false;
  #error: Error | undefined;
  idleSince = 0;

  constructor(connector: Connector, owner: Owner) {
    this.#owner = owner;
    this.#parser = new ResponseParser({
      head: (status, upgraded) => this.#head(status, upgraded),
      data: (chunk, start, end) => this.#data(chunk, start, end),
      end: (reusable) => this.#end(reusable),
    });
    this.#socket = connector.connect((chunk) => this.#bytes(chunk));
    this.#socket.on(this.#socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      this.#connected = true;
    });
    this.#socket.on('error', (error) => {
      this.#error ??= error;
    });
    // A unix socket or a TCP connection that the peer ended gives 'end'; one that broke only 'close'.
    this.#socket.on('end', () => this.#finished());
    this.#socket.on('close', () => this.#finished());
  }

  send(exchange: Exchange, host: string): void {
    const { request } = exchange;
    this.#exchange = exchange;
    this.#status = 0;
    this.#body = '';
    this.#parser.reset();
    this.#deadline = setTimeout(() => this.#late(), Math.min(request.deadlineMs, 0x7fffffff));
    this.#socket.ref();
    this.#socket.write(compose(request, host));
  }

  destroy(): void {
    this.#finished();
    this.#socket.destroy();
  }

  #bytes(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#fail(new HttpError('garbage', error.message, error));
    }
  }

  #head(status: number, upgraded: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#status = status;
    this.#streaming = exchange.handlers !== undefined && (upgraded || (status >= 200 && status < 300));
    if (!this.#streaming) return;
    clearTimeout(this.#deadline);
    exchange.resolve({ status, body: undefined, close: () => this.#abandon(exchange) });
  }

  #data(chunk: Buffer, start: number, end: number): void {
    if (this.#streaming) this.#exchange?.handlers?.data(chunk, start, end);
    else if (this.#body.length < BODY_LIMIT) this.#body += chunk.toString('latin1', start, end);
  }

  #end(reusable: boolean): void {
    const exchange = this.#exchange;
    const status = this.#status;
    const body = this.#body;
    const streaming = this.#streaming;
    this.#clear();
    this.#used = true;
    if (reusable && !this.#closed) {
      this.idleSince = Date.now();
      this.#socket.unref();
      this.#owner.release(this);
    } else this.destroy();
    if (streaming) exchange?.handlers?.end(undefined);
    else exchange?.resolve({ status, body: Buffer.from(body, 'latin1').toString(), close: () => undefined });
  }

  #clear(): void {
    clearTimeout(this.#deadline);
    this.#exchange = undefined;
    this.#streaming = false;
    this.#body = '';
  }

  #late(): void {
    const request = this.#exchange?.request;
    this.#fail(
      new HttpError(
        'timeout',
        `no answer to ${request?.method} within ${(request?.deadlineMs ?? 0) / 1000} s`,
      ),
    );
  }

  /** The reader of a stream has no more use for it. */
  #abandon(exchange: Exchange): void {
    if (this.#exchange !== exchange) return;
    this.#clear();
    this.destroy();
  }

  #finished(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.closed(this);
    if (this.#exchange !== undefined && (this.#error !== undefined || !this.#parser.close())) this.#broken();
    this.#socket.destroy();
  }

  #broken(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const stale = this.#used && !this.#parser.begun;
    if (stale && exchange.request.repeatable && !exchange.retried) {
      this.#clear();
      this.#owner.retry(exchange);
      return;
    }
    const reason = this.#error?.message ?? 'the connection was closed before the answer was complete';
    this.#fail(new HttpError(this.#connected ? 'cut' : 'unreachable', reason, this.#error));
  }

  #fail(error: HttpError): void {
    const exchange = this.#exchange;
    const streaming = this.#streaming;
    this.#clear();
    this.destroy();
    if (streaming) exchange?.handlers?.end(error);
    else exchange?.reject(error);
  }
}

function compose(request: HttpRequest, host: string): string {
  const { method, path, body } = request;
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  if (method === 'GET') return `${head}\r\n`;
  const text = body ?? '';
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
