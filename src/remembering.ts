/** Between schedule and history: what is kept of a fire time that did not run, and what an earlier process left. */
import type { LeftBehind } from './daemon.ts';
import type { History, NotRun, UnfinishedExecution } from './history/history.ts';
import type { ContainerId, ServiceId, WallMs } from './ids.ts';
import type { JobDefinition } from './labels/definition.ts';
import type { FireTimeRange, JobSubject, Report } from './scheduling/reports.ts';
import { counted, isoTime } from './words.ts';

/** The row of the history that a report makes; undefined where it makes none, or an execution's own row tells it. */
export function notRun(report: Report): NotRun | undefined {
  switch (report.kind) {
    case 'skipped':
      return row(report.subject, report.fireTime, 'skipped', report.reason + rangeWords(report.range));
    case 'misfired':
      return {
        ...row(report.subject, report.fireTime, 'misfired', 'later than its grace'),
        latenessMs: report.latenessMs,
      };
    case 'missed':
      return report.count > report.running
        ? row(report.subject, report.from, 'missed', missedWords(report))
        : undefined;
    case 'abandoned':
      return report.execution === undefined
        ? row(report.subject, report.fireTime, 'abandoned', report.reason)
        : undefined;
    default:
      return undefined;
  }
}

/** Nothing for a single fire time, which its row names itself. */
function rangeWords(range: FireTimeRange | undefined): string {
  return range === undefined ? '' : `: ${fireTimes(range)} until ${isoTime(range.until)}`;
}

function missedWords(missed: Extract<Report, { readonly kind: 'missed' }>): string {
  const { running, to } = missed;
  const rest = running === 0 ? '' : `; ${running} of them ${running === 1 ? 'runs' : 'run'} now`;
  return `${fireTimes(missed)} until ${isoTime(to)} passed while nothing could run them${rest}`;
}

function fireTimes({ count, exact }: { readonly count: number; readonly exact: boolean }): string {
  return `${exact ? '' : 'at least '}${counted(count, 'fire time')}`;
}

function row(subject: JobSubject, fireTime: WallMs, outcome: NotRun['outcome'], reason: string): NotRun {
  const { job, jobName, container, containerName, service } = subject;
  return { job, jobName, container, containerName, service, fireTime, outcome, reason };
}

/** Executions whose end an earlier process did not record, as the schedule and the workers know executions. */
export function leftBehind(history: History, now: WallMs): readonly LeftBehind[] {
  return history.recovered.unfinished.map((unfinished) => ({
    execution: {
      id: unfinished.execution,
      job: unfinished.job,
      definition: definitionOf(unfinished, now),
      container: unfinished.container as ContainerId,
      containerName: unfinished.containerName,
      service: unfinished.service as ServiceId | undefined,
      fireTime: unfinished.fireTime,
      latenessMs: Math.max(0, Math.min(now, unfinished.startedAt) - unfinished.fireTime),
      startedAt: unfinished.startedAt,
      cause: 'schedule',
    },
    exec: unfinished.exec,
  }));
}

/** Enough of a definition to follow an execution and to tell of it. One that catches up may start its exec still. */
function definitionOf(unfinished: UnfinishedExecution, now: WallMs): JobDefinition {
  const never = { kind: 'date', text: 'adopted', timezone: 'UTC', at: 0, next: () => undefined } as const;
  return {
    name: unfinished.jobName,
    command: '',
    words: [],
    trigger: never,
    jitterMs: 0,
    max: 1,
    overlap: 'skip',
    graceMs: Number.POSITIVE_INFINITY,
    timeoutMs: Number.POSITIVE_INFINITY,
    catchUp: now <= (unfinished.startBy ?? 0) ? 'once' : 'skip',
    user: unfinished.user,
    workdir: '',
    environment: [],
  };
}
