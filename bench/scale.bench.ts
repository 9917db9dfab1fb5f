/** Hosts from a thousand jobs to a million, on the pure core: how does each cost grow? */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type BenchRow, median, program, type Scenario } from './harness.ts';
import type { Plot, Series } from './plot.ts';
import type { ScaleResult } from './scale-child.ts';

const JOBS_EACH = 10;
const MEASURES = {
  parse: { words: 'parse the labels', unit: 'ms', get: (of: ScaleResult) => of.parseMs },
  arm: { words: 'arm all jobs', unit: 'ms', get: (of) => of.armMs },
  resync: { words: 'the same list again', unit: 'ms', get: (of) => of.resyncMs },
  restart: { words: 'a container with ten jobs dies and starts', unit: 'µs', get: (of) => of.restartUs },
  definitions: {
    words: 'memory of containers and definitions',
    unit: 'MiB',
    get: (of) => of.definitionBytes / 2 ** 20,
  },
  schedule: {
    words: 'memory of the schedule beside them',
    unit: 'MiB',
    get: (of) => of.scheduleBytes / 2 ** 20,
  },
  herd: { words: 'herd, until the dispatcher has all', unit: 'ms', get: (of) => of.herdMs },
  pooled: { words: 'herd through a pool of 256, each job', unit: 'µs', get: (of) => of.pooledUs },
  firings: { words: 'firings of a day', unit: '', get: (of) => of.dayFirings },
  day: { words: 'CPU of the core for a day', unit: 'ms', get: (of) => of.dayCpuMs },
  busiest: { words: 'busiest second of the day', unit: 'ms', get: (of) => of.busiestMs },
  grown: { words: 'memory grown by a day', unit: 'MiB', get: (of) => of.grownBytes / 2 ** 20 },
} satisfies Record<string, { words: string; unit: string; get: (of: ScaleResult) => number }>;
type Measure = keyof typeof MEASURES;

const SIZES = [100, 1000, 10_000, 100_000];

async function atSize(containers: number): Promise<ScaleResult> {
  const child = fork(program('./scale-child'), [String(containers), String(JOBS_EACH)], {
    execArgv: ['--expose-gc', '--max-old-space-size=4096'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [result] = await Promise.race([
    once(child, 'message') as Promise<[ScaleResult]>,
    once(child, 'exit').then(() => Promise.reject(new Error(`${containers} containers were too many`))),
  ]);
  return result;
}

function nameOf(measure: Measure, containers: number): string {
  return `${MEASURES[measure].words}, ${containers * JOBS_EACH} jobs`;
}

function rowsOf(containers: number, result: ScaleResult): BenchRow[] {
  return (Object.keys(MEASURES) as Measure[]).map((measure) => ({
    measure: nameOf(measure, containers),
    value: MEASURES[measure].get(result),
    unit: MEASURES[measure].unit,
    ...(measure === 'firings' ? {} : { better: 'lower' }),
  }));
}

function plots(samples: readonly (readonly BenchRow[])[]): Plot[] {
  const valueAt = (measure: Measure, containers: number): number => {
    const name = nameOf(measure, containers);
    return median(samples.flatMap((rows) => rows.flatMap((row) => (row.measure === name ? row.value : []))));
  };
  const series = (name: string, value: (containers: number) => number): Series => ({
    name,
    points: SIZES.map((containers) => ({ x: containers * JOBS_EACH, y: value(containers) })),
  });
  const common = { xTitle: 'jobs, ten a container', xTick: shortNumber };
  return [
    {
      ...common,
      file: 'scale-time',
      title: 'What grows with the number of jobs: time',
      yTick: duration,
      series: [
        series('start: parse and arm', (size) => valueAt('parse', size) + valueAt('arm', size)),
        series('CPU for a whole day', (size) => valueAt('day', size)),
        series('all due on one second', (size) => valueAt('herd', size)),
        series('the same list again', (size) => valueAt('resync', size)),
        series('one container restarts', (size) => valueAt('restart', size) / 1000),
      ],
    },
    {
      ...common,
      file: 'scale-per-job',
      title: 'Time for each job: level is linear growth',
      yTick: duration,
      series: [
        series('start', (size) => (valueAt('parse', size) + valueAt('arm', size)) / (size * JOBS_EACH)),
        series('a day, each firing', (size) => valueAt('day', size) / valueAt('firings', size)),
        series('herd, handed out', (size) => valueAt('herd', size) / (size * JOBS_EACH)),
        series('herd, pool of 256', (size) => valueAt('pooled', size) / 1000),
      ],
    },
    {
      ...common,
      file: 'scale-memory',
      title: 'What grows with the number of jobs: memory',
      yTick: (value) => (value >= 1000 ? `${value / 1000} GiB` : `${value} MiB`),
      series: [
        series('containers, definitions', (size) => valueAt('definitions', size)),
        series('the schedule', (size) => valueAt('schedule', size)),
      ],
    },
  ];
}

function shortNumber(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1000 ? `${value / 1000} k` : String(value);
}

/** Of milliseconds. */
function duration(value: number): string {
  if (value >= 1000) return `${value / 1000} s`;
  if (value >= 1) return `${value} ms`;
  return value >= 0.001
    ? `${Number((value * 1000).toPrecision(1))} µs`
    : `${Number((value * 1e6).toPrecision(1))} ns`;
}

const scenario: Scenario = {
  name: 'scale',
  title: 'Up to 100,000 containers and a million jobs, on the pure core',
  about:
    'Engine and workers are left out. Times are CPU times. Of 1,000 jobs one is due each minute, 100 each hour, the others once a day, through a pool of 256 with commands of 100 ms; the day is virtual, and every firing of it is checked against arithmetic.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    for (const containers of short ? [100] : SIZES)
      rows.push(...rowsOf(containers, await atSize(containers)));
    return rows;
  },
  plots,
};
export default scenario;
