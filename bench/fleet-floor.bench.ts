/** How fast a bare loop drives the simulated engine: the anchor for everything that goes through it. */
import { dockerodeLoop } from './dockerode-loop.ts';
import { type BenchRow, cpuMs, type Scenario, startFleetProcess } from './harness.ts';

const scenario: Scenario = {
  name: 'fleet-floor',
  title: 'Floor: a bare dockerode loop on the simulated engine',
  about: 'Exec create, start, read to the end, inspect; the command ends at once. No scheduler is involved.',
  async run({ short }) {
    const fleet = await startFleetProcess(['--containers', '64', '--kinds', 'date']);
    const rows: BenchRow[] = [];
    try {
      await dockerodeLoop(fleet, 16, short ? 50 : 2000);
      for (const inFlight of [1, 10, 64, 256]) {
        const total = short ? 100 : 4000;
        const [before, cpu] = [await fleet.stats(), cpuMs()];
        const rate = await dockerodeLoop(fleet, inFlight, total);
        const used = cpuMs() - cpu;
        const after = await fleet.stats();
        const name = `${inFlight} in flight`;
        rows.push(
          {
            measure: `executions per second, ${name}`,
            value: rate,
            unit: '/s',
            better: 'higher',
            peer: true,
          },
          {
            measure: `CPU of the client per execution, ${name}`,
            value: used / total,
            unit: 'ms',
            better: 'lower',
            peer: true,
          },
          {
            measure: `CPU of the engine per execution, ${name}`,
            value: (after.cpuMs - before.cpuMs) / total,
            unit: 'ms',
            peer: true,
          },
        );
      }
    } finally {
      await fleet.stop();
    }
    return rows;
  },
};
export default scenario;
