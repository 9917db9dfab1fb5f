/** The schedulers that a herd is let loose on: each arms `count` jobs for one instant. */

import { CronJob } from 'cron';
import { Cron } from 'croner';
import { schedule as scheduleNodeCron } from 'node-cron';
import { Task, CronJob as ToadJob, ToadScheduler } from 'toad-scheduler';
import { containerOf, daemonThatCalls, defaultLabelSettings } from './core.ts';

/** Arms `count` jobs that each call `fire` once at `due` (a whole second, epoch ms); gives what ends them. */
export type Subject = (count: number, due: number, fire: () => void) => Promise<() => void> | (() => void);

/** Second, minute, hour … as the cron libraries read it, in UTC. */
function cronOf(due: number): string {
  const moment = new Date(due);
  return `${moment.getUTCSeconds()} ${moment.getUTCMinutes()} ${moment.getUTCHours()} * * *`;
}

/** Runs `then` at the instant: a timer a little early, the rest waited out. The way to wake on time. */
function at(due: number, then: () => void): void {
  const wait = (): void => {
    if (Date.now() >= due) then();
    else setImmediate(wait);
  };
  setTimeout(wait, Math.max(0, due - Date.now() - 2));
}

/** The floor: nothing but the calls. */
const direct: Subject = (count, due, fire) => {
  const jobs = Array.from({ length: count }, () => () => fire());
  at(due, () => {
    for (const job of jobs) job();
  });
  return () => {};
};

const timers: Subject = (count, due, fire) => {
  const handles = Array.from({ length: count }, () => setTimeout(() => fire(), due - Date.now()));
  return () => handles.forEach(clearTimeout);
};

const croner: Subject = (count, due, fire) => {
  const jobs = Array.from({ length: count }, () => new Cron(cronOf(due), { timezone: 'UTC' }, () => fire()));
  return () => {
    for (const job of jobs) job.stop();
  };
};

const nodeCron: Subject = (count, due, fire) => {
  const jobs = Array.from({ length: count }, () =>
    scheduleNodeCron(cronOf(due), () => fire(), { timezone: 'UTC' }),
  );
  return () => {
    for (const job of jobs) void job.destroy();
  };
};

const cron: Subject = (count, due, fire) => {
  const jobs = Array.from({ length: count }, () => new CronJob(cronOf(due), () => fire(), null, true, 'UTC'));
  return () => {
    for (const job of jobs) void job.stop();
  };
};

/** It comes without types. */
interface NodeSchedule {
  scheduleJob(spec: { rule: string; tz: string }, job: () => void): { cancel(): void };
}

const nodeSchedule: Subject = async (count, due, fire) => {
  const name = 'node-schedule';
  const { default: library } = (await import(name)) as { default: NodeSchedule };
  const jobs = Array.from({ length: count }, () =>
    library.scheduleJob({ rule: cronOf(due), tz: 'Etc/UTC' }, () => fire()),
  );
  return () => {
    for (const job of jobs) job.cancel();
  };
};

const toad: Subject = (count, due, fire) => {
  const scheduler = new ToadScheduler();
  for (let index = 0; index < count; index += 1)
    scheduler.addCronJob(
      new ToadJob({ cronExpression: cronOf(due), timezone: 'UTC' }, new Task(String(index), () => fire())),
    );
  return () => scheduler.stop();
};

/** The whole dispatcher: labels, schedule, history; only the worker is a call. */
const chorewheel: Subject = async (count, due, fire) => {
  const settings = defaultLabelSettings();
  const moment = new Date(due);
  const cron = `${moment.getUTCHours()} ${moment.getUTCMinutes()} ${moment.getUTCSeconds()}`;
  const containers = Array.from({ length: count }, (_, index) =>
    containerOf(index, { 'deck-chores.herd.command': 'true', 'deck-chores.herd.cron': cron }, settings),
  );
  const daemon = await daemonThatCalls(containers, fire);
  return () => void daemon.stop();
};

export interface SubjectFacts {
  readonly subject: Subject;
  /** Rough milliseconds to arm one job, so that the instant is far enough away. */
  readonly armingMs: number;
  /** Larger herds take it minutes or gigabytes. */
  readonly limit: number;
}

export const SUBJECTS: Readonly<Record<string, SubjectFacts>> = {
  chorewheel: { subject: chorewheel, armingMs: 0.05, limit: 1_000_000 },
  direct: { subject: direct, armingMs: 0.001, limit: 1_000_000 },
  setTimeout: { subject: timers, armingMs: 0.01, limit: 1_000_000 },
  croner: { subject: croner, armingMs: 0.4, limit: 10_000 },
  'toad-scheduler': { subject: toad, armingMs: 0.6, limit: 10_000 },
  'node-cron': { subject: nodeCron, armingMs: 0.4, limit: 10_000 },
  cron: { subject: cron, armingMs: 2, limit: 1000 },
  'node-schedule': { subject: nodeSchedule, armingMs: 2, limit: 1000 },
};
