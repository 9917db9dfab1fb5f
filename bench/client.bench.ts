/** The HTTP client of the workers beside dockerode and the bare modem, on the same engine, without a scheduler. */
import { createHttpClient } from '../src/docker/http-client.ts';
import { createKeyedLimit } from '../src/docker/keyed-limit.ts';
import { createRequests, type EngineRequests } from '../src/docker/requests.ts';
import type { ContainerId } from '../src/ids.ts';
import { dockerodeLoop } from './dockerode-loop.ts';
import { type BenchRow, cpuMs, fetchJson, type Scenario, startFleetProcess } from './harness.ts';

async function execute(requests: EngineRequests, container: ContainerId): Promise<void> {
  const created = await requests.createExec(container, {
    words: ['true'],
    user: '',
    workdir: '',
    environment: [],
  });
  if (created.kind !== 'created') throw new Error(created.reason);
  await new Promise<void>((resolve, reject) => {
    const handlers = {
      data: (): void => {},
      end: (error: Error | undefined): void => (error === undefined ? resolve() : reject(error)),
    };
    void requests.startExec(container, created.exec, handlers).then((started) => {
      if (started.kind !== 'started') reject(new Error(started.reason));
    });
  });
  const state = await requests.inspectExec(container, created.exec);
  if (state.kind !== 'ended' || state.exitCode !== 0) throw new Error(`unexpected ${state.kind}`);
}

/** Executions per second with so many in flight. */
async function ourLoop(socketPath: string, inFlight: number, total: number): Promise<number> {
  const listed = await fetchJson<{ Id: ContainerId }[]>(socketPath, 'GET', '/containers/json');
  const client = createHttpClient({ kind: 'unix', socketPath });
  const requests = createRequests(client, createKeyedLimit(inFlight), 60_000);
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < total) {
      begun += 1;
      await execute(requests, (listed[begun % listed.length] as { Id: ContainerId }).Id);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const rate = (total * 1000) / (performance.now() - startedAt);
  client.close();
  return rate;
}

const scenario: Scenario = {
  name: 'client',
  title: 'The client of an execution, alone',
  about:
    'Create, start, read to the end, inspect, without a scheduler; CPU is that of the client. Both in one process, in turn.',
  async run({ short }) {
    const fleet = await startFleetProcess(['--containers', '64', '--kinds', 'date']);
    try {
      const rows: BenchRow[] = [];
      const loops = {
        ours: (inFlight: number, total: number) => ourLoop(fleet.socketPath, inFlight, total),
        dockerode: (inFlight: number, total: number) => dockerodeLoop(fleet, inFlight, total),
      };
      for (const loop of Object.values(loops)) await loop(16, short ? 20 : 2000);
      for (const inFlight of short ? [8] : [1, 64, 256]) {
        for (const [name, loop] of Object.entries(loops)) {
          const total = short ? 50 : 6000;
          const cpu = cpuMs();
          const rate = await loop(inFlight, total);
          const used = (cpuMs() - cpu) / total;
          const peer = name === 'ours' ? {} : { peer: true };
          const what = `${name}, ${inFlight} in flight`;
          rows.push({
            measure: `executions per second, ${what}`,
            value: rate,
            unit: '/s',
            better: 'higher',
            ...peer,
          });
          rows.push({
            measure: `CPU per execution, ${what}`,
            value: used,
            unit: 'ms',
            better: 'lower',
            ...peer,
          });
        }
      }
      return rows;
    } finally {
      await fleet.stop();
    }
  },
};
export default scenario;
