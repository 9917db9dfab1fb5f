/** What it costs to record every execution in a state folder: peak rate and lateness with and without, in turn. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DaemonProcess,
  latenessAtEngine,
  observe,
  pause,
  startDaemonProcess,
} from './daemon-process.ts';
import { type BenchRow, median, percentile, type Scenario, startFleetProcess } from './harness.ts';

interface Sample {
  readonly rate: number;
  /** CPU milliseconds per execution at the peak. */
  readonly cpu: number;
  /** 99th percentile under a moderate load, milliseconds. */
  readonly lateness: number;
  /** Bytes of the database per execution; 0 without one. */
  readonly bytes: number;
}

/** More jobs are due than can be carried. */
function flood(short: boolean): readonly string[] {
  const jobs = short ? '4' : '150';
  return ['--containers', '64', '--jobs', jobs, '--trigger', 'interval=every second', '--command', 'true'];
}

/** A hundred jobs on each second. */
const CALM = ['--containers', '100', '--trigger', 'cron=* * * * *', '--command', 'true'];

type Measured = (
  daemon: DaemonProcess,
  fleet: Awaited<ReturnType<typeof startFleetProcess>>,
) => Promise<void>;

async function withDaemon(args: readonly string[], recorded: boolean, measure: Measured): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cwr-'));
  const fleet = await startFleetProcess([...args, '--keep', '1000000']);
  try {
    const env = { JOB_POOL_SIZE: '256', ...(recorded ? { STATE_DIR: folder } : {}) };
    const daemon = await startDaemonProcess(fleet, { env, keep: ['execution_started'] });
    await measure(daemon, fleet);
    await daemon.stop();
    const { executions } = await fleet.stats();
    return recorded ? statSync(join(folder, 'history.db')).size / executions : 0;
  } finally {
    await fleet.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sample(recorded: boolean, short: boolean): Promise<Sample> {
  const result = { rate: 0, cpu: 0, lateness: 0 };
  const bytes = await withDaemon(flood(short), recorded, async (daemon, fleet) => {
    await pause(short ? 1000 : 4000);
    const { ended, seconds, cpuMs, execs } = await observe(fleet, daemon, short ? 1000 : 8000);
    result.rate = ended / seconds;
    result.cpu = cpuMs / execs;
  });
  await withDaemon(CALM, recorded, async (daemon, fleet) => {
    await pause(short ? 2200 : 15_000);
    result.lateness = percentile(await latenessAtEngine(fleet, daemon), 0.99);
  });
  return { ...result, bytes };
}

function rowsOf(without: readonly Sample[], recorded: readonly Sample[]): BenchRow[] {
  const of = (samples: readonly Sample[], key: keyof Sample): number =>
    median(samples.map((each) => each[key]));
  const ratio = median(recorded.map(({ rate }, index) => rate / (without[index]?.rate ?? Number.NaN)));
  const rows: BenchRow[] = [
    { measure: 'peak rate, recorded', value: of(recorded, 'rate'), unit: '/s', better: 'higher' },
    { measure: 'peak rate, not recorded', value: of(without, 'rate'), unit: '/s', better: 'higher' },
    { measure: 'cost of recording, of the peak rate', value: 100 * (1 - ratio), unit: '%', better: 'lower' },
    { measure: 'CPU per execution, recorded', value: of(recorded, 'cpu'), unit: 'ms', better: 'lower' },
    { measure: 'CPU per execution, not recorded', value: of(without, 'cpu'), unit: 'ms', better: 'lower' },
    { measure: 'p99 lateness, recorded', value: of(recorded, 'lateness'), unit: 'ms', better: 'lower' },
    { measure: 'p99 lateness, not recorded', value: of(without, 'lateness'), unit: 'ms', better: 'lower' },
    { measure: 'database, each execution', value: of(recorded, 'bytes'), unit: 'B', better: 'lower' },
  ];
  return rows;
}

const scenario: Scenario = {
  name: 'recording',
  title: 'What recording costs',
  about:
    'The whole program on the simulated engine with and without STATE_DIR, in turn. Peak: pool of 256, commands that end at once, more due than it can carry. Lateness: a hundred jobs on each second, receipt of exec create at the engine minus the second.',
  async run({ short }) {
    const without: Sample[] = [];
    const recorded: Sample[] = [];
    for (let pair = 0; pair < (short ? 1 : 3); pair += 1) {
      without.push(await sample(false, short));
      recorded.push(await sample(true, short));
    }
    return rowsOf(without, recorded);
  },
};
export default scenario;
