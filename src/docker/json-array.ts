/**
 * Cuts a JSON array that arrives in chunks into the texts of its elements, so that a list of ten thousand containers
 * (ten megabytes) is parsed one container at a time and the event loop breathes between them. A brace counts unless
 * it stands in a string; a quote ends a string unless an odd number of backslashes stands before it.
 *
 * Example: the chunks `[{"a":"]`, `"},` and `{}]` give `{"a":"]"}` when the second arrived and `{}` with the third.
 */
import { GarbageError } from './failure.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;

const opens = (byte: number): boolean => byte === 0x7b || byte === BRACKET;
const closes = (byte: number): boolean => byte === 0x7d || byte === 0x5d;
/** White space or a comma. */
const separates = (byte: number): boolean =>
  byte === 0x20 || byte === 0x2c || byte === 0x0a || byte === 0x0d || byte === 0x09;

export interface ArraySplitter {
  /**
   * Elements that end in this chunk; `undefined` for one beyond the limit.
   * @throws GarbageError when it is no array of objects.
   */
  write(chunk: Buffer): (string | undefined)[];
  /** @throws GarbageError when the array was not complete. */
  end(): void;
}

/** `limit`: bytes of one element. */
export function createArraySplitter(limit: number): ArraySplitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let seen = false;
  let parts: Buffer[] = [];
  let length = 0;

  function keep(part: Buffer): void {
    length += part.length;
    if (length <= limit) parts.push(part);
    else parts = [];
  }

  function take(): string | undefined {
    const text = length <= limit ? Buffer.concat(parts).toString('utf8') : undefined;
    parts = [];
    length = 0;
    return text;
  }

  /** Goes on within a string, from `at`; gives the place after its end, or the chunk's end. Most bytes pass here. */
  function skipString(chunk: Buffer, at: number): number {
    let i = escaped ? at + 1 : at;
    escaped = false;
    for (; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) {
        inString = false;
        return i + 1;
      }
    }
    escaped = i > chunk.length;
    return chunk.length;
  }

  function write(chunk: Buffer): (string | undefined)[] {
    const found: (string | undefined)[] = [];
    let start = depth >= 2 ? 0 : -1;
    for (let i = inString ? skipString(chunk, 0) : 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === QUOTE && depth >= 2) {
        inString = true;
        i = skipString(chunk, i + 1) - 1;
      } else if (opens(byte)) {
        if (depth === 0 && (seen || byte !== BRACKET)) throw new GarbageError('not a list');
        seen = true;
        depth += 1;
        if (depth === 2) start = i;
      } else if (closes(byte)) {
        depth -= 1;
        if (depth < 0) throw new GarbageError('a list that is closed twice');
        if (depth === 1) {
          keep(chunk.subarray(start, i + 1));
          found.push(take());
          start = -1;
        }
      } else if (depth < 2 && !separates(byte)) {
        throw new GarbageError('not a list of objects');
      }
    }
    if (start >= 0) keep(chunk.subarray(start));
    return found;
  }

  return {
    write,
    end(): void {
      if (!seen || depth !== 0) throw new GarbageError('a list that is cut off');
    },
  };
}
