/** Our values as the API tells them (`types.ts`): what is not known is left out. */
import type { HistoryRow, JobStatistics } from '../history/history.ts';
import { redactCommand } from '../redact.ts';
import type { JobView } from '../scheduling/events.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { ContainerProblem } from './parts.ts';
import type { ExecutionAnswer, JobAnswer, ProblemAnswer, StatisticsAnswer } from './types.ts';

type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** The given properties but for the undefined ones. */
function defined<T extends object>(values: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >;
}

export function jobAnswer(job: JobView, describe: (trigger: Trigger) => string): JobAnswer {
  const { definition, trigger } = job;
  return {
    id: job.id,
    name: job.name,
    container: job.container,
    containerName: job.containerName,
    ...defined({ service: job.service, nextFireTime: job.nextFireTime }),
    command: redactCommand(definition.command),
    trigger: {
      kind: trigger.kind,
      text: trigger.text,
      timezone: trigger.timezone,
      words: describe(trigger),
    },
    state: job.state,
    running: job.running,
    waiting: job.waiting,
    max: definition.max,
    overlap: definition.overlap,
    catchUp: definition.catchUp,
    jitterMs: definition.jitterMs,
    ...defined({ graceMs: finite(definition.graceMs), timeoutMs: finite(definition.timeoutMs) }),
  };
}

/** JSON has no Infinity; what has no limit is left out. */
function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}

/** Without the output, as in lists. */
export function executionAnswer(row: HistoryRow): ExecutionAnswer {
  const { service, startedAt, endedAt, exitCode, reason, durationMs } = row;
  return {
    execution: row.execution,
    job: row.job,
    jobName: row.jobName,
    container: row.container,
    containerName: row.containerName,
    fireTime: row.fireTime,
    outcome: row.outcome,
    latenessMs: row.latenessMs,
    ...defined({ service, startedAt, endedAt, exitCode, reason, durationMs }),
  };
}

export function executionWithOutput(row: HistoryRow): ExecutionAnswer {
  return { ...executionAnswer(row), output: row.output };
}

export function statisticsAnswer(jobs: readonly JobStatistics[]): StatisticsAnswer {
  return {
    jobs: jobs.map(({ job, executions, successRate, durationMs, longestLatenessMs }) => ({
      job,
      executions,
      longestLatenessMs,
      ...defined({ successRate, durationMs }),
    })),
  };
}

export function problemAnswer({ container, containerName, problem }: ContainerProblem): ProblemAnswer {
  const { job, hint, labels, message, severity } = problem;
  return { container, containerName, labels, message, severity, ...defined({ job, hint }) };
}
