/** One size of the scale simulation in a fresh process: `scale-child CONTAINERS JOBS_EACH`. Sends what it measured. */
import type { Container, Execution } from '../src/scheduling/events.ts';
import type { Schedule } from '../src/scheduling/schedule.ts';
import { containerOf, defaultLabelSettings, newSchedule } from './core.ts';
import { cpuMs } from './harness.ts';
import { firingsOfDay, herdOf, labelsOf, later, MIDNIGHT, passDay } from './scale-model.ts';

export interface ScaleResult {
  /** Times are CPU times. */
  readonly parseMs: number;
  readonly armMs: number;
  /** Heap bytes of containers and definitions; of the schedule beside them. */
  readonly definitionBytes: number;
  readonly scheduleBytes: number;
  /** The same list once more, as every few minutes. */
  readonly resyncMs: number;
  /** One container dies and starts among all the others, microseconds. */
  readonly restartUs: number;
  /** CPU milliseconds of a day. */
  readonly dayCpuMs: number;
  readonly dayFirings: number;
  /** Of the busiest second of the day. */
  readonly busiestMs: number;
  /** What the day left on the heap. */
  readonly grownBytes: number;
  /** From the instant until the dispatcher has all jobs. */
  readonly herdMs: number;
  /** The same herd through a pool of 256, to its last end; microseconds per job. */
  readonly pooledUs: number;
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** CPU milliseconds, of the garbage collector too: steadier than wall time on a machine that does other things. */
function timed(work: () => void): number {
  const before = cpuMs();
  work();
  return cpuMs() - before;
}

const settings = defaultLabelSettings();
const POOL_SIZE = 256;

function fill(schedule: Schedule, containers: readonly Container[], jobs: number): number {
  const ms = timed(() => schedule.apply({ kind: 'listed', containers }, MIDNIGHT));
  if (schedule.counts().jobs !== jobs) throw new Error(`${schedule.counts().jobs} of ${jobs} jobs are armed`);
  return ms;
}

/** Microseconds for one container to die and to start again. */
function restart(schedule: Schedule, containers: readonly Container[]): number {
  const rounds = 2000;
  const step = Math.max(1, Math.floor(containers.length / rounds));
  const ms = timed(() => {
    for (let round = 0; round < rounds; round += 1) {
      const container = containers[(round * step) % containers.length] as Container;
      schedule.apply({ kind: 'container gone', container: container.id }, MIDNIGHT);
      schedule.apply({ kind: 'container', container }, MIDNIGHT);
    }
  });
  return (ms * 1000) / rounds;
}

type Life = Omit<ScaleResult, 'herdMs' | 'pooledUs'>;

function life(containers: number, jobsEach: number): Life {
  const jobs = containers * jobsEach;
  const before = heapBytes();
  const list: Container[] = [];
  const parseMs = timed(() => {
    for (let index = 0; index < containers; index += 1)
      list.push(containerOf(index, labelsOf(index, jobsEach), settings));
  });
  const parsed = heapBytes();
  const schedule = newSchedule(POOL_SIZE, MIDNIGHT);
  const armMs = fill(schedule, list, jobs);
  const armed = heapBytes();
  const resyncMs = timed(() => schedule.apply({ kind: 'listed', containers: list }, MIDNIGHT));
  const restartUs = restart(schedule, list);
  const morning = heapBytes();
  const cpu = cpuMs();
  const day = passDay(schedule, MIDNIGHT);
  const dayCpuMs = cpuMs() - cpu;
  const grownBytes = heapBytes() - morning;
  const expected = firingsOfDay(jobs);
  if (day.started !== expected || day.missing > 0)
    throw new Error(`${day.started} of ${expected} firings in a day, ${day.missing} were told as not run`);
  return {
    parseMs,
    armMs,
    definitionBytes: parsed - before,
    scheduleBytes: armed - parsed,
    resyncMs,
    restartUs,
    dayCpuMs,
    dayFirings: day.started,
    busiestMs: day.busiestMs,
    grownBytes,
  };
}

/** Everything due at 03:00:00 handed out in one go, or through a pool. */
function herd(
  list: readonly Container[],
  jobs: number,
  poolSize: number,
): { atOnceMs: number; allMs: number } {
  const schedule = newSchedule(poolSize, MIDNIGHT);
  fill(schedule, list, jobs);
  const due = later(MIDNIGHT, 3 * 3_600_000);
  schedule.apply({ kind: 'tick' }, later(due, -1000));
  schedule.prepare(later(due, -2), 2);
  const begun = cpuMs();
  let commands = schedule.apply({ kind: 'tick' }, due);
  const atOnceMs = cpuMs() - begun;
  const waiting: Execution[] = [];
  let started = 0;
  for (;;) {
    for (const command of commands) if (command.kind === 'execute') waiting.push(command.execution);
    const execution = waiting[started];
    if (execution === undefined) break;
    started += 1;
    const outcome = { kind: 'exited', exitCode: 0 } as const;
    const now = later(due, started / 1000);
    commands = schedule.apply({ kind: 'ended', execution: execution.id, outcome, durationMs: 1 }, now);
  }
  if (started !== jobs) throw new Error(`${started} of ${jobs} jobs of a herd started`);
  return { atOnceMs, allMs: cpuMs() - begun };
}

function main(): void {
  const [containers = 0, jobsEach = 0] = process.argv.slice(2).map(Number);
  const jobs = containers * jobsEach;
  const result: ScaleResult = { ...life(containers, jobsEach), ...herds(containers, jobsEach, jobs) };
  process.send?.(result, () => process.exit(0));
}

function herds(containers: number, jobsEach: number, jobs: number): Pick<ScaleResult, 'herdMs' | 'pooledUs'> {
  const list = herdOf(containers, jobsEach, settings);
  const herdMs = herd(list, jobs, jobs).atOnceMs;
  return { herdMs, pooledUs: (herd(list, jobs, POOL_SIZE).allMs * 1000) / jobs };
}

main();
