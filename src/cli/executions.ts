/** `chorewheel executions`, `cancel` and `stats`: what ran, and how it went. */
import type { CancelAnswer, ExecutionAnswer, ExecutionsAnswer, StatisticsAnswer } from '../api/types.ts';
import { durationWords, zonedTime } from '../words.ts';
import { type Client, findJob } from './client.ts';
import type { CliContext } from './context.ts';
import { type Column, type Style, table } from './table.ts';

export interface ExecutionsOptions {
  readonly job?: string;
  readonly outcome?: string;
  readonly failed?: boolean;
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly export?: boolean;
  readonly json?: boolean;
}

/** Whether someone should look at it: it ended otherwise than with exit code 0, or did not run though it was due. */
export function isFailure(execution: ExecutionAnswer): boolean {
  switch (execution.outcome) {
    case 'running':
    case 'skipped':
    case 'cancelled':
      return false;
    case 'exited':
      return execution.exitCode !== 0;
    default:
      return true;
  }
}

function outcomeStyle(execution: ExecutionAnswer): Style | undefined {
  if (isFailure(execution)) return 'red';
  if (execution.outcome === 'exited') return 'green';
  return execution.outcome === 'running' ? 'cyan' : 'yellow';
}

function outcomeText(execution: ExecutionAnswer): string {
  return execution.outcome === 'exited' ? `exit code ${execution.exitCode}` : execution.outcome;
}

const columns: readonly Column<ExecutionAnswer>[] = [
  { title: 'FIRE TIME (UTC)', cell: (execution) => zonedTime(execution.fireTime, 'UTC') },
  { title: 'JOB', cell: (execution) => execution.jobName, max: 64 },
  { title: 'CONTAINER', cell: (execution) => execution.containerName, max: 60 },
  { title: 'OUTCOME', cell: outcomeText, style: outcomeStyle },
  {
    title: 'LATE',
    right: true,
    cell: (execution) => (execution.startedAt === undefined ? '-' : durationWords(execution.latenessMs)),
  },
  {
    title: 'TOOK',
    right: true,
    cell: (execution) => (execution.durationMs === undefined ? '-' : durationWords(execution.durationMs)),
  },
  { title: 'EXECUTION', cell: (execution) => execution.execution },
  { title: 'REASON', cell: (execution) => execution.reason ?? '', max: 100 },
];

/** What `--failed` asks for; `failed` stands for all that ended otherwise than with exit code 0. */
const failures = 'failed,misfired,missed,abandoned';
/** The most rows asked for at once. */
const pageSize = 500;

/** Rows that match, newest first, page by page. */
async function* matching(
  context: CliContext,
  client: Client,
  options: ExecutionsOptions,
): AsyncGenerator<ExecutionAnswer> {
  const query = new URLSearchParams();
  if (options.job !== undefined) query.set('job', (await findJobOrId(client, options.job)) ?? options.job);
  const outcome = options.failed === true ? failures : options.outcome;
  if (outcome !== undefined) query.set('outcome', outcome);
  if (options.since !== undefined) query.set('from', String(options.since));
  if (options.until !== undefined) query.set('to', String(options.until));
  query.set('limit', String(Math.min(pageSize, options.limit)));
  for (;;) {
    const page = await client.get<ExecutionsAnswer>(`/api/executions?${query}`);
    yield* page.executions;
    if (page.next === undefined || context.signal.aborted) return;
    query.set('before', page.next);
  }
}

/** The history also knows jobs that are gone; their ids are taken as they are. */
async function findJobOrId(client: Client, wanted: string): Promise<string | undefined> {
  try {
    return (await findJob(client, wanted)).id;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('there is no job')) return undefined;
    throw error;
  }
}

export async function showExecutions(
  context: CliContext,
  client: Client,
  options: ExecutionsOptions,
): Promise<void> {
  const limit = options.export === true ? Number.POSITIVE_INFINITY : options.limit;
  const rows: ExecutionAnswer[] = [];
  let count = 0;
  for await (const execution of matching(context, client, { ...options, limit })) {
    if (options.export === true) {
      context.out(`${JSON.stringify(execution)}\n`);
      await context.drained();
    } else rows.push(execution);
    count += 1;
    if (count >= limit) break;
  }
  if (options.export === true) return;
  if (options.json === true) context.out(`${JSON.stringify({ executions: rows }, undefined, 2)}\n`);
  else if (rows.length === 0) context.out('no executions\n');
  else context.out(table(rows, columns, context.colour));
}

type JobStatistics = StatisticsAnswer['jobs'][number];

const statisticsColumns: readonly Column<JobStatistics>[] = [
  { title: 'JOB', cell: (job) => job.job, max: 100 },
  { title: 'EXECUTIONS', right: true, cell: (job) => String(job.executions) },
  {
    title: 'SUCCESS',
    right: true,
    cell: (job) => (job.successRate === undefined ? '-' : `${Number((job.successRate * 100).toFixed(1))} %`),
    style: (job) => (job.successRate === undefined ? undefined : job.successRate === 1 ? 'green' : 'red'),
  },
  { title: 'P50', right: true, cell: (job) => durationOr(job.durationMs?.p50) },
  { title: 'P95', right: true, cell: (job) => durationOr(job.durationMs?.p95) },
  { title: 'LONGEST', right: true, cell: (job) => durationOr(job.durationMs?.max) },
  { title: 'LATEST START', right: true, cell: (job) => durationOr(job.longestLatenessMs) },
];

function durationOr(ms: number | undefined): string {
  return ms === undefined ? '-' : durationWords(ms);
}

export async function showStatistics(
  context: CliContext,
  client: Client,
  options: { readonly job?: string; readonly json?: boolean },
): Promise<void> {
  const wanted = options.job;
  const id = wanted === undefined ? undefined : ((await findJobOrId(client, wanted)) ?? wanted);
  const query = id === undefined ? '' : `?${new URLSearchParams({ job: id })}`;
  const answer = await client.get<StatisticsAnswer>(`/api/statistics${query}`);
  if (options.json === true) context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (answer.jobs.length === 0) context.out('nothing has run yet\n');
  else context.out(table(answer.jobs, statisticsColumns, context.colour));
}

/** `chorewheel cancel EXECUTION`: begins to stop it; how that ended is told by `executions`. */
export async function cancel(
  context: CliContext,
  client: Client,
  execution: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const answer = await client.post<CancelAnswer>(`/api/executions/${encodeURIComponent(execution)}/cancel`);
  if (options.json === true) context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else context.out(`execution ${answer.execution} is being stopped\n`);
}
