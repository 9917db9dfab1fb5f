/** Seeded random numbers: the same seed gives the same test. A test that uses them prints its seed. */

/** Uniform in [0, 1), by the mulberry32 generator. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 to `below` - 1. */
export function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[whole(random, from.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}

/** The seed of this run: `SEED` of the environment to repeat a run, else a fixed one. */
export function testSeed(): number {
  return Number(process.env.SEED ?? 20_260_101);
}
