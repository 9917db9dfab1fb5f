/** The timer wheel alone, against native timers and the floor of writing to an array. */
import { Wheel } from '../src/wheel/wheel.ts';
import { seededRandom } from './fleet/random.ts';
import { type BenchRow, consume, median, type Scenario } from './harness.ts';

const DAY_MS = 86_400_000;
const START = 1_764_200_000_000;

/** Deadlines on the seconds of a day, at random, and a random order to cancel in. */
function deadlines(count: number): { at: Float64Array; order: Int32Array } {
  const random = seededRandom(count);
  const at = Float64Array.from({ length: count }, () => START + 1000 * random.integer(1, DAY_MS / 1000));
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = random.integer(0, index);
    [order[index], order[other]] = [order[other] as number, order[index] as number];
  }
  return { at, order };
}

function timed(count: number, work: () => void): number {
  const startedAt = performance.now();
  work();
  return ((performance.now() - startedAt) * 1e6) / count;
}

interface Sample {
  readonly insert: number;
  readonly cancel: number;
  readonly expire: number;
}

function sampleWheel(count: number): Sample {
  const { at, order } = deadlines(count);
  const handles = new Int32Array(count);
  const wheel = new Wheel(START);
  const fill = (): void => {
    for (let index = 0; index < count; index += 1) handles[index] = wheel.insert(at[index] as number);
  };
  fill();
  for (const index of order) wheel.cancel(handles[index] as number);
  const insert = timed(count, fill);
  const cancel = timed(count, () => {
    for (const index of order) wheel.cancel(handles[index] as number);
  });
  fill();
  let expired = 0;
  const expire = timed(count, () =>
    wheel.expire(START + DAY_MS + 1000, () => {
      expired += 1;
    }),
  );
  if (expired !== count) throw new Error(`${expired} of ${count} timers expired`);
  return { insert, cancel, expire };
}

function sampleNative(count: number): { insert: number; cancel: number } {
  const { at, order } = deadlines(count);
  const handles: NodeJS.Timeout[] = new Array(count);
  const insert = timed(count, () => {
    for (let index = 0; index < count; index += 1)
      handles[index] = setTimeout(() => {}, (at[index] as number) - START);
  });
  const cancel = timed(count, () => {
    for (const index of order) clearTimeout(handles[index]);
  });
  return { insert, cancel };
}

function samplePush(count: number): number {
  const { at } = deadlines(count);
  const list: { at: number }[] = [];
  const ns = timed(count, () => {
    for (let index = 0; index < count; index += 1) list.push({ at: at[index] as number });
  });
  consume(list);
  return ns;
}

const scenario: Scenario = {
  name: 'wheel',
  title: 'Timer wheel',
  about:
    'Nanoseconds per timer, deadlines on the seconds of a day; cancelled in random order, expired in one sweep.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    const rounds = short ? 1 : 7;
    for (const count of short ? [1000] : [1000, 10_000, 100_000, 1_000_000, 10_000_000]) {
      const samples = Array.from({ length: count > 1_000_000 ? Math.min(rounds, 2) : rounds }, () =>
        sampleWheel(count),
      );
      for (const part of ['insert', 'cancel', 'expire'] as const)
        rows.push({
          measure: `${part}, ${count} timers`,
          value: median(samples.map((sample) => sample[part])),
          unit: 'ns',
          better: 'lower',
        });
      if (count > 100_000) continue;
      const native = Array.from({ length: rounds }, () => sampleNative(count));
      rows.push({
        measure: `setTimeout, ${count} timers`,
        value: median(native.map(({ insert }) => insert)),
        unit: 'ns',
        peer: true,
      });
      rows.push({
        measure: `clearTimeout, ${count} timers`,
        value: median(native.map(({ cancel }) => cancel)),
        unit: 'ns',
        peer: true,
      });
      rows.push({
        measure: `array push of an object, ${count} times`,
        value: median(Array.from({ length: rounds }, () => samplePush(count))),
        unit: 'ns',
        peer: true,
      });
    }
    return rows;
  },
};
export default scenario;
