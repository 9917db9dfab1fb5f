/** Resident memory of the whole process, idle, with few and with many jobs. */
import { pause, startDaemonProcess } from './daemon-process.ts';
import { type BenchRow, type Scenario, startFleetProcess } from './harness.ts';

async function withJobs(containers: number, jobsEach: number): Promise<{ rss: number; cpuShare: number }> {
  const fleet = await startFleetProcess([
    '--containers',
    String(containers),
    '--jobs',
    String(jobsEach),
    '--kinds',
    'daily,date',
  ]);
  try {
    const daemon = await startDaemonProcess(fleet);
    await pause(5000);
    const begin = { cpu: daemon.cpuMs(), at: performance.now() };
    await pause(5000);
    const cpuShare = (100 * (daemon.cpuMs() - begin.cpu)) / (performance.now() - begin.at);
    const rss = daemon.rssBytes();
    await daemon.stop();
    return { rss, cpuShare };
  } finally {
    await fleet.stop();
  }
}

const scenario: Scenario = {
  name: 'memory',
  title: 'Resident memory and idle CPU of the whole process',
  about: 'Ten seconds after the start; daily jobs and dates, so nothing is due.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    for (const [containers, jobsEach] of short
      ? [[10, 1]]
      : [
          [100, 1],
          [10_000, 1],
          [10_000, 10],
        ]) {
      const { rss, cpuShare } = await withJobs(containers as number, jobsEach as number);
      const name = `${containers} containers with ${jobsEach} jobs each`;
      rows.push({ measure: `memory, ${name}`, value: rss / 2 ** 20, unit: 'MiB', better: 'lower' });
      rows.push({ measure: `idle CPU, ${name}`, value: cpuShare, unit: '% of a core', better: 'lower' });
    }
    return rows;
  },
};
export default scenario;
