/**
 * Registers daily jobs at different seconds with a scheduler of npm, in a fresh process: `register-child NAME COUNT`.
 * Sends what it cost.
 */
import { CronJob } from 'cron';
import { Cron } from 'croner';
import { schedule as scheduleNodeCron } from 'node-cron';
import { Task, CronJob as ToadJob, ToadScheduler } from 'toad-scheduler';

export interface RegisterResult {
  readonly ms: number;
  /** Heap bytes for each job. */
  readonly bytes: number;
}

type Arm = (cron: string, index: number) => unknown;

const nothing = (): void => {};

/** A way to arm one job, and what is kept of it. Each is made with the default options but for the zone. */
const PEERS: Readonly<Record<string, () => Promise<Arm> | Arm>> = {
  setTimeout: () => (_, index) => setTimeout(nothing, 3_600_000 + secondOf(index) * 1000),
  croner: () => (cron) => new Cron(cron, { timezone: 'UTC' }, nothing),
  'toad-scheduler': () => {
    const scheduler = new ToadScheduler();
    return (cronExpression, index) =>
      scheduler.addCronJob(
        new ToadJob({ cronExpression, timezone: 'UTC' }, new Task(String(index), nothing)),
      );
  },
  'node-cron': () => (cron) => scheduleNodeCron(cron, nothing, { timezone: 'UTC' }),
  cron: () => (cron) => new CronJob(cron, nothing, null, true, 'UTC'),
  'node-schedule': async () => {
    // It comes without types.
    const name = 'node-schedule';
    const { default: library } = (await import(name)) as {
      default: { scheduleJob(...of: unknown[]): unknown };
    };
    return (rule) => library.scheduleJob({ rule, tz: 'Etc/UTC' }, nothing);
  },
};

function secondOf(index: number): number {
  return (index * 7919) % 86_400;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function measure(name: string, count: number): Promise<RegisterResult> {
  const arm = await PEERS[name]?.();
  if (arm === undefined) throw new Error(`no such scheduler: ${name}`);
  const kept: unknown[] = [];
  const before = heapBytes();
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    const second = secondOf(index);
    kept.push(
      arm(`${second % 60} ${Math.floor(second / 60) % 60} ${Math.floor(second / 3600)} * * *`, index),
    );
  }
  const ms = performance.now() - startedAt;
  const bytes = (heapBytes() - before) / kept.length;
  return { ms, bytes };
}

const [name = '', count = '0'] = process.argv.slice(2);
process.send?.(await measure(name, Number(count)), () => process.exit(0));
