/**
 * Takes the frames of an exec stream apart: 8 bytes of head (stream, three zeros, length big-endian), then the
 * payload. Incremental and without copies: a payload is handed on as ranges of the chunk at hand, since its
 * frame may be split anywhere. What is no frame (a proxy's words, a TTY) is passed on raw, as stdout.
 */
import type { StreamName } from '../src/execution/protocol.ts';

export type FrameSink = (stream: StreamName, chunk: Buffer, start: number, end: number) => void;

const HEAD = 8;

export interface Demultiplexer {
  push(chunk: Buffer, start: number, end: number): void;
}

export function createDemultiplexer(sink: FrameSink): Demultiplexer {
  const head = Buffer.alloc(HEAD);
  let headLength = 0;
  let left = 0;
  let stream: StreamName = 'stdout';
  let raw = false;

  /** Completes the head from the chunk; returns where the rest begins. */
  function readHead(chunk: Buffer, at: number, end: number): number {
    const take = Math.min(HEAD - headLength, end - at);
    chunk.copy(head, headLength, at, at + take);
    headLength += take;
    if (headLength < HEAD && isFrameHead(head, headLength)) return at + take;
    if (!isFrameHead(head, headLength)) {
      raw = true;
      sink('stdout', head, 0, headLength);
      return at + take;
    }
    headLength = 0;
    stream = head[0] === 2 || head[0] === 3 ? 'stderr' : 'stdout';
    left = head.readUInt32BE(4);
    return at + take;
  }

  return {
    push(chunk, start, end) {
      let at = start;
      while (at < end) {
        if (raw) {
          sink('stdout', chunk, at, end);
          return;
        }
        if (left === 0) at = readHead(chunk, at, end);
        else {
          const stop = Math.min(end, at + left);
          sink(stream, chunk, at, stop);
          left -= stop - at;
          at = stop;
        }
      }
    },
  };
}

/** Streams are 0 (stdin), 1 (stdout), 2 (stderr), 3 (the engine's own errors); then come three zeros. */
function isFrameHead(head: Buffer, length: number): boolean {
  if ((head[0] ?? 0) > 3) return false;
  for (let i = 1; i < Math.min(4, length); i += 1) if (head[i] !== 0) return false;
  return true;
}
