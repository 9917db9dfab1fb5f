/**
 * A real engine and the whole program under random faults: `npm run chaos -- --minutes N --seed S [--log FILE]`.
 *
 * Jobs stamp their start, their life and their end into a file (`support/stamps.ts`). In the end the log must agree
 * with it: every fire time has exactly one record, nothing is told as successful that did not come to its end,
 * never are more executions of a job alive than its `max`, and the jobs that are armed are those of the engine's
 * list. The seed decides which faults come and how long they last; what else happens is up to the machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { call } from '../support/http.ts';
import { checkLedger } from '../support/log-ledger.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startProxy } from '../support/proxy.ts';
import { seededRandom, whole } from '../support/random.ts';
import { mostAtOnce, temporaryStamps } from '../support/stamps.ts';
import { eventually } from '../support/waiting.ts';
import { readOptions } from './options.ts';
import { differences, draw, heal, JOBS, type JobName, pause, populate, type World } from './world.ts';

/** After the last fault: for the backoff of up to 30 s, and a resync. */
const AGREEMENT_LIMIT_MS = 60_000;
const MEMORY_GROWTH_MB = 128;
const RESYNC_S = 10;

const options = readOptions();
const cleanUp: (() => unknown)[] = [];
/** The helpers of tests want to know where to leave their cleaning up. */
const t = { after: (work: () => unknown) => cleanUp.push(work) } as unknown as TestContext;

/** Measurements of the event loop's delay, and how many were above 50 and 250 ms; suspensions of ours included. */
interface LoopDelays {
  readonly all: number;
  readonly over50: number;
  readonly over250: number;
}

/** What went on, for the summary. */
const faults = new Map<string, number>();
let loop: LoopDelays = { all: 0, over50: 0, over250: 0 };
const memory: number[] = [];

async function main(): Promise<void> {
  const world = await start();
  const began = performance.now();
  const end = began + options.minutes * 60_000;
  await pause(5_000);
  memory.push(residentMb(world.program));
  for (let count = 1; performance.now() < end; count += 1) {
    const fault = draw(world.random);
    await fault.strike(world);
    faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1);
    if (world.program.process.exitCode !== null) break;
    await sample(world.program);
    if (count % 20 === 0) progress(world, count, end - performance.now());
    await pause(100 + whole(world.random, 1500));
  }
  await judge(world);
}

async function start(): Promise<World> {
  const daemonArgs: string[] = ['--live-restore'];
  const daemon = await startDaemon({ args: daemonArgs });
  cleanUp.push(() => daemon.destroy());
  const stamps = temporaryStamps(t);
  const proxy = await startProxy(t, daemon.socketPath);
  const env = { RESYNC_INTERVAL: `${RESYNC_S}s`, STOP_TIMEOUT: '60s', JOB_POOL_SIZE: '40' };
  const program = await startProgram(t, proxy.host, { env });
  const world = { daemon, proxy, stamps, program, daemonArgs, random: seededRandom(options.seed) };
  await populate(world);
  return world;
}

function residentMb({ process: { pid } }: Program): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** The first reading of the metrics begins the measurement of the event loop. */
async function sample(program: Program): Promise<void> {
  const { body } = await call(program.controlSocket, 'GET', '/metrics');
  loop = loopDelays(body);
  memory.push(residentMb(program));
}

function loopDelays(metrics: string): LoopDelays {
  const count = (end: string): number =>
    Number(new RegExp(`event_loop_delay_seconds_${end} (\\d+)`).exec(metrics)?.[1]);
  const all = count('count');
  const above = (bound: string): number => all - count(`bucket\\{le="${bound}"\\}`);
  return { all, over50: above('0\\.05'), over250: above('0\\.25') };
}

function progress({ program }: World, count: number, leftMs: number): void {
  const ended = program.find('execution_ended').length;
  console.log(
    `${count} faults, ${ended} executions ended, ${Math.max(0, Math.round(leftMs / 1000))} s to go, ${Math.round(memory.at(-1) ?? 0)} MiB`,
  );
}

async function judge(world: World): Promise<void> {
  const { program, stamps } = world;
  const wedged = await heal(world);
  if (wedged.length > 0) console.log(`the engine answers nothing about ${wedged.join(', ')}: left out`);
  const healed = performance.now();
  const wrong: string[] = [];
  let differ: string[] = [];
  await eventually(async () => {
    differ = await differences(world, wedged);
    return differ.length === 0;
  }, AGREEMENT_LIMIT_MS).catch(() => wrong.push(...differ.map((each) => `registry: ${each}`)));
  const agreedMs = performance.now() - healed;
  await pause(3_000);
  const until = Date.now() - 2_000;
  const status = await program.stop();
  if (options.log !== undefined)
    writeFileSync(options.log, program.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (status !== 0 && status !== 2) wrong.push(`chorewheel ended with status ${status}`);
  wrong.push(...program.find('bug').map(({ message }) => message));
  const ledger = checkLedger(program.lines, (job) => (job in JOBS ? JOBS[job as JobName].period : 4), until);
  for (const kind of ['lost', 'doubled', 'open'] as const)
    wrong.push(...ledger[kind].map((each) => `${kind}: ${each}`));
  wrong.push(...untrue(program, stamps.read()), ...beyondMax(program, stamps.read()));
  const growth = Math.max(...memory) - (memory[0] ?? 0);
  if (growth > MEMORY_GROWTH_MB) wrong.push(`memory grew by ${growth.toFixed(0)} MiB`);
  summary(world, ledger.fireTimes, agreedMs, growth, wrong);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

/** What is told of an execution, against what it stamped itself. */
function untrue(program: Program, stamped: ReturnType<World['stamps']['read']>): string[] {
  const known = new Map(stamped.map((each) => [each.execution, each]));
  const found: string[] = [];
  for (const { execution = '', job = '', outcome, exit_code: code } of program.find('execution_ended')) {
    if (!(job in JOBS) || outcome !== 'exited') continue;
    const stamp = known.get(execution);
    const expected = JOBS[job as JobName].exitCode;
    if (code === 0 && (expected !== 0 || stamp?.ended !== true))
      found.push(`false success: ${job} ${execution}`);
    // A kill is the only other way to end that these jobs know.
    if (code !== expected && code !== 137 && code !== 143)
      found.push(`false code ${code}: ${job} ${execution}`);
  }
  return found;
}

function beyondMax(program: Program, stamped: ReturnType<World['stamps']['read']>): string[] {
  const jobOf = new Map(
    program.find('execution_started').map((line) => [line.execution ?? '', line.job_id ?? '']),
  );
  const groups = new Map<string, (typeof stamped)[number][]>();
  for (const each of stamped) {
    const job = jobOf.get(each.execution) ?? `unknown to the log: ${each.execution}`;
    groups.set(job, [...(groups.get(job) ?? []), each]);
  }
  return [...groups].flatMap(([job, members]) => {
    const most = mostAtOnce(members);
    const { max } = JOBS[(members[0] as (typeof stamped)[number]).job as JobName];
    return most > max ? [`${job}: ${most} at once, more than ${max}`] : [];
  });
}

function summary(
  { program }: World,
  fireTimes: number,
  agreedMs: number,
  growth: number,
  wrong: readonly string[],
): void {
  const outcomes = new Map<string, number>();
  for (const { outcome, exit_code: code } of program.find('execution_ended')) {
    const key = outcome === 'exited' ? `exit code ${code}` : String(outcome);
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
  }
  const told = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
  console.log(`seed ${options.seed}, ${options.minutes} minutes`);
  console.log(`faults: ${[...faults.values()].reduce((sum, count) => sum + count, 0)} (${told(faults)})`);
  console.log(`executions: ${told(outcomes)}`);
  console.log(`fire times looked at: ${fireTimes}`);
  console.log(`registry as the engine's list ${agreedMs.toFixed(0)} ms after the last repair`);
  console.log(
    `event loop: ${loop.over50} of ${loop.all} delays over 50 ms, ${loop.over250} over 250 ms (suspensions included)`,
  );
  console.log(
    `resident memory: ${memory[0]?.toFixed(0)} MiB at first, grew by at most ${growth.toFixed(0)} MiB`,
  );
  for (const each of wrong.slice(0, 50)) console.log(`WRONG ${each}`);
  console.log(wrong.length === 0 ? 'all is well' : `${wrong.length} things are wrong`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void leave().then(() => process.exit(130)));

async function leave(): Promise<void> {
  for (const work of cleanUp.splice(0).reverse()) await work();
}

try {
  console.log(`chaos: ${options.minutes} minutes with seed ${options.seed}`);
  await main();
} finally {
  await leave();
}
