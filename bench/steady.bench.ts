/** A steady load of 1,000 executions per second: is every one carried, and how late? */
import { eventually, latenessAtEngine, latenessRows, pause, startDaemonProcess } from './daemon-process.ts';
import { type Scenario, startFleetProcess } from './harness.ts';

const scenario: Scenario = {
  name: 'steady',
  title: '1,000 jobs due each second, pool of 64, commands of 50 ms',
  about:
    'Each job is due each second; their grids are spread over the second. Lateness is the receipt of exec create at the engine minus the fire time. Lost are firings that were not run.',
  async run({ short }) {
    const jobs = short ? 50 : 1000;
    const fleet = await startFleetProcess(['--keep', '1000000']);
    try {
      const keep = ['execution_started', 'execution_skipped', 'execution_misfired'];
      const daemon = await startDaemonProcess(fleet, { env: { JOB_POOL_SIZE: '64' }, keep });
      const batches = 50;
      for (let batch = 0; batch < batches; batch += 1) {
        const specs = Array.from({ length: jobs / batches }, (_, index) => ({
          name: `box-${batch}-${index}`,
          labels: { 'deck-chores.each.command': 'sleep 0.05', 'deck-chores.each.interval': 'every second' },
        }));
        await Promise.all([fleet.post('/fleet/containers', specs), pause(1000 / batches)]);
      }
      await pause(short ? 2000 : 20_000);
      const status = await daemon.stop();
      await eventually(() => daemon.child.exitCode !== null, 10_000);
      const lateness = await latenessAtEngine(fleet, daemon);
      const lost = daemon.records.filter(
        ({ event, reason }) => event !== 'execution_started' && reason !== 'draining',
      ).length;
      return [
        { measure: 'executions', value: lateness.length, unit: '' },
        { measure: 'lost', value: lost, unit: '', better: 'lower' },
        ...latenessRows('lateness', lateness),
        { measure: 'exit status', value: status ?? -1, unit: '', better: 'lower' },
      ];
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
