/** From labels to armed: parse, find the next fire time, arm; and what a job weighs. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readClock } from '../src/clock.ts';
import { parseContainerLabels } from '../src/labels/container.ts';
import { containerOf, defaultLabelSettings, newSchedule } from './core.ts';
import { type BenchRow, consume, program, type Scenario } from './harness.ts';
import type { RegisterResult } from './register-child.ts';

const SECONDS_OF_DAY = 86_400;

/** Labels of job number `index`; there are `distinct` different cron texts. */
function labelsOf(index: number, distinct: number): Record<string, string> {
  const second = (index * 7919) % distinct;
  const cron = `${Math.floor(second / 3600) % 24} ${Math.floor(second / 60) % 60} ${second % 60}`;
  return { 'deck-chores.job.command': 'true', 'deck-chores.job.cron': cron };
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** Milliseconds to parse and arm, and heap bytes for each job beside its container and definition. */
function register(jobs: number, distinct: number, zone: string | undefined): { ms: number; bytes: number } {
  const settings = { ...defaultLabelSettings(), ...(zone === undefined ? {} : { timezone: zone }) };
  const labels = Array.from({ length: jobs }, (_, index) => labelsOf(index, distinct));
  const schedule = newSchedule(10);
  const startedAt = performance.now();
  const containers = labels.map((set, index) => containerOf(index, set, settings));
  const parsedMs = performance.now() - startedAt;
  const before = heapBytes();
  const armingAt = performance.now();
  schedule.apply({ kind: 'listed', containers }, readClock());
  const ms = parsedMs + performance.now() - armingAt;
  const bytes = (heapBytes() - before) / jobs;
  if (schedule.counts().jobs !== jobs)
    throw new Error(`${schedule.counts().jobs} of ${jobs} jobs were armed`);
  consume(schedule);
  return { ms, bytes };
}

/** Schedulers of npm, and how many jobs they arm in a few seconds. */
const PEERS = {
  setTimeout: 100_000,
  'node-cron': 10_000,
  croner: 2000,
  'toad-scheduler': 2000,
  cron: 1000,
  'node-schedule': 1000,
};

async function peerRows(name: string, count: number): Promise<BenchRow[]> {
  const child = fork(program('./register-child'), [name, String(count)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ ms, bytes }] = await Promise.race([
    once(child, 'message') as Promise<[RegisterResult]>,
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} did not arm its jobs`))),
  ]);
  const each = { value: (ms * 1000) / count, unit: 'µs a job', better: 'lower', peer: true } as const;
  return [
    { measure: `${count} jobs, all distinct texts, ${name}`, ...each },
    { measure: `memory, ${count} jobs, ${name}`, value: bytes, unit: 'B a job', better: 'lower', peer: true },
  ];
}

function parseRate(): number {
  const settings = defaultLabelSettings();
  const sets = Array.from({ length: 20_000 }, (_, index) => ({
    ...labelsOf(index, SECONDS_OF_DAY),
    'deck-chores.job.user': `user${index}`,
    'deck-chores.other.command': `backup --number ${index}`,
    'deck-chores.other.interval': `${index + 1}s`,
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': `service${index}`,
  }));
  const startedAt = performance.now();
  for (const labels of sets) consume(parseContainerLabels(labels, undefined, settings));
  return (sets.length * 1000) / (performance.now() - startedAt);
}

const scenario: Scenario = {
  name: 'register',
  title: 'Registering jobs',
  about:
    'Parse the labels, find the next fire time, arm; one job a container. Bytes are those of the schedule for each job, beside its definition; those of the peers are all that they keep. Peers take a cron text as it is, no labels; so many jobs as they arm in a few seconds.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    const jobs = short ? 1000 : 100_000;
    for (const [distinct, zone] of [
      [SECONDS_OF_DAY, undefined],
      [SECONDS_OF_DAY, 'Europe/Berlin'],
      [1000, undefined],
    ] as const) {
      const { ms, bytes } = register(jobs, distinct, zone);
      const name = `${jobs} jobs, ${distinct === 1000 ? '1,000' : 'all'} distinct texts, ${zone ?? 'UTC'}`;
      rows.push({ measure: name, value: ms, unit: 'ms', better: 'lower' });
      rows.push({ measure: `each, ${name}`, value: (ms * 1000) / jobs, unit: 'µs a job', better: 'lower' });
      rows.push({ measure: `memory, ${name}`, value: bytes, unit: 'B a job', better: 'lower' });
    }
    rows.push({
      measure: 'distinct label sets parsed (7 labels, 2 jobs)',
      value: parseRate(),
      unit: '/s',
      better: 'higher',
    });
    for (const [name, count] of Object.entries(PEERS))
      rows.push(...(await peerRows(name, short ? 20 : count)));
    return rows;
  },
};
export default scenario;
