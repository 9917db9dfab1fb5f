/**
 * A set of small integers that finds its next member fast: one bit per number, and one bit per 32 numbers that
 * tells whether any of them is set. At 65,536 numbers the second step is 64 words, so that a search over an
 * empty set reads at most those.
 */
export interface Bitmap {
  readonly words: Int32Array;
  /** Bit `w` is set exactly if `words[w]` is not 0. */
  readonly summary: Int32Array;
}

/** `size` is a multiple of 1,024. */
export function createBitmap(size: number): Bitmap {
  return { words: new Int32Array(size >>> 5), summary: new Int32Array(size >>> 10) };
}

export function setBit(map: Bitmap, at: number): void {
  const word = at >>> 5;
  map.words[word] = (map.words[word] as number) | (1 << (at & 31));
  map.summary[word >>> 5] = (map.summary[word >>> 5] as number) | (1 << (word & 31));
}

export function clearBit(map: Bitmap, at: number): void {
  const word = at >>> 5;
  const rest = (map.words[word] as number) & ~(1 << (at & 31));
  map.words[word] = rest;
  if (rest === 0) map.summary[word >>> 5] = (map.summary[word >>> 5] as number) & ~(1 << (word & 31));
}

export function clearAll(map: Bitmap): void {
  map.words.fill(0);
  map.summary.fill(0);
}

/** The smallest member at or after `from`, or -1; `from` may lie one past the last number. */
export function nextBit(map: Bitmap, from: number): number {
  const word = from >>> 5;
  if (word >= map.words.length) return -1;
  const here = (map.words[word] as number) & (-1 << (from & 31));
  if (here !== 0) return (word << 5) + lowestBit(here);
  const next = nextWord(map.summary, word + 1);
  return next < 0 ? -1 : (next << 5) + lowestBit(map.words[next] as number);
}

function nextWord(summary: Int32Array, from: number): number {
  let step = from >>> 5;
  if (step >= summary.length) return -1;
  let bits = (summary[step] as number) & (-1 << (from & 31));
  while (bits === 0) {
    step += 1;
    if (step >= summary.length) return -1;
    bits = summary[step] as number;
  }
  return (step << 5) + lowestBit(bits);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
