/** `chorewheel logs JOB [-f]`: the output of the last execution, and with -f of each one as it comes. */
import type { ExecutionAnswer, ExecutionsAnswer, JobAnswer, OutputEvent, ReportEvent } from '../api/types.ts';
import { escapeText } from '../escape.ts';
import { zonedTime } from '../words.ts';
import { type Client, findJob } from './client.ts';
import type { CliContext } from './context.ts';
import { isFailure } from './executions.ts';
import { styled } from './table.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly execution?: string;
  readonly json?: boolean;
}

export async function showLogs(
  context: CliContext,
  client: Client,
  wanted: string,
  options: LogsOptions,
): Promise<void> {
  const job = await findJob(client, wanted);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  try {
    // The subscription comes first, so that no execution falls between the last one and the next.
    const reports = options.follow === true ? await client.events('/api/events', signal) : undefined;
    const last = await lastExecution(client, job, options.execution);
    if (last !== undefined) await showExecution(context, client, last, options);
    else if (options.follow !== true) context.err('it has not run yet\n');
    if (reports !== undefined)
      await follow(context, client, startsOf(reports, job), last?.execution, options);
  } finally {
    stop.abort();
  }
}

/** Ids of executions of the job, as they start. */
async function* startsOf(
  reports: AsyncIterable<{ readonly data: unknown }>,
  job: JobAnswer,
): AsyncGenerator<string> {
  for await (const { data } of reports) {
    const report = data as ReportEvent;
    const starts = report.kind === 'execution started' || report.kind === 'execution_started';
    if (starts && report.job === job.id && report.execution !== undefined) yield report.execution;
  }
}

async function follow(
  context: CliContext,
  client: Client,
  started: AsyncIterable<string>,
  shown: string | undefined,
  options: LogsOptions,
): Promise<void> {
  for await (const id of started) {
    if (id === shown) continue;
    const execution = await client.get<ExecutionAnswer>(`/api/executions/${encodeURIComponent(id)}`);
    await showExecution(context, client, execution, options);
  }
}

async function lastExecution(
  client: Client,
  job: JobAnswer,
  id: string | undefined,
): Promise<ExecutionAnswer | undefined> {
  if (id !== undefined) return client.get<ExecutionAnswer>(`/api/executions/${encodeURIComponent(id)}`);
  // Fire times that did not become an execution have no output: look a little further back.
  const query = new URLSearchParams({ job: job.id, limit: '100' });
  const { executions } = await client.get<ExecutionsAnswer>(`/api/executions?${query}`);
  return executions.find((execution) => execution.startedAt !== undefined);
}

async function showExecution(
  context: CliContext,
  client: Client,
  execution: ExecutionAnswer,
  options: LogsOptions,
): Promise<void> {
  const path = `/api/executions/${encodeURIComponent(execution.execution)}`;
  tellStart(context, execution, options);
  if (execution.outcome !== 'running') {
    const whole = await client.get<ExecutionAnswer>(path);
    tellOutput(context, whole, options);
    tellEnd(context, whole, options);
    return;
  }
  for await (const { event, data } of await client.events(`${path}/output`, context.signal)) {
    if (event === 'line') tellLine(context, data as OutputEvent, options);
    else if (event === 'omitted')
      context.err('--- some lines were left out, since this reader is too slow\n');
    else if (event === 'ended') tellEnd(context, data as ExecutionAnswer, options);
    if (event === 'ended') return;
  }
}

/** What isn't output goes to standard error, so that a pipe gets the output alone. */
function tellStart(context: CliContext, execution: ExecutionAnswer, options: LogsOptions): void {
  if (options.json === true) return;
  const where = `${execution.jobName} in ${execution.containerName}`;
  const line = `--- ${where}, due at ${zonedTime(execution.fireTime, 'UTC')} UTC, execution ${execution.execution}`;
  context.err(`${styled(escapeText(line), 'dim', context.colour)}\n`);
}

function tellOutput(context: CliContext, execution: ExecutionAnswer, options: LogsOptions): void {
  if (options.json === true) return;
  for (const line of (execution.output ?? '').split('\n')) {
    if (line !== '') context.out(`${escapeText(line)}\n`);
  }
}

function tellLine(context: CliContext, line: OutputEvent, options: LogsOptions): void {
  const style = line.stream === 'stderr' ? 'yellow' : undefined;
  if (options.json === true) context.out(`${JSON.stringify(line)}\n`);
  else context.out(`${styled(escapeText(line.text), style, context.colour)}\n`);
}

function tellEnd(context: CliContext, execution: ExecutionAnswer, options: LogsOptions): void {
  if (options.json === true) {
    context.out(`${JSON.stringify(execution)}\n`);
    return;
  }
  const how = execution.outcome === 'exited' ? `exit code ${execution.exitCode}` : execution.outcome;
  const reason = execution.reason === undefined ? '' : `: ${execution.reason}`;
  const style = isFailure(execution) ? 'red' : 'dim';
  context.err(`${styled(escapeText(`--- ended: ${how}${reason}`), style, context.colour)}\n`);
}
