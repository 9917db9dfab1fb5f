/** Containers start and die at a high rate: what does it cost, and is the registry right in the end? */
import { observe, pause, startDaemonProcess } from './daemon-process.ts';
import { type Scenario, startFleetProcess } from './harness.ts';

const scenario: Scenario = {
  name: 'event-storm',
  title: '1,000 starts and deaths a second over 10,000 containers',
  about: 'Half of the containers have a job. Further requests are those beside the ones of the start.',
  async run({ short }) {
    const fleet = await startFleetProcess([
      ...['--containers', short ? '200' : '10000', '--idle', '0.5', '--kinds', 'date'],
      ...['--storm', short ? '200' : '1000'],
    ]);
    try {
      const daemon = await startDaemonProcess(fleet, { env: { RESYNC_INTERVAL: '1h' } });
      await pause(short ? 500 : 3000);
      const { cpuMs, seconds, requests } = await observe(fleet, daemon, short ? 1000 : 10_000);
      const rows = [
        {
          measure: 'share of a core',
          value: cpuMs / seconds / 10,
          unit: '%',
          better: 'lower' as const,
        },
        {
          measure: 'further requests',
          value: requests,
          unit: '',
          better: 'lower' as const,
        },
        {
          measure: 'resident memory',
          value: daemon.rssBytes() / 2 ** 20,
          unit: 'MiB',
          better: 'lower' as const,
        },
      ];
      await daemon.stop();
      return rows;
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
