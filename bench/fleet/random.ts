/** A seeded source of random numbers: the same seed gives the same fleet, storm and faults. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [from, to], both included. */
  integer(from: number, to: number): number;
  pick<T>(values: readonly T[]): T;
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/** mulberry32: small, fast, and good enough for test data; nothing here is a secret. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = (): number => word() / 4294967296;
  return {
    next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[Math.floor(next() * values.length)] as T;
    },
    hex(digits) {
      let text = '';
      while (text.length < digits) text += word().toString(16).padStart(8, '0');
      return text.slice(0, digits);
    },
  };
}

/** A number, a uniform range, or a skewed one given by its median and 99th percentile (log-normal). */
export type Distribution =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly median: number; readonly p99: number };

/** How many standard deviations the 99th percentile of a normal distribution lies above its mean. */
const Z99 = 2.3263;

export function sample(distribution: Distribution, random: Random): number {
  if (typeof distribution === 'number') return distribution;
  if ('min' in distribution) return distribution.min + random.next() * (distribution.max - distribution.min);
  const sigma = Math.log(distribution.p99 / distribution.median) / Z99;
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return distribution.median * Math.exp(sigma * normal);
}
