/**
 * Splits bytes into lines. A line end is the byte LF, which no other UTF-8 character contains: so lines are cut as
 * bytes and decoded whole, and a character that is split between chunks or frames comes out right. Of a line that
 * is longer than `LINE_LIMIT` the beginning is kept, up to a border of a character, and the rest counted.
 */

/** Bytes of a line that are kept. */
export const LINE_LIMIT = 16 * 1024;
const LF = 10;
const CR = 13;

/** `bytes[start, end)` is the line without its end; `cut` bytes were left out. Valid only during the call. */
export type LineSink = (bytes: Buffer, start: number, end: number, cut: number) => void;

export class LineSplitter {
  readonly #sink: LineSink;
  /** The line that has begun; grows up to LINE_LIMIT. */
  #kept: Buffer = EMPTY;
  #length = 0;
  /** Bytes of it beyond LINE_LIMIT. */
  #beyond = 0;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** Whether a line has begun and not ended. */
  get open(): boolean {
    return this.#length > 0;
  }

  /** Takes bytes up to and with the first line end; returns where the rest begins. */
  pushLine(chunk: Buffer, start: number, end: number): number {
    const at = findLineEnd(chunk, start, end);
    const found = at !== -1;
    const stop = found ? at : end;
    if (found && this.#length === 0) this.#tell(chunk, start, stop, 0);
    else {
      this.#keep(chunk, start, stop);
      if (found) this.end();
    }
    return found ? stop + 1 : end;
  }

  /** The stream ended: an open line is a line as well. */
  end(): void {
    const length = this.#length;
    const beyond = this.#beyond;
    this.#length = 0;
    this.#beyond = 0;
    this.#tell(this.#kept, 0, length, beyond);
    if (this.#kept.length > 1024) this.#kept = EMPTY;
  }

  #tell(bytes: Buffer, start: number, end: number, beyond: number): void {
    if (end - start > LINE_LIMIT || beyond > 0) {
      const stop = characterBorder(bytes, start, Math.min(end, start + LINE_LIMIT));
      this.#sink(bytes, start, stop, end - stop + beyond);
    } else this.#sink(bytes, start, end > start && bytes[end - 1] === CR ? end - 1 : end, 0);
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const take = Math.min(end - start, LINE_LIMIT - this.#length);
    this.#beyond += end - start - take;
    if (take <= 0) return;
    const needed = this.#length + take;
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(LINE_LIMIT, Math.max(256, needed * 2)));
      this.#kept.copy(grown, 0, 0, this.#length);
      this.#kept = grown;
    }
    chunk.copy(this.#kept, this.#length, start, start + take);
    this.#length = needed;
  }
}

const EMPTY = Buffer.alloc(0);

/** A native search would look beyond `end`, at worst through the whole chunk for each of its tiny frames. */
function findLineEnd(chunk: Buffer, start: number, end: number): number {
  if (end - start > 256) {
    const at = chunk.subarray(start, end).indexOf(LF);
    return at === -1 ? -1 : start + at;
  }
  for (let i = start; i < end; i += 1) if (chunk[i] === LF) return i;
  return -1;
}

/** The last place up to `end` that does not split a UTF-8 character; `end` itself where the bytes are none. */
export function characterBorder(bytes: Buffer, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return width > back ? end - back : end;
    }
  }
  return end;
}
