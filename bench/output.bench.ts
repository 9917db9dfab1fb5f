/** How fast the output of a command passes through to the log, and what it costs. */
import { eventually, pause, startDaemonProcess } from './daemon-process.ts';
import { type Scenario, startFleetProcess } from './harness.ts';

const scenario: Scenario = {
  name: 'output',
  title: 'Output of commands',
  about:
    'A job writes short lines as fast as they are taken; what is beyond OUTPUT_LIMIT is counted and left out.',
  async run({ short }) {
    const megabytes = short ? 4 : 512;
    const fleet = await startFleetProcess([]);
    try {
      const daemon = await startDaemonProcess(fleet, { keep: ['execution_ended'] });
      const before = daemon.rssBytes();
      await fleet.post('/fleet/containers', {
        name: 'flood',
        labels: {
          'deck-chores.flood.command': `flood ${megabytes * 2 ** 20}`,
          'deck-chores.flood.interval': '1s',
          'deck-chores.flood.max': '1',
        },
      });
      let peak = 0;
      await eventually(() => {
        peak = Math.max(peak, daemon.rssBytes());
        return daemon.records.length > 0;
      }, 120_000);
      const [record] = (await fleet.executions()).executions;
      await pause(100);
      await daemon.stop();
      const seconds = ((record?.endedNs ?? 0) - (record?.startedNs ?? 0)) / 1e9;
      return [
        {
          measure: 'output taken from the engine',
          value: megabytes / seconds,
          unit: 'MiB/s',
          better: 'higher',
        },
        {
          measure: 'growth of resident memory',
          value: (peak - before) / 2 ** 20,
          unit: 'MiB',
          better: 'lower',
        },
      ];
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
