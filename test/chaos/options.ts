/** What `npm run chaos` takes. */
import { parseArgs } from 'node:util';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Where the whole log goes; nowhere if undefined. */
  readonly log: string | undefined;
}

export function readOptions(): ChaosOptions {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      log: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0) || !Number.isInteger(seed))
    throw new RangeError('usage: npm run chaos -- [--minutes N] [--seed S] [--log FILE]');
  return { minutes, seed, log: values.log };
}
