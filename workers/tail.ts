/** Keeps the last bytes of a flood, and counts what passed before them. Memory: `capacity` bytes, once used. */
export interface Tail {
  push(chunk: Buffer, start: number, end: number): void;
  /** What is kept, from the beginning of a line where one is in it; what came before is counted. */
  close(): { readonly bytes: Buffer; readonly omittedBytes: number; readonly omittedLines: number };
}

const LF = 10;

export function createTail(capacity: number): Tail {
  const ring = Buffer.allocUnsafeSlow(capacity);
  let total = 0;
  let lineEnds = 0;

  function content(): Buffer {
    if (total <= capacity) return ring.subarray(0, total);
    const at = total % capacity;
    return Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
  }

  return {
    push(chunk, start, end) {
      lineEnds += countLineEnds(chunk, start, end);
      const from = Math.max(start, end - capacity);
      total += from - start;
      for (let at = from; at < end; ) {
        const place = total % capacity;
        const take = Math.min(end - at, capacity - place);
        chunk.copy(ring, place, at, at + take);
        total += take;
        at += take;
      }
    },
    close() {
      const kept = content();
      // What was overwritten ended somewhere in a line; unless that line fills the ring, begin with the next one.
      const cut = total > capacity ? kept.indexOf(LF) + 1 : 0;
      const bytes = kept.subarray(cut);
      return {
        bytes,
        omittedBytes: total - bytes.length,
        omittedLines: lineEnds - countLineEnds(bytes, 0, bytes.length),
      };
    },
  };
}

/** A plain loop is several times faster than a search per line when lines are short. */
function countLineEnds(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i += 1) if (bytes[i] === LF) count += 1;
  return count;
}
