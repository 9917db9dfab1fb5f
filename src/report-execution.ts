/** The life of a firing as records of the log: what became of each fire time. */
import type { Level } from './configuration.ts';
import type { Outcome } from './execution/outcome.ts';
import { assertNever } from './ids.ts';
import type { LogRecord } from './log.ts';
import { executionFields, type Fields, jobIn, subjectFields, who } from './report-subject.ts';
import type { Execution } from './scheduling/events.ts';
import type { FireTimeRange, Report } from './scheduling/reports.ts';
import { counted, durationWords, isoTime, zonedTimeWithZone } from './words.ts';

type ReportOf<Kind extends Report['kind']> = Extract<Report, { readonly kind: Kind }>;

/** Lateness under this goes without saying; milliseconds. */
const notableLatenessMs = 1000;

export function startedRecord(execution: Execution): LogRecord {
  const late =
    execution.latenessMs >= notableLatenessMs ? `, ${durationWords(execution.latenessMs)} late` : '';
  const why = {
    schedule: '',
    'catch-up': ` to catch up for ${zonedTimeWithZone(execution.fireTime, execution.definition.trigger.timezone)}`,
    'run now': ' at request',
  }[execution.cause];
  return {
    level: 'INFO',
    event: 'execution_started',
    message: `${jobIn(execution.definition.name, execution.containerName)} starts${why}${late}`,
    fields: {
      ...executionFields(execution),
      fire_time: isoTime(execution.fireTime),
      lateness_ms: Math.round(execution.latenessMs),
      cause: execution.cause,
    },
  };
}

export function waitsRecord({ subject, fireTime, reason }: ReportOf<'execution waits'>): LogRecord {
  return {
    level: 'DEBUG',
    event: 'execution_waits',
    message: `${who(subject)} is due and waits: ${reason}`,
    fields: { ...subjectFields(subject), fire_time: isoTime(fireTime), reason },
  };
}

export function endedRecord({ execution, outcome, durationMs }: ReportOf<'execution ended'>): LogRecord {
  const { level, words, fields } = outcomeWords(outcome, durationMs);
  return {
    level,
    event: 'execution_ended',
    message: `${jobIn(execution.definition.name, execution.containerName)} ${words}`,
    fields: {
      ...executionFields(execution),
      fire_time: isoTime(execution.fireTime),
      lateness_ms: Math.round(execution.latenessMs),
      duration_ms: Math.round(durationMs),
      outcome: outcome.kind,
      ...fields,
    },
  };
}

interface OutcomeWords {
  readonly level: Level;
  readonly words: string;
  readonly fields: Fields;
}

function outcomeWords(outcome: Outcome, durationMs: number): OutcomeWords {
  const after = durationWords(durationMs);
  switch (outcome.kind) {
    case 'exited':
      return exitedWords(outcome.exitCode, after);
    case 'failed to start': {
      const { reason } = outcome;
      return { level: 'ERROR', words: `could not start: ${reason}`, fields: { reason } };
    }
    case 'timeout':
      return {
        level: 'ERROR',
        words: `ran into its timeout after ${after} and ${outcome.stopped ? 'was stopped' : 'could not be stopped'}: ${outcome.detail}`,
        fields: { exit_code: outcome.exitCode, stopped: outcome.stopped, reason: outcome.detail },
      };
    case 'cancelled':
      return {
        level: 'WARNING',
        words: `was cancelled after ${after} and ${outcome.stopped ? 'stopped' : 'could not be stopped'}: ${outcome.detail}`,
        fields: { stopped: outcome.stopped, reason: outcome.detail },
      };
    case 'container gone':
      return {
        level: 'ERROR',
        words: `was cut off after ${after}: its container stopped or was removed`,
        fields: { exit_code: outcome.exitCode },
      };
    case 'worker lost':
      return {
        level: 'ERROR',
        words: `ended in an unknown way: the worker thread that carried it was lost (${outcome.reason})`,
        fields: { reason: outcome.reason },
      };
    case 'unknown':
      return {
        level: 'ERROR',
        words: `ended in an unknown way after ${after}: ${outcome.reason}`,
        fields: { reason: outcome.reason },
      };
    default:
      return assertNever(outcome);
  }
}

function exitedWords(exitCode: number, after: string): OutcomeWords {
  const fields = { exit_code: exitCode };
  if (exitCode === 0) return { level: 'INFO', words: `ended with exit code 0 after ${after}`, fields };
  const signal = exitCode > 128 && exitCode <= 192 ? ` (signal ${exitCode - 128})` : '';
  return { level: 'ERROR', words: `failed with exit code ${exitCode}${signal} after ${after}`, fields };
}

/** `of 2026-11-26T03:00:00.000Z`, or of a range. */
function firing(fireTime: number, range: FireTimeRange | undefined): string {
  if (range === undefined) return `the execution due at ${isoTime(fireTime)}`;
  const count = `${range.exact ? '' : 'at least '}${range.count}`;
  return `${count} executions due from ${isoTime(fireTime)} to ${isoTime(range.until)}`;
}

const skipReasons: Readonly<Record<ReportOf<'skipped'>['reason'], readonly [Level, string]>> = {
  overlap: ['WARNING', 'as many as its `max` allows still run'],
  paused: ['INFO', 'its container is paused'],
  coalesced: ['INFO', 'a later one runs in its place'],
  held: ['INFO', 'the job is paused by hand'],
  draining: ['INFO', 'chorewheel is stopping'],
};

export function skippedRecord({ subject, fireTime, reason, range }: ReportOf<'skipped'>): LogRecord {
  const [level, words] = skipReasons[reason];
  return {
    level,
    event: 'execution_skipped',
    message: `${who(subject)} skips ${firing(fireTime, range)}: ${words}`,
    fields: {
      ...subjectFields(subject),
      fire_time: isoTime(fireTime),
      reason,
      ...(range && { fire_time_until: isoTime(range.until), count: range.count, exact: range.exact }),
    },
  };
}

export function misfiredRecord(report: ReportOf<'misfired'>): LogRecord {
  const { subject, fireTime, latenessMs, graceMs } = report;
  return {
    level: 'WARNING',
    event: 'execution_misfired',
    message: `${who(subject)} does not run ${firing(fireTime, undefined)}: it would be ${durationWords(latenessMs)} late, more than its grace of ${durationWords(graceMs)}`,
    fields: {
      ...subjectFields(subject),
      fire_time: isoTime(fireTime),
      lateness_ms: Math.round(latenessMs),
      grace_ms: graceMs,
    },
  };
}

export function missedRecord(report: ReportOf<'missed'>): LogRecord {
  const { subject, from, to, count, exact, policy, running } = report;
  const many = `${exact ? '' : 'at least '}${counted(count, 'fire time')}`;
  const consequence =
    running === 0
      ? policy === 'skip'
        ? 'none is made up for (its catch-up is skip)'
        : 'none is made up for'
      : `${running === count ? 'all' : running} of them ${running === 1 ? 'runs' : 'run'} now`;
  return {
    level: 'WARNING',
    event: 'executions_missed',
    message: `${who(subject)} missed ${many} from ${isoTime(from)} to ${isoTime(to)}, while nothing could run it; ${consequence}`,
    fields: {
      ...subjectFields(subject),
      fire_time: isoTime(from),
      fire_time_until: isoTime(to),
      count,
      exact,
      policy,
      running,
    },
  };
}

export function abandonedRecord({ subject, fireTime, execution, reason }: ReportOf<'abandoned'>): LogRecord {
  const what =
    execution === undefined
      ? firing(fireTime, undefined)
      : 'a running execution, which goes on in its container';
  return {
    level: 'WARNING',
    event: 'execution_abandoned',
    message: `${who(subject)} abandons ${what}: ${reason}`,
    fields: {
      ...subjectFields(subject),
      execution: execution?.id,
      fire_time: isoTime(fireTime),
      reason,
    },
  };
}
