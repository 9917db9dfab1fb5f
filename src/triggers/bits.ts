/** Sets of small numbers as bits of an integer, searched with count-leading-zeros. */

/** The bits from `low` to `high`, both in 0..31. */
export function bitRange(low: number, high: number): number {
  return (-1 << low) & (-1 >>> (31 - high));
}

/** Lowest bit of `bits` that is at least `from` (0..31), or -1. */
export function nextBit(bits: number, from: number): number {
  const rest = bits & (-1 << from);
  return rest === 0 ? -1 : 31 - Math.clz32(rest & -rest);
}

/** Lowest bit that is at least `from` in a set of any length, or -1. */
export function nextBitIn(words: Int32Array, from: number): number {
  let index = from >> 5;
  let rest = (words[index] ?? 0) & (-1 << (from & 31));
  while (rest === 0) {
    index++;
    if (index >= words.length) return -1;
    rest = words[index] ?? 0;
  }
  return index * 32 + 31 - Math.clz32(rest & -rest);
}

export function hasBit(words: Int32Array, at: number): boolean {
  return (((words[at >> 5] ?? 0) >>> (at & 31)) & 1) === 1;
}

export function setBit(words: Int32Array, at: number): void {
  words[at >> 5] = (words[at >> 5] ?? 0) | (1 << (at & 31));
}
