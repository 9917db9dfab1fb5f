/** From the start of the process to every job armed, beside many containers. */
import { startDaemonProcess } from './daemon-process.ts';
import { type BenchRow, fetchJson, type Scenario, startFleetProcess } from './harness.ts';

async function beside(containers: number): Promise<BenchRow[]> {
  const fleet = await startFleetProcess([
    '--containers',
    String(containers),
    '--jobs',
    '1',
    '--kinds',
    'cron,daily,crontab,date',
  ]);
  try {
    const askedAt = performance.now();
    await fetchJson(fleet.socketPath, 'GET', '/containers/json?all=1');
    const answerMs = performance.now() - askedAt;
    await fleet.post('/fleet/reset', {});
    const daemon = await startDaemonProcess(fleet);
    const { requests } = await fleet.stats();
    const rows: BenchRow[] = [
      {
        measure: `process start to ready, ${containers} containers`,
        value: daemon.readyMs,
        unit: 'ms',
        better: 'lower',
      },
      {
        measure: `the engine's own answer to a list, ${containers} containers`,
        value: answerMs,
        unit: 'ms',
        peer: true,
      },
      {
        measure: `requests, ${containers} containers`,
        value: Object.values(requests).reduce((sum, count) => sum + count, 0),
        unit: '',
        better: 'lower',
      },
      {
        measure: `resident memory then, ${containers} containers`,
        value: daemon.rssBytes() / 2 ** 20,
        unit: 'MiB',
        better: 'lower',
      },
    ];
    await daemon.stop();
    return rows;
  } finally {
    await fleet.stop();
  }
}

const scenario: Scenario = {
  name: 'start-up',
  title: 'Start beside many containers',
  about: 'One job each. The time counts from the start of the process, so that of Node itself is in it.',
  async run(options) {
    const rows: BenchRow[] = [];
    for (const containers of options.short ? [100] : [0, 100, 1000, 10_000])
      rows.push(...(await beside(containers)));
    return rows;
  },
};
export default scenario;
