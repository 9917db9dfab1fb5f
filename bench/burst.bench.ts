/** A herd through a small pool: everything that is due on one second must run, in order, however long it takes. */
import { eventually, startDaemonProcess } from './daemon-process.ts';
import { type Scenario, startFleetProcess } from './harness.ts';

function cronOf(moment: Date): string {
  return `${moment.getUTCHours()} ${moment.getUTCMinutes()} ${moment.getUTCSeconds()}`;
}

const scenario: Scenario = {
  name: 'burst',
  title: '10,000 jobs due on one second, pool of 10, commands of 20 ms',
  about: 'Lost are those that did not run. The ideal is 10,000 × 20 ms / 10 = 20 s.',
  async run({ short }) {
    const jobs = short ? 200 : 10_000;
    const dueInMs = short ? 3000 : 10_000;
    const due = new Date(Math.ceil((Date.now() + dueInMs) / 1000) * 1000);
    const containers = 100;
    const fleet = await startFleetProcess([
      ...['--containers', String(containers), '--jobs', String(jobs / containers)],
      ...['--trigger', `cron=${cronOf(due)}`, '--command', 'sleep 0.02'],
    ]);
    try {
      const keep = ['execution_ended', 'execution_skipped', 'execution_misfired'];
      const daemon = await startDaemonProcess(fleet, { env: { JOB_POOL_SIZE: '10' }, keep });
      await eventually(() => daemon.records.length >= jobs, dueInMs + 120_000);
      const { epochMs, executions } = await fleet.executions();
      await daemon.stop();
      const last = Math.max(...executions.map(({ endedNs }) => endedNs));
      const ran = daemon.records.filter(
        ({ outcome, exit_code }) => outcome === 'exited' && exit_code === 0,
      ).length;
      const seconds = (epochMs + last / 1e6 - due.getTime()) / 1000;
      return [
        { measure: 'ran', value: ran, unit: '', better: 'higher' },
        { measure: 'lost', value: jobs - ran, unit: '', better: 'lower' },
        { measure: 'from the instant to the last end', value: seconds, unit: 's', better: 'lower' },
        { measure: 'the same at best', value: (jobs * 0.02) / 10, unit: 's', peer: true },
        {
          measure: 'started before the instant',
          value: executions.filter(({ createdNs }) => epochMs + createdNs / 1e6 < due.getTime()).length,
          unit: '',
          better: 'lower',
        },
      ];
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
