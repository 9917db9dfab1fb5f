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

export interface Sink {
  /** Takes one line (or several) with its end. Returns false if it was dropped. */
  write(lines: string): boolean;
  /** Bytes that wait for the reader. */
  readonly pending: number;
  /** Lost for good, with this error; nothing is written any more. */
  readonly broken: Error | undefined;
  /** Tries to get rid of what waits for up to `waitMs` milliseconds, blocking. True if nothing is left. */
  flush(waitMs: number): boolean;
}

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

export function openSink(fd: number, options: SinkOptions): Sink {
  const limit = options.limit ?? 1 << 20;
  let queue: Buffer[] = [];
  let pending = 0;
  let dropped = 0;
  let broken: Error | undefined;
  let retryMs = firstRetryMs;
  let timer: NodeJS.Timeout | undefined;

  /** Writes what it can; returns the rest, undefined if nothing is left. */
  function writeSome(bytes: Buffer): Buffer | undefined {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at);
      return undefined;
    } catch (error) {
      if (passing.has((error as NodeJS.ErrnoException).code ?? '')) return bytes.subarray(at);
      broken = error as Error;
      const rest = Buffer.concat([bytes.subarray(at), ...queue.slice(1)]).toString();
      queue = [];
      pending = 0;
      options.onBroken?.(broken, rest);
      return undefined;
    }
  }

  function drain(): void {
    const before = pending;
    while (queue.length > 0 && broken === undefined) {
      const first = queue[0] as Buffer;
      const rest = writeSome(first);
      if (broken !== undefined) return;
      pending -= first.length - (rest?.length ?? 0);
      if (rest === undefined) queue.shift();
      else {
        queue[0] = rest;
        break;
      }
    }
    if (pending < before) retryMs = firstRetryMs;
    if (dropped > 0 && pending <= limit / 2) {
      const count = dropped;
      dropped = 0;
      enqueue(Buffer.from(options.tellDropped(count)));
    }
  }

  function enqueue(bytes: Buffer): void {
    queue.push(bytes);
    pending += bytes.length;
    retryLater();
  }

  function retryLater(): void {
    if (timer !== undefined || broken !== undefined || queue.length === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      drain();
      retryLater();
    }, retryMs);
    timer.unref();
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  }

  return {
    write(lines) {
      if (broken !== undefined) return false;
      if (queue.length === 0 && dropped === 0) {
        const rest = writeSome(Buffer.from(lines));
        if (rest !== undefined) enqueue(rest);
        return true;
      }
      if (pending >= limit) {
        dropped += lines.split('\n').length - 1;
        return false;
      }
      enqueue(Buffer.from(lines));
      return true;
    },
    get pending() {
      return pending;
    },
    get broken() {
      return broken;
    },
    flush(waitMs) {
      const until = performance.now() + waitMs;
      drain();
      while (queue.length > 0 && broken === undefined && performance.now() < until) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        drain();
      }
      return queue.length === 0;
    },
  };
}
