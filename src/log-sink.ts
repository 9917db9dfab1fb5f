/**
 * Where lines go: a file descriptor that is written synchronously, so that nothing is lost when the process ends
 * in whatever way, but that never holds the process up.
 *
 * Idea: a pipe whose reader stalls would block a plain synchronous write for ever. So the descriptor is made
 * non-blocking: opened anew through /proc (which leaves other holders of the same pipe alone), else by the
 * stream that Node makes of it. What the reader can't take now waits in a bounded buffer, is tried again by a
 * timer, and beyond the bound whole lines are dropped and counted; the count is told as soon as lines flow again.
 *
 * Invariants: lines keep their order; a line is written whole or, if dropped, not at all; `pending` is at most
 * the limit and one line.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface SinkOptions {
  /** Bytes that may wait; default 1 MiB. */
  readonly limit?: number;
  /** Makes the line (with its end) that tells how many lines were dropped. */
  tellDropped(count: number): string;
  /** The reader is gone: what was not written is handed over, to go elsewhere. */
  onBroken?(error: Error, rest: string): void;
}

/** The next retry after a stall, doubling from the first to the last; milliseconds. */
const firstRetryMs = 1;
const lastRetryMs = 50;
/** Not an end of the reader, only a bad moment: a full pipe, a full disk. */
const passing = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR', 'ENOBUFS', 'ENOSPC', 'EDQUOT']);

/** A descriptor for the same file as `fd` (1 or 2) whose writes don't block. Regular files are left as they are. */
export function nonBlocking(fd: 1 | 2): number {
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return fd;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, another user's pipe, no /proc: Node's own stream sets the flag on the descriptor itself.
    void (fd === 1 ? process.stdout : process.stderr);
    return fd;
  }
}

export class Sink {
  readonly #fd: number;
  readonly #options: SinkOptions;
  readonly #limit: number;
  #queue: Buffer[] = [];
  #pending = 0;
  #dropped = 0;
  #broken: Error | undefined;
  #retryMs = firstRetryMs;
  #timer: NodeJS.Timeout | undefined;

  /** `fd` should not block, see `nonBlocking`. */
  constructor(fd: number, options: SinkOptions) {
    this.#fd = fd;
    this.#options = options;
    this.#limit = options.limit ?? 1 << 20;
  }

  /** Bytes that wait for the reader. */
  get pending(): number {
    return this.#pending;
  }

  /** Lost for good, with this error; nothing is written any more. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Takes one line (or several) with its end. Returns false if it was dropped. */
  write(lines: string): boolean {
    if (this.#broken !== undefined) return false;
    if (this.#queue.length === 0 && this.#dropped === 0) {
      const rest = this.#writeSome(Buffer.from(lines));
      if (rest !== undefined) this.#enqueue(rest);
      return true;
    }
    if (this.#pending >= this.#limit) {
      this.#dropped += lines.split('\n').length - 1;
      return false;
    }
    this.#enqueue(Buffer.from(lines));
    return true;
  }

  /** Tries to get rid of what waits for up to `waitMs` milliseconds, blocking. True if nothing is left. */
  flush(waitMs: number): boolean {
    const until = performance.now() + waitMs;
    this.#drain();
    while (this.#queue.length > 0 && performance.now() < until) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      this.#drain();
    }
    return this.#queue.length === 0;
  }

  /** Writes what it can; returns the rest, undefined if nothing is left. */
  #writeSome(bytes: Buffer): Buffer | undefined {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at, bytes.length - at);
    } catch (error) {
      const rest = bytes.subarray(at);
      if (passing.has((error as NodeJS.ErrnoException).code ?? '')) return rest;
      this.#break(error as Error, rest);
    }
    return undefined;
  }

  #break(error: Error, first: Buffer): void {
    const rest = Buffer.concat([first, ...this.#queue.slice(1)]).toString();
    this.#broken = error;
    this.#queue = [];
    this.#pending = 0;
    this.#options.onBroken?.(error, rest);
  }

  /** Writes what waits, eldest first, until the reader has enough. */
  #drain(): void {
    const before = this.#pending;
    while (this.#queue.length > 0) {
      const first = this.#queue[0] as Buffer;
      const rest = this.#writeSome(first);
      if (this.#broken !== undefined) return;
      this.#pending -= first.length - (rest?.length ?? 0);
      if (rest !== undefined) {
        this.#queue[0] = rest;
        break;
      }
      this.#queue.shift();
    }
    if (this.#pending < before) this.#retryMs = firstRetryMs;
    if (this.#dropped > 0 && this.#pending <= this.#limit / 2) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.#enqueue(Buffer.from(this.#options.tellDropped(count)));
    }
  }

  #enqueue(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#pending += bytes.length;
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#timer !== undefined || this.#queue.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
      this.#retryLater();
    }, this.#retryMs);
    this.#timer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }
}
