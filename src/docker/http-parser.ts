/**
 * Reads HTTP/1.1 answers from one connection, however their bytes are split.
 *
 * Idea: a state machine over chunks. Nothing is copied but what has to outlive a chunk (a head or a chunk-size
 * line that is not complete yet); body bytes are handed on as ranges of the chunk that is being pushed, because
 * the caller reuses its buffer. Example: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok` gives `head`, `data`
 * with the range of `ok`, `end(true)`.
 *
 * Invariants: exactly one of `end` or a thrown `ParseError` follows a `head`; no handler is called after it; a
 * head is at most `HEAD_LIMIT` bytes, a chunk-size line at most `LINE_LIMIT`.
 */

/** What a parser tells, in order: one `head`, any number of `data`, one `end`. */
export interface ParserHandlers {
  /** `upgraded`: the connection now carries raw bytes until it closes. */
  head(status: number, upgraded: boolean): void;
  /** Body bytes `chunk[start, end)`, valid only during the call. */
  data(chunk: Buffer, start: number, end: number): void;
  /** `reusable`: the connection can carry another request. */
  end(reusable: boolean): void;
}

/** The peer does not speak HTTP as we understand it. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  readonly code = 'GARBAGE';
}

const HEAD_LIMIT = 64 * 1024;
const LINE_LIMIT = 1024;
const CR = 13;
const LF = 10;

type State =
  | 'head'
  | 'length'
  | 'chunk size'
  | 'chunk data'
  | 'chunk end'
  | 'trailer'
  | 'until close'
  | 'idle';

/** What a head says about its body. */
export interface Head {
  readonly status: number;
  /** Bytes of the body; undefined = chunked or until the connection closes. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
}

/** Reads a head without its closing empty line. Throws `ParseError`. */
function parseHead(text: string): Head {
  const lines = text.split('\r\n');
  const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? '') ?? [];
  if (code === undefined) throw new ParseError(`not an HTTP answer: ${JSON.stringify(text.slice(0, 80))}`);
  let length: number | undefined;
  let chunked = false;
  let keepAlive = minor === '1';
  for (let i = 1; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(':');
    if (colon <= 0) throw new ParseError('a header line without a name');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') length = contentLength(value, length);
    else if (name === 'transfer-encoding') chunked = value.toLowerCase().endsWith('chunked');
    else if (name === 'connection') keepAlive = keepAliveOf(value, keepAlive);
  }
  return { status: Number(code), length: chunked ? undefined : length, chunked, keepAlive };
}

function contentLength(value: string, before: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  if (length === undefined || (before !== undefined && before !== length))
    throw new ParseError('a content length that is no single number');
  return length;
}

function keepAliveOf(value: string, otherwise: boolean): boolean {
  const lower = value.toLowerCase();
  if (lower.includes('close')) return false;
  return lower.includes('keep-alive') || otherwise;
}

export class ResponseParser {
  readonly #handlers: ParserHandlers;
  #state: State = 'head';
  /** The incomplete head or line, kept between chunks. */
  #kept = '';
  #left = 0;
  #keepAlive = true;

  constructor(handlers: ParserHandlers) {
    this.#handlers = handlers;
  }

  /** Gets ready for the answer to the next request. */
  reset(): void {
    this.#state = 'head';
    this.#kept = '';
  }

  /** Whether a byte of the current answer has come. */
  get begun(): boolean {
    return this.#state !== 'head' || this.#kept !== '';
  }

  /** Takes the bytes of a chunk. Throws `ParseError`; the connection is of no use then. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
  }

  /** The peer closed its side: the natural end of some bodies. Returns whether the answer is complete. */
  close(): boolean {
    if (this.#state !== 'until close') return false;
    this.#finish(false);
    return true;
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(chunk, at);
      case 'length':
      case 'chunk data':
        return this.#sized(chunk, at);
      case 'until close':
        this.#handlers.data(chunk, at, chunk.length);
        return chunk.length;
      case 'idle':
        throw new ParseError('bytes that belong to no request');
      default:
        return this.#chunkLine(chunk, at);
    }
  }

  #head(chunk: Buffer, at: number): number {
    // A head almost always comes whole, so that searching again from its start costs nothing in practice.
    const text = this.#kept + chunk.toString('latin1', at, Math.min(chunk.length, at + HEAD_LIMIT));
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) {
      if (text.length >= HEAD_LIMIT) throw new ParseError(`a head of more than ${HEAD_LIMIT} bytes`);
      this.#kept = text;
      return chunk.length;
    }
    const next = at + end + 4 - this.#kept.length;
    this.#kept = '';
    this.#begin(parseHead(text.slice(0, end)));
    return next;
  }

  #begin(head: Head): void {
    const { status } = head;
    // An interim answer (100 Continue); the real one follows.
    if (status < 200 && status !== 101) return;
    this.#keepAlive = head.keepAlive;
    const empty = status === 204 || status === 304 || head.length === 0;
    this.#left = head.length ?? 0;
    if (status === 101) this.#state = 'until close';
    else if (empty) this.#state = 'idle';
    else if (head.chunked) this.#state = 'chunk size';
    else this.#state = head.length === undefined ? 'until close' : 'length';
    this.#handlers.head(status, status === 101);
    if (empty && status !== 101) this.#finish(this.#keepAlive);
  }

  #sized(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    const sized = this.#state;
    this.#handlers.data(chunk, at, end);
    if (this.#left === 0 && this.#state === sized) {
      if (sized === 'length') this.#finish(this.#keepAlive);
      else this.#state = 'chunk end';
    }
    return end;
  }

  /** A size line, the line end after a chunk's data, or a line of the trailer. */
  #chunkLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    const stop = end === -1 ? chunk.length : end;
    this.#kept += chunk.toString('latin1', at, Math.min(stop, at + LINE_LIMIT + 1));
    if (this.#kept.length > LINE_LIMIT) throw new ParseError('a chunk line without end');
    if (end === -1) return chunk.length;
    const line = this.#kept.charCodeAt(this.#kept.length - 1) === CR ? this.#kept.slice(0, -1) : this.#kept;
    this.#kept = '';
    this.#chunkLineEnded(line);
    return end + 1;
  }

  #chunkLineEnded(line: string): void {
    if (this.#state === 'trailer') {
      if (line === '') this.#finish(this.#keepAlive);
      return;
    }
    if (this.#state === 'chunk end') {
      if (line !== '') throw new ParseError('a chunk longer than its size');
      this.#state = 'chunk size';
      return;
    }
    const [, size] = /^([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(line) ?? [];
    if (size === undefined) throw new ParseError('a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'chunk data';
  }

  #finish(reusable: boolean): void {
    this.#state = 'idle';
    this.#handlers.end(reusable);
  }
}
