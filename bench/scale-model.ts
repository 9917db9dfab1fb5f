/**
 * A host far larger than this machine, on the pure core: its containers, and a day of its life in virtual time.
 *
 * Of 1,000 jobs one is due each minute, 100 each hour, 100 every 20 to 24 hours by interval, the others daily by cron at
 * any second of the day. Each has a command of its own; every second container belongs to a service.
 */
import type { LabelSettings } from '../src/configuration.ts';
import type { ExecutionId, MonoMs, Now, WallMs } from '../src/ids.ts';
import { assertNever } from '../src/ids.ts';
import type { Container } from '../src/scheduling/events.ts';
import type { Schedule } from '../src/scheduling/schedule.ts';
import { containerOf } from './core.ts';
import { cpuMs } from './harness.ts';

export const DAY_MS = 86_400_000;
/** Midnight; jobs armed then have the whole day before them. */
export const MIDNIGHT: Now = { wall: Date.UTC(2026, 0, 5) as WallMs, mono: 1_000_000 as MonoMs };

type Kind = 'minute' | 'hour' | 'interval' | 'day';

function kindOf(job: number): Kind {
  if (job % 1000 === 500) return 'minute';
  if (job % 10 === 1) return 'hour';
  return job % 10 === 2 ? 'interval' : 'day';
}

function triggerOf(job: number): readonly [attribute: string, text: string] {
  const second = (job * 7919) % 86_400;
  const minuteAndSecond = `${Math.floor(second / 60) % 60} ${second % 60}`;
  const kind = kindOf(job);
  switch (kind) {
    case 'minute':
      return ['cron', `* * ${Math.floor(job / 1000) % 60}`];
    case 'hour':
      return ['cron', `* ${minuteAndSecond}`];
    case 'interval':
      return ['interval', `${72_000 + (job % 14_400)}s`];
    case 'day':
      return ['cron', `${Math.floor(second / 3600)} ${minuteAndSecond}`];
    default:
      return assertNever(kind);
  }
}

/** How often the jobs are due in a day, by their numbers alone. */
export function firingsOfDay(jobs: number): number {
  const times: Readonly<Record<Kind, number>> = { minute: 1440, hour: 24, interval: 1, day: 1 };
  let sum = 0;
  for (let job = 0; job < jobs; job += 1) sum += times[kindOf(job)];
  return sum;
}

export function labelsOf(container: number, jobsEach: number): Record<string, string> {
  const labels: Record<string, string> = {};
  if (container % 2 === 0) {
    labels['com.docker.compose.project'] = 'shop';
    labels['com.docker.compose.service'] = `service-${container}`;
  }
  for (let job = container * jobsEach; job < (container + 1) * jobsEach; job += 1) {
    const [attribute, text] = triggerOf(job);
    labels[`deck-chores.job-${job}.command`] = `backup --number ${job}`;
    labels[`deck-chores.job-${job}.${attribute}`] = text;
  }
  return labels;
}

/** All due on one second, three hours after midnight. */
export function herdOf(containers: number, jobsEach: number, settings: LabelSettings): Container[] {
  return Array.from({ length: containers }, (_, container) => {
    const labels: Record<string, string> = {};
    for (let job = 0; job < jobsEach; job += 1) {
      labels[`deck-chores.job-${job}.command`] = 'true';
      labels[`deck-chores.job-${job}.cron`] = '3 0 0';
    }
    return containerOf(container, labels, settings);
  });
}

export function later(moment: Now, ms: number): Now {
  return { wall: (moment.wall + ms) as WallMs, mono: (moment.mono + ms) as MonoMs };
}

export interface Day {
  readonly started: number;
  /** Fire times that did not run. */
  readonly missing: number;
  /** CPU milliseconds of the busiest second. */
  readonly busiestMs: number;
}

const COMMAND_MS = 100;

/** Carries the schedule through a day as the daemon does, each command lasting 100 ms. */
export function passDay(schedule: Schedule, start: Now): Day {
  const end = start.mono + DAY_MS;
  const ends: { at: number; execution: ExecutionId }[] = [];
  let head = 0;
  const day = { started: 0, missing: 0, busiestMs: 0 };
  let second = 0;
  let cpuAtSecond = cpuMs();
  const lookAtSecond = (now: Now): void => {
    if (Math.floor(now.wall / 1000) === second) return;
    second = Math.floor(now.wall / 1000);
    const cpu = cpuMs();
    day.busiestMs = Math.max(day.busiestMs, cpu - cpuAtSecond);
    cpuAtSecond = cpu;
  };
  const apply = (event: Parameters<Schedule['apply']>[0], now: Now): void => {
    for (const command of schedule.apply(event, now)) {
      if (command.kind === 'execute') {
        day.started += 1;
        ends.push({ at: now.mono + COMMAND_MS, execution: command.execution.id });
      } else if (command.kind === 'report') {
        if (command.report.kind === 'skipped' || command.report.kind === 'misfired') day.missing += 1;
      }
    }
  };
  for (let now = start; now.mono < end; ) {
    const wake = now.mono + (schedule.nextWake(now)?.inMs ?? DAY_MS);
    const endsAt = ends[head]?.at ?? Number.POSITIVE_INFINITY;
    now = later(start, Math.min(wake, endsAt, end) - start.mono);
    lookAtSecond(now);
    if (wake <= now.mono) apply({ kind: 'tick' }, now);
    for (let due = ends[head]; due !== undefined && due.at <= now.mono; due = ends[head]) {
      head += 1;
      const outcome = { kind: 'exited', exitCode: 0 } as const;
      apply({ kind: 'ended', execution: due.execution, outcome, durationMs: COMMAND_MS }, now);
    }
    if (head > 100_000) {
      ends.splice(0, head);
      head = 0;
    }
  }
  return day;
}
