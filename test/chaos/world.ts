/** The engine, its containers and their jobs for a chaos run, and the harm that can be done to them. */
import type { Daemon } from '../support/daemon.ts';
import { engineOn, type RunningContainer, type RunOptions } from '../support/engine.ts';
import { call, type Listed } from '../support/http.ts';
import type { Program } from '../support/program.ts';
import type { Proxy as EngineProxy } from '../support/proxy.ts';
import { pick, type Random, whole } from '../support/random.ts';
import { type Stamps, stampingCommand } from '../support/stamps.ts';

/** The jobs of each container. Every one stamps but `quick`. */
export const JOBS = {
  /** Always on the brink of overlapping itself. */
  tight: { seconds: 1, period: 1, max: 1, exitCode: 0 },
  /** Two at once, most of the time. */
  pair: { seconds: 5, period: 3, max: 2, exitCode: 0 },
  fail: { seconds: 0.5, period: 5, max: 1, exitCode: 7 },
  /** Ignores TERM and is killed by its timeout. */
  stubborn: { seconds: 60, period: 15, max: 1, exitCode: 0 },
} as const;
export type JobName = keyof typeof JOBS;

const TIMEOUT = { 'stubborn.timeout': '2s' };
/** Names of containers; the first two are members of one service. */
const NAMES = ['web-1', 'web-2', 'alone', 'other'] as const;

export interface World {
  readonly daemon: Daemon;
  readonly proxy: EngineProxy;
  readonly stamps: Stamps;
  readonly program: Program;
  /** Of dockerd, changed in place: what counts at its next start. */
  readonly daemonArgs: string[];
  readonly random: Random;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function labelsOf(program: Program): Record<string, string> {
  const attributes: Record<string, string> = {
    ...TIMEOUT,
    'quick.command': 'echo here',
    'quick.cron': '*/4',
  };
  for (const [name, { seconds, period, max, exitCode }] of Object.entries(JOBS)) {
    const trap = name === 'stubborn' ? 'trap "" TERM;' : '';
    attributes[`${name}.command`] = stampingCommand(name, seconds, exitCode, trap);
    attributes[`${name}.cron`] = period === 1 ? '*' : `*/${period}`;
    attributes[`${name}.max`] = String(max);
  }
  return program.labels(attributes);
}

export async function populate(world: World): Promise<void> {
  for (const name of NAMES) await create(world, name);
}

async function create({ daemon, program, stamps }: World, name: string): Promise<RunningContainer> {
  const service = { 'com.docker.compose.project': 'chaos', 'com.docker.compose.service': 'web' };
  const options: RunOptions = {
    name,
    labels: { ...labelsOf(program), ...(name.startsWith('web') ? service : {}) },
    host: { ...stamps.host, RestartPolicy: { Name: 'always' } },
  };
  return engineOn(daemon.socketPath, daemon.folder).run({ after: () => undefined }, options);
}

const SILENT = { status: 0, body: '', json: undefined } as const;
/** The engine may be wedged about a container for good, when a pause met an exec that was about to begin. */
const ANSWER_MS = 10_000;

interface Told {
  readonly status: number;
  readonly json: unknown;
}

/** Status 0: no answer in time. */
function ask(world: World, method: string, path: string): Promise<Told> {
  const answer: Promise<Told> = call<unknown>(world.daemon.socketPath, method, path).catch(() => SILENT);
  return Promise.race([answer, pause(ANSWER_MS).then(() => SILENT)]);
}

/** One fault: what it is called, and how it is done and undone. A refusal of the engine is part of the game. */
export interface Fault {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  readonly strike: (world: World) => Promise<void>;
}

const verb =
  (what: string) =>
  async (world: World): Promise<void> => {
    await ask(world, 'POST', `/containers/${pick(world.random, NAMES)}/${what}`);
  };

export const FAULTS: readonly Fault[] = [
  { name: 'connections cut', weight: 12, strike: async ({ proxy }) => proxy.sever() },
  {
    name: 'engine out of reach',
    weight: 4,
    async strike({ proxy, random }) {
      proxy.refuses = true;
      proxy.sever();
      await pause(200 + whole(random, 3000));
      proxy.refuses = false;
    },
  },
  { name: 'container killed', weight: 6, strike: verb('kill') },
  { name: 'container restarted', weight: 4, strike: verb('restart?t=0') },
  { name: 'container paused', weight: 8, strike: verb('pause') },
  { name: 'container unpaused', weight: 10, strike: verb('unpause') },
  { name: 'container started', weight: 8, strike: verb('start') },
  {
    name: 'container replaced',
    weight: 6,
    async strike(world) {
      const name = pick(world.random, NAMES);
      await ask(world, 'DELETE', `/containers/${name}?force=1`);
      await Promise.race([create(world, name).catch(() => undefined), pause(ANSWER_MS)]);
    },
  },
  {
    name: 'engine frozen',
    weight: 4,
    async strike({ daemon, random }) {
      daemon.signal('SIGSTOP');
      await pause(200 + whole(random, 4000));
      daemon.signal('SIGCONT');
    },
  },
  {
    name: 'chorewheel suspended',
    weight: 3,
    async strike({ program, random }) {
      program.process.kill('SIGSTOP');
      await pause(100 + whole(random, 2500));
      program.process.kill('SIGCONT');
    },
  },
  { name: 'engine killed and started', weight: 2, strike: (world) => restart(world, 'SIGKILL') },
  { name: 'engine stopped and started', weight: 1, strike: (world) => restart(world, 'SIGTERM') },
];

/** With live-restore or without it, by chance. */
async function restart({ daemon, daemonArgs, random }: World, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await daemon.stop(signal);
  await pause(whole(random, 2000));
  daemonArgs.length = 0;
  if (random() < 0.5) daemonArgs.push('--live-restore');
  await daemon.start();
}

export function draw(random: Random): Fault {
  let at = random() * FAULTS.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of FAULTS) {
    at -= fault.weight;
    if (at < 0) return fault;
  }
  return FAULTS[0] as Fault;
}

/** Everything runs again, but for containers about which the engine gives no answer: their names. */
export async function heal(world: World): Promise<string[]> {
  const wedged: string[] = [];
  for (const name of NAMES) {
    const known = await ask(world, 'GET', `/containers/${name}/json`);
    if (known.status === 0) {
      wedged.push(name);
      continue;
    }
    if (known.status === 404) await create(world, name);
    await ask(world, 'POST', `/containers/${name}/unpause`);
    await ask(world, 'POST', `/containers/${name}/start`);
  }
  return wedged;
}

/** The service, or the container itself. */
function ownerOf(name: string): string {
  return name.startsWith('web') ? 'web' : name;
}

interface Jobs {
  readonly jobs: readonly { readonly name: string; readonly containerName: string; readonly state: string }[];
}

/** What differs between the jobs that are armed and those that should be by the engine's list; nothing if all is well. */
export async function differences(world: World, wedged: readonly string[]): Promise<string[]> {
  const left = new Set(wedged.map(ownerOf));
  const list = (await ask(world, 'GET', '/containers/json')).json as readonly Listed[];
  const { jobs } = (await call<Jobs>(world.program.controlSocket, 'GET', '/api/jobs?limit=1000')).json;
  const running = list.map(({ Names }) => (Names[0] ?? '').slice(1));
  const armed = new Map<string, number>();
  for (const { name, containerName, state } of jobs) {
    const owner = ownerOf(containerName);
    if (left.has(owner)) continue;
    if (!running.includes(containerName) || state !== 'armed')
      return [`${name} in ${containerName} is ${state}`];
    armed.set(`${name} in ${owner}`, (armed.get(`${name} in ${owner}`) ?? 0) + 1);
  }
  const found: string[] = [];
  for (const owner of new Set(running.map(ownerOf)))
    for (const job of left.has(owner) ? [] : [...Object.keys(JOBS), 'quick']) {
      const count = armed.get(`${job} in ${owner}`) ?? 0;
      if (count !== 1) found.push(`${job} in ${owner}: ${count} times`);
      armed.delete(`${job} in ${owner}`);
    }
  return [...found, ...[...armed.keys()].map((key) => `${key} should not be`)];
}
