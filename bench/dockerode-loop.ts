/** The anchor of everything that goes through an engine: a bare loop of a plain user of dockerode. */
import Dockerode from 'dockerode';
import type { FleetProcess } from './harness.ts';

/** One exec from create to exit code. */
async function execute(container: Dockerode.Container): Promise<void> {
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

/** Executions per second of `true` with so many in flight, spread over all containers. */
export async function dockerodeLoop(
  fleet: Pick<FleetProcess, 'socketPath'>,
  inFlight: number,
  total: number,
): Promise<number> {
  const docker = new Dockerode({ socketPath: fleet.socketPath });
  const containers = (await docker.listContainers()).map(({ Id }) => docker.getContainer(Id));
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < total) {
      begun += 1;
      await execute(containers[begun % containers.length] as Dockerode.Container);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (total * 1000) / (performance.now() - startedAt);
}
