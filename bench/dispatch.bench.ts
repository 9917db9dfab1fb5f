/** How many executions per second the whole program carries, from fire time to exit code in the log. */
import { observe, pause, type Stretch, startDaemonProcess } from './daemon-process.ts';
import { dockerodeLoop } from './dockerode-loop.ts';
import { type BenchOptions, type BenchRow, type Scenario, startFleetProcess } from './harness.ts';

/** More jobs are due each second than can be carried, so the pool is always full. */
const CONTAINERS = 64;
const JOBS_EACH = 150;

async function atPoolSize(poolSize: number, { short }: BenchOptions): Promise<BenchRow[]> {
  const fleet = await startFleetProcess([
    ...['--containers', String(CONTAINERS), '--jobs', String(short ? 4 : JOBS_EACH)],
    ...['--trigger', 'interval=every second', '--command', 'true', '--keep', '1000000'],
  ]);
  try {
    const daemon = await startDaemonProcess(fleet, { env: { JOB_POOL_SIZE: String(poolSize) } });
    await pause(short ? 1500 : 4000);
    const stretch = await observe(fleet, daemon, short ? 1000 : 8000);
    const status = await daemon.stop();
    if (status !== 0 && status !== 2) throw new Error(`chorewheel ended with ${status}`);
    const anchor = await dockerodeLoop(fleet, poolSize, short ? 100 : 10_000);
    return rowsOf(`pool ${poolSize}`, stretch, anchor);
  } finally {
    await fleet.stop();
  }
}

function rowsOf(
  name: string,
  { seconds, cpuMs, execs, requests, connections, ended }: Stretch,
  anchor: number,
): BenchRow[] {
  const rate = ended / seconds;
  return [
    { measure: `executions per second, ${name}`, value: rate, unit: '/s', better: 'higher' },
    {
      measure: `bare dockerode loop beside ${name}`,
      value: anchor,
      unit: '/s',
      better: 'higher',
      peer: true,
    },
    { measure: `share of the bare loop, ${name}`, value: (100 * rate) / anchor, unit: '%', better: 'higher' },
    { measure: `CPU per execution, ${name}`, value: cpuMs / execs, unit: 'ms', better: 'lower' },
    { measure: `requests per execution, ${name}`, value: requests / execs, unit: '', better: 'lower' },
    {
      measure: `new connections per execution, ${name}`,
      value: connections / execs,
      unit: '',
      better: 'lower',
    },
  ];
}

const scenario: Scenario = {
  name: 'dispatch',
  title: 'Dispatch end to end',
  about:
    'The whole program on the simulated engine, with more jobs due than it can carry (commands end at once); then a bare loop with as many in flight on the same engine. CPU is that of all threads.',
  async run(options) {
    const rows: BenchRow[] = [];
    for (const poolSize of options.short ? [10] : [10, 64, 256])
      rows.push(...(await atPoolSize(poolSize, options)));
    return rows;
  },
};
export default scenario;
