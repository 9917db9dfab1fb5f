/**
 * A busy run to be killed: a simulated engine whose jobs fire each second, the program on it with a state folder, and
 * kills at moments that a seed chooses: a while after the start (in the middle of catching up, too) or right behind a
 * request that creates or starts an exec. Between two lives the folder's files may be torn.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fetchJson } from '../../bench/harness.ts';
import type { StatisticsAnswer } from '../../src/api/types.ts';
import { type TestFleet, testFleet } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Random, whole } from '../support/random.ts';
import { readState } from './state.ts';

const NAMESPACE = 'crash';
const CONTAINERS = 4;
const POOL = 12;

/** Of each container. `grid` is every 2 s from its registration on, the others on each whole second. */
const JOBS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  once: { cron: '* * *', 'catch-up': 'once', command: 'sleep 0.05' },
  all: { cron: '* * *', 'catch-up': 'all', max: '2', command: 'true' },
  slow: { cron: '* * *', 'catch-up': 'once', command: 'sleep 2.2' },
  grid: { interval: '2s', 'catch-up': 'once', command: 'echo grid' },
  plain: { cron: '* * *', command: 'echo plain' },
};

/** Most executions of a job at once, where it is not 1. */
export const MAX: Readonly<Record<string, number>> = { all: 2 };

export interface Busy {
  readonly fleet: TestFleet;
  readonly folder: string;
  /** Lives one life and ends it by SIGKILL. */
  liveAndDie(): Promise<void>;
  /** The last life: until every job has ended twice, then an orderly stop; its exit status. */
  liveAndStop(): Promise<number | null>;
  /** Rows that were in the database after some kill. */
  readonly safe: ReadonlySet<string>;
  /** What no life may tell: warnings of the history, bugs. */
  readonly complaints: readonly string[];
  /** Executions that each life found unfinished. */
  readonly found: readonly number[];
}

export async function startBusy(
  t: Pick<TestContext, 'after'>,
  folder: string,
  random: Random,
): Promise<Busy> {
  const fleet = await testFleet(t);
  // Answers that take their time make the moments longer that are worth a kill.
  const delay = (match: string, ms: number, probability: number) =>
    ({ match, effect: { kind: 'delay', ms }, probability }) as const;
  fleet.faults.set({
    rules: [delay('POST /containers/.*/exec', 40, 0.3), delay('POST /exec/.*/start', 25, 0.3)],
  });
  for (let index = 0; index < CONTAINERS; index += 1) fleet.add({ name: `c${index}`, labels: labels(index) });
  const safe = new Set<string>();
  const complaints: string[] = [];
  const found: number[] = [];

  async function life(use: (program: Program) => Promise<void>): Promise<Program> {
    const cleanups: (() => unknown)[] = [];
    const t = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
    const env = { STATE_DIR: folder, JOB_POOL_SIZE: String(POOL), STOP_TIMEOUT: '30s' };
    const program = await startProgram(t, `unix://${fleet.socketPath}`, {
      namespace: NAMESPACE,
      ready: false,
      env,
    });
    try {
      await use(program);
    } finally {
      for (const cleanup of cleanups.reverse()) await cleanup();
    }
    for (const { level, source, message } of program.lines)
      if (level === 'CRITICAL' || source === 'history' || /bug/.test(message)) complaints.push(message);
    return program;
  }

  return {
    fleet,
    folder,
    safe,
    complaints,
    found,
    async liveAndDie() {
      let counted: StatisticsAnswer['jobs'] = [];
      await life(async (program) => {
        await moment(fleet, program, random);
        if (random() < 0.3) counted = await acknowledged(program);
        if (random() < 0.3) await requestOf(fleet, program, whole(random, 6));
        program.process.kill('SIGKILL');
        await program.ended();
      });
      const state = readState(folder);
      found.push(state.running.length);
      for (const { id } of [...state.rows, ...state.running]) if (id !== null) safe.add(id);
      for (const { job, executions } of counted) {
        const kept = state.statistics.get(job) ?? 0;
        if (kept < executions) complaints.push(`${job}: ${executions} were acknowledged, ${kept} are there`);
      }
      tear(folder, random);
    },
    async liveAndStop() {
      let status: number | null = null;
      await life(async (program) => {
        await program.record('ready');
        for (let index = 0; index < CONTAINERS; index += 1)
          for (const name of Object.keys(JOBS))
            await program.records(
              'execution_ended',
              2,
              (line) => line.job === name && line.container === `c${index}`,
            );
        status = await program.stop();
      });
      return status;
    },
  };
}

function labels(index: number): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, attributes] of Object.entries(JOBS))
    for (const [attribute, value] of Object.entries(attributes))
      own[`${NAMESPACE}.${name}.${attribute}`] = value;
  if (index % 2 === 0) {
    own['com.docker.compose.project'] = 'shop';
    own['com.docker.compose.service'] = `s${index}`;
  }
  return own;
}

/** A moment of the run: some time, or the n-th request about an exec since the start. */
async function moment(fleet: TestFleet, program: Program, random: Random): Promise<void> {
  const mode = random();
  if (mode < 0.2) return pause(whole(random, 1_500));
  await program.record('ready');
  if (mode < 0.5) return pause(whole(random, 1_500));
  return requestOf(fleet, program, whole(random, 60));
}

/** Until so many more execs were created or started, and a moment more. */
async function requestOf(fleet: TestFleet, program: Program, count: number): Promise<void> {
  const until = execRequests(fleet) + count;
  let over = false;
  void program.ended().then(() => {
    over = true;
  });
  await fleet.until(() => over || execRequests(fleet) >= until, 60_000);
}

function execRequests(fleet: TestFleet): number {
  const { requests } = fleet.stats;
  return (requests.get('POST /containers/:id/exec') ?? 0) + (requests.get('POST /exec/:id/start') ?? 0);
}

/** The API answers this only when all that ran so far is safe. */
async function acknowledged(program: Program): Promise<StatisticsAnswer['jobs']> {
  if (!existsSync(program.controlSocket)) return [];
  const answer = fetchJson<StatisticsAnswer>(program.controlSocket, 'GET', '/api/statistics');
  return (await answer.catch(() => ({ jobs: [] }))).jobs;
}

/** What a loss of power can leave: a frame of the log half written, and a torn file of the lock's holder. */
function tear(folder: string, random: Random): void {
  if (random() < 0.3)
    appendFileSync(join(folder, 'history.db-wal'), Buffer.alloc(whole(random, 5_000), 'torn'));
  if (random() < 0.3) writeFileSync(join(folder, 'instance.json'), '{"pid":1,"ho');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
