/**
 * Each decision as one record of the log: a level, a stable event name, a sentence that is complete at three in
 * the morning, and the fields for programs (`job`, `container`, `service`, `execution`, `exit_code`,
 * `fire_time`, `lateness_ms`, `duration_ms`, …). Values of environment variables are in none of them.
 */

import { assertNever } from './ids.ts';
import type { Problem } from './labels/definition.ts';
import type { LogRecord } from './log.ts';
import {
  abandonedRecord,
  endedRecord,
  misfiredRecord,
  missedRecord,
  skippedRecord,
  startedRecord,
  waitsRecord,
} from './report-execution.ts';
import { type Fields, jobIn, subjectFields, who } from './report-subject.ts';
import type { Report } from './scheduling/reports.ts';
import { isoTime, zonedTimeWithZone } from './words.ts';

type ReportOf<Kind extends Report['kind']> = Extract<Report, { readonly kind: Kind }>;

/** Makes the one record that tells of it. */
export function render(report: Report): LogRecord {
  switch (report.kind) {
    case 'job added':
    case 'job removed':
    case 'job moved':
    case 'job suspended':
    case 'job resumed':
    case 'job finished':
      return jobRecord(report);
    case 'execution started':
      return startedRecord(report.execution);
    case 'execution waits':
      return waitsRecord(report);
    case 'execution ended':
      return endedRecord(report);
    case 'skipped':
      return skippedRecord(report);
    case 'misfired':
      return misfiredRecord(report);
    case 'missed':
      return missedRecord(report);
    case 'abandoned':
      return abandonedRecord(report);
    case 'problem':
      return problemRecord(report);
    default:
      return assertNever(report);
  }
}

function nextWords(next: number | undefined, timezone: string): string {
  return next === undefined ? 'it has no further fire time' : `next at ${zonedTimeWithZone(next, timezone)}`;
}

/** A job that was given fire times in the past only is most likely a slip. */
function addedRecord({ subject, trigger, timezone, next }: ReportOf<'job added'>): LogRecord {
  const when =
    next === undefined
      ? 'but its fire times are all in the past: it does not run'
      : nextWords(next, timezone);
  return {
    level: next === undefined ? 'WARNING' : 'INFO',
    event: 'job_added',
    message: `${who(subject)} is scheduled: ${trigger} (${timezone}), ${when}`,
    fields: {
      ...subjectFields(subject),
      trigger,
      timezone,
      next_fire_time: next === undefined ? undefined : isoTime(next),
    },
  };
}

type JobReport = ReportOf<
  'job added' | 'job removed' | 'job moved' | 'job suspended' | 'job resumed' | 'job finished'
>;

function jobRecord(report: JobReport): LogRecord {
  const { subject } = report;
  const make = (event: string, message: string, more: Fields = {}): LogRecord => ({
    level: 'INFO',
    event,
    message: `${who(subject)} ${message}`,
    fields: { ...subjectFields(subject), ...more },
  });
  switch (report.kind) {
    case 'job added':
      return addedRecord(report);
    case 'job removed':
      return make('job_removed', `is no longer scheduled: ${report.reason}`, { reason: report.reason });
    case 'job moved':
      return make('job_moved', `takes over from ${report.from}: ${report.reason}`, {
        from: report.from,
        reason: report.reason,
      });
    case 'job suspended':
      return make('job_suspended', `is suspended: ${report.reason}`, { reason: report.reason });
    case 'job resumed':
      return make('job_resumed', `is scheduled again, ${nextWords(report.next, 'UTC')}`, {
        next_fire_time: report.next === undefined ? undefined : isoTime(report.next),
      });
    case 'job finished':
      return make('job_finished', `does not fire any more: ${report.reason}`, { reason: report.reason });
    default:
      return assertNever(report);
  }
}

function problemRecord({ container, containerName, problem }: ReportOf<'problem'>): LogRecord {
  return {
    level: 'WARNING',
    event: problem.severity === 'rejected' ? 'job_rejected' : 'label_warning',
    message: `${problemSubject(problem, containerName)}: ${problemWords(problem)}`,
    fields: {
      job: problem.job,
      container: containerName,
      container_id: container,
      labels: problem.labels,
      severity: problem.severity,
      problem: problem.message,
      hint: problem.hint,
    },
  };
}

function problemSubject(problem: Problem, containerName: string): string {
  const rejected = problem.severity === 'rejected' ? ' does not run' : '';
  return problem.job === undefined
    ? `Labels of ${containerName}`
    : `${jobIn(problem.job, containerName)}${rejected}`;
}

/** A problem in one sentence: the labels, what is wrong, and what to write instead. */
function problemWords(problem: Problem): string {
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${labelWords(problem)}${problem.message}${hint}`;
}

/** More labels than this are counted. */
const maxLabels = 10;

/** The labels at fault with a colon behind them; nothing if the message names them all. */
export function labelWords({ labels, message }: Pick<Problem, 'labels' | 'message'>): string {
  if (labels.length === 0 || labels.every((label) => message.includes(label))) return '';
  const rest = labels.length > maxLabels ? ` and ${labels.length - maxLabels} more` : '';
  return `${labels.slice(0, maxLabels).join(', ')}${rest}: `;
}
