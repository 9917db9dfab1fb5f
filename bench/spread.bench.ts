/** Jobs due on several seconds in a row: the dispatcher at work, not at its worst moment. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ContainerId } from '../src/ids.ts';
import { containerOf, daemonThatCalls, defaultLabelSettings } from './core.ts';
import { latenessRows, pause } from './daemon-process.ts';
import { type BenchRow, cpuMs, program, type Scenario } from './harness.ts';
import type { SpreadResult } from './spread-child.ts';

const SECONDS = 5;

const PEERS = ['setTimeout', 'croner', 'node-cron'];

async function peerRows(name: string, jobs: number): Promise<BenchRow[]> {
  const child = fork(program('./spread-child'), [name, String(jobs), String(SECONDS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ lateness, cpuMs: cpu }] = await Promise.race([
    once(child, 'message') as Promise<[SpreadResult]>,
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} did not come to its end`))),
  ]);
  const [, p99] = latenessRows('lateness', lateness);
  const common = { better: 'lower', peer: true } as const;
  return [
    { measure: `lateness, p99, ${name}`, value: p99?.value ?? Number.NaN, unit: 'ms', ...common },
    { measure: `not called, ${name}`, value: jobs - lateness.length, unit: '', ...common },
    { measure: `CPU of all, ${name}`, value: cpu, unit: 'ms', ...common },
  ];
}

const scenario: Scenario = {
  name: 'spread',
  title: '10,000 jobs over five seconds',
  about: 'Two thousand due on each of five seconds; from the second until the call of a job.',
  async run({ short }) {
    const jobs = short ? 200 : 10_000;
    const first = Math.ceil((Date.now() + 2500) / 1000) * 1000;
    const due = new Map<ContainerId, number>();
    const settings = defaultLabelSettings();
    const containers = Array.from({ length: jobs }, (_, index) => {
      const at = new Date(first + (index % SECONDS) * 1000);
      const cron = `${at.getUTCHours()} ${at.getUTCMinutes()} ${at.getUTCSeconds()}`;
      const labels = { 'deck-chores.spread.command': 'true', 'deck-chores.spread.cron': cron };
      const container = containerOf(index, labels, settings);
      due.set(container.id, at.getTime());
      return container;
    });
    const lateness: number[] = [];
    const daemon = await daemonThatCalls(containers, ({ container }) => {
      lateness.push(performance.timeOrigin + performance.now() - (due.get(container) ?? Number.NaN));
    });
    await pause(first - 200 - Date.now());
    const cpu = cpuMs();
    await pause(first + SECONDS * 1000 - Date.now());
    const used = cpuMs() - cpu;
    await daemon.stop();
    const peers: BenchRow[] = [];
    for (const name of short ? PEERS.slice(0, 1) : PEERS) peers.push(...(await peerRows(name, jobs)));
    return [
      ...latenessRows('lateness', lateness),
      { measure: 'not called', value: jobs - lateness.length, unit: '', better: 'lower' },
      { measure: 'CPU of all', value: used, unit: 'ms', better: 'lower' },
      ...peers,
    ];
  },
};
export default scenario;
