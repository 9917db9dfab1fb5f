/** What a real engine costs its host, without any scheduler: the share that no scheduler can save. */
import { readdirSync, readFileSync } from 'node:fs';
import { type Daemon, daemonObstacle, IMAGE, startDaemon } from '../test/support/daemon.ts';
import { dockerodeLoop } from './dockerode-loop.ts';
import { type BenchRow, fetchJson, median, type Scenario } from './harness.ts';

const FEW = 4;
/** Further containers, to see what each one takes. */
const MORE = 20;

async function addContainers(socketPath: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const body = { Image: IMAGE, Cmd: ['tail', '-f', '/dev/null'], HostConfig: { NetworkMode: 'none' } };
    const { Id } = await fetchJson<{ Id: string }>(socketPath, 'POST', '/containers/create', body);
    await fetchJson(socketPath, 'POST', `/containers/${Id}/start`);
  }
}

/** dockerd, containerd and the shims; what they start for an execution counts for them once it has ended. */
function processesOf({ folder }: Daemon): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    return read(`/proc/${name}/cmdline`).includes(folder);
  });
}

/** Empty for a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Milliseconds, their ended children's too; the kernel counts in ticks of 10 ms. */
function cpuOf(daemon: Daemon): number {
  const ticks = processesOf(daemon).map((pid) => {
    const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  });
  return ticks.reduce((sum, count) => sum + count, 0) * 10;
}

/** MiB, shared pages counted once. */
function memoryOf(daemon: Daemon): number {
  const kib = processesOf(daemon).map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
  );
  return kib.reduce((sum, each) => sum + each, 0) / 1024;
}

async function executionRows(daemon: Daemon, inFlight: number): Promise<BenchRow[]> {
  const total = 200;
  await dockerodeLoop(daemon, inFlight, 20);
  const before = cpuOf(daemon);
  const rate = await dockerodeLoop(daemon, inFlight, total);
  const cpu = (cpuOf(daemon) - before) / total;
  const name = `${inFlight} in flight`;
  return [
    { measure: `executions per second, ${name}`, value: rate, unit: '/s', better: 'higher', peer: true },
    { measure: `CPU of the engine per execution, ${name}`, value: cpu, unit: 'ms', peer: true },
  ];
}

async function listMs({ socketPath }: Daemon): Promise<number> {
  const samples: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    const startedAt = performance.now();
    await fetchJson(socketPath, 'GET', '/containers/json');
    samples.push(performance.now() - startedAt);
  }
  return median(samples);
}

const scenario: Scenario = {
  name: 'engine-cost',
  title: 'What a real engine costs its host',
  about:
    'A private dockerd with containerd and its shims, driven by a bare dockerode loop of `true`. The memory is the engine’s own, without the processes in the containers. Left out, with a word about it, where no engine can be started.',
  async run({ short }) {
    const obstacle = short ? 'the short form starts no engine' : daemonObstacle();
    if (obstacle !== undefined) {
      console.error(`SKIPPED engine-cost: ${obstacle}`);
      return [];
    }
    const daemon = await startDaemon();
    try {
      await addContainers(daemon.socketPath, FEW);
      const rows: BenchRow[] = [];
      for (const inFlight of [1, 4, 16]) rows.push(...(await executionRows(daemon, inFlight)));
      const before = { memory: memoryOf(daemon), list: await listMs(daemon) };
      await addContainers(daemon.socketPath, MORE);
      const grown = (memoryOf(daemon) - before.memory) / MORE;
      const listed = ((await listMs(daemon)) - before.list) / MORE;
      return [
        ...rows,
        { measure: 'memory of the engine for each running container', value: grown, unit: 'MiB', peer: true },
        { measure: 'its answer to a list, for each container', value: listed * 1000, unit: 'µs', peer: true },
      ];
    } finally {
      await daemon.destroy();
    }
  },
};
export default scenario;
