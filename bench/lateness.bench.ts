/** An idle machine, few jobs: how long after its second does a firing reach the engine? */
import { latenessAtEngine, latenessRows, pause, startDaemonProcess } from './daemon-process.ts';
import { type Scenario, startFleetProcess } from './harness.ts';

const scenario: Scenario = {
  name: 'lateness',
  title: 'Lateness with ten jobs a second; idle cost',
  about:
    'Ten jobs by cron, each due each second. Lateness is the receipt of exec create at the engine minus the second.',
  async run({ short }) {
    const fleet = await startFleetProcess([
      '--containers',
      '10',
      '--trigger',
      'cron=* * * * *',
      '--command',
      'true',
    ]);
    try {
      const daemon = await startDaemonProcess(fleet, { keep: ['execution_started'] });
      await pause(short ? 2500 : 3000);
      const begin = { cpu: daemon.cpuMs(), at: performance.now() };
      await pause(short ? 1000 : 30_000);
      const share = (100 * (daemon.cpuMs() - begin.cpu)) / (performance.now() - begin.at);
      await daemon.stop();
      const values = (await latenessAtEngine(fleet, daemon)).sort((a, b) => a - b);
      return [
        ...latenessRows('lateness at the engine', values),
        { measure: 'earliest', value: values[0] ?? Number.NaN, unit: 'ms' },
        { measure: 'share of a core', value: share, unit: '%', better: 'lower' },
      ];
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
