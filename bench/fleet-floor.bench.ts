/** How fast a bare loop drives the simulated engine: the anchor for everything that goes through it. */
import Dockerode from 'dockerode';
import { type BenchRow, cpuMs, type FleetProcess, type Scenario, startFleetProcess } from './harness.ts';

/** One exec from create to exit code, as a plain user of dockerode writes it. */
async function dockerodeExec(container: Dockerode.Container): Promise<void> {
  const exec = await container.exec({ Cmd: ['true'], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.resume();
  });
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`unexpected exit code ${ExitCode}`);
}

/** Executions per second with so many in flight, spread over all containers. */
export async function dockerodeLoop(fleet: FleetProcess, inFlight: number, total: number): Promise<number> {
  const docker = new Dockerode({ socketPath: fleet.socketPath });
  const containers = (await docker.listContainers()).map(({ Id }) => docker.getContainer(Id));
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < total) {
      begun += 1;
      await dockerodeExec(containers[begun % containers.length] as Dockerode.Container);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (total * 1000) / (performance.now() - startedAt);
}

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
