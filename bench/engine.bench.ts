/** A real Docker engine, where one can be had: it is the bottleneck, so that a bare loop must hardly be faster. */
import { addImage, daemonObstacle, IMAGE, startDaemon } from '../test/support/daemon.ts';
import { eventually, pause, startDaemonProcess } from './daemon-process.ts';
import { dockerodeLoop } from './dockerode-loop.ts';
import { type BenchRow, fetchJson, type Scenario, startFleetProcess } from './harness.ts';

const IN_FLIGHT = 4;
const JOBS_EACH = 50;

interface Engine {
  readonly socketPath: string;
  stop(): Promise<void>;
}

/** A private engine with four containers, each with more jobs than can run. */
async function realEngine(): Promise<Engine> {
  const daemon = await startDaemon();
  try {
    await addImage(daemon, IMAGE, {});
    for (let index = 0; index < IN_FLIGHT; index += 1) await runContainer(daemon.socketPath);
  } catch (error) {
    await daemon.destroy();
    throw error;
  }
  return { socketPath: daemon.socketPath, stop: () => daemon.destroy() };
}

async function runContainer(socketPath: string): Promise<void> {
  const labels: Record<string, string> = {};
  for (let index = 0; index < JOBS_EACH; index += 1) {
    labels[`deck-chores.job${index}.command`] = 'true';
    labels[`deck-chores.job${index}.interval`] = 'every second';
  }
  const { Id: id } = await fetchJson<{ Id: string }>(socketPath, 'POST', '/containers/create', {
    Image: IMAGE,
    Cmd: ['tail', '-f', '/dev/null'],
    Labels: labels,
    HostConfig: { NetworkMode: 'none' },
  });
  await fetchJson(socketPath, 'POST', `/containers/${id}/start`);
}

/** Stands in for the engine in the short form, which only proves that the scenario works. */
async function simulatedEngine(): Promise<Engine> {
  const args = ['--containers', String(IN_FLIGHT), '--jobs', '10', '--command', 'true'];
  return startFleetProcess([...args, '--trigger', 'interval=every second']);
}

/** Executions per second of chorewheel on that engine. */
async function chorewheelRate(engine: Engine, seconds: number): Promise<number> {
  const daemon = await startDaemonProcess(engine, { env: { JOB_POOL_SIZE: String(IN_FLIGHT) } });
  const ended = (): number => daemon.counts.get('execution_ended') ?? 0;
  await eventually(() => ended() >= IN_FLIGHT, 30_000);
  const before = ended();
  const startedAt = performance.now();
  await pause(seconds * 1000);
  const rate = ((ended() - before) * 1000) / (performance.now() - startedAt);
  await daemon.stop();
  return rate;
}

const scenario: Scenario = {
  name: 'engine',
  title: 'A real engine',
  about: `A private dockerd, ${IN_FLIGHT} containers, ${IN_FLIGHT} commands at a time that end at once; the bare loop runs before and after. Left out where no engine can be started.`,
  async run({ short }) {
    const obstacle = short ? undefined : daemonObstacle();
    if (obstacle !== undefined) {
      console.error(`SKIPPED engine: ${obstacle}`);
      return [];
    }
    const engine = await (short ? simulatedEngine() : realEngine());
    try {
      const total = short ? 20 : 300;
      await dockerodeLoop(engine, IN_FLIGHT, total / 5);
      const first = await dockerodeLoop(engine, IN_FLIGHT, total);
      const rate = await chorewheelRate(engine, short ? 0.5 : 10);
      const second = await dockerodeLoop(engine, IN_FLIGHT, total);
      const bare = (first + second) / 2;
      const rows: BenchRow[] = [
        { measure: 'executions per second', value: rate, unit: '/s', better: 'higher' },
        { measure: 'bare dockerode loop', value: bare, unit: '/s', better: 'higher', peer: true },
        { measure: 'share of the bare loop', value: (100 * rate) / bare, unit: '%', better: 'higher' },
      ];
      return rows;
    } finally {
      await engine.stop();
    }
  },
};
export default scenario;
