/** Containers start and die at a high rate: what does it cost, and is the registry right in the end? */
import { type DaemonProcess, observe, pause, startDaemonProcess } from './daemon-process.ts';
import { type FleetProcess, fetchJson, type Scenario, startFleetProcess } from './harness.ts';

/** The jobs that SIGUSR1 lists against the engine's list of running containers. */
async function wrongJobs(fleet: FleetProcess, daemon: DaemonProcess): Promise<number> {
  const list = await fetchJson<{ Names: string[]; Labels: Record<string, string> }[]>(
    fleet.socketPath,
    'GET',
    '/containers/json',
  );
  const right = list.filter(({ Labels }) =>
    Object.keys(Labels).some((key) => key.endsWith('.command')),
  ).length;
  daemon.child.kill('SIGUSR1');
  const listed = (): number => daemon.counts.get('job') ?? 0;
  for (let before = -1; before !== listed(); ) {
    before = listed();
    await pause(500);
  }
  return Math.abs(listed() - right);
}

const scenario: Scenario = {
  name: 'event-storm',
  title: '1,000 starts and deaths a second over 10,000 containers',
  about: 'Half of the containers have a job. Further requests are those beside the ones of the start.',
  async run({ short }) {
    const fleet = await startFleetProcess([
      ...['--containers', short ? '200' : '10000', '--idle', '0.5', '--kinds', 'date'],
    ]);
    try {
      const daemon = await startDaemonProcess(fleet, { env: { RESYNC_INTERVAL: '1h' } });
      await fleet.post('/fleet/storm', { perSecond: short ? 200 : 1000 });
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
      await fleet.post('/fleet/storm', { perSecond: 0 });
      await pause(short ? 500 : 2000);
      const wrong = await wrongJobs(fleet, daemon);
      await daemon.stop();
      return [
        ...rows,
        { measure: 'jobs too many or too few in the end', value: wrong, unit: '', better: 'lower' },
      ];
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
