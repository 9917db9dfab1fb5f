/** `chorewheel jobs`, `run-now`, `pause`, `resume`: what is registered, and what a person may do with it. */
import type { ActionAnswer, JobAnswer } from '../api/types.ts';
import { durationWords, zonedTime } from '../words.ts';
import { allJobs, type Client, findJob } from './client.ts';
import type { CliContext } from './context.ts';
import { type Column, type Style, table } from './table.ts';

export interface JobsOptions {
  readonly search?: string;
  readonly state?: string;
  readonly ids?: boolean;
  readonly json?: boolean;
}

const stateStyles: Readonly<Record<JobAnswer['state'], Style>> = {
  armed: 'green',
  suspended: 'yellow',
  waiting: 'gray',
  held: 'magenta',
};

function columns(now: number, ids: boolean): readonly Column<JobAnswer>[] {
  const name: Column<JobAnswer> = { title: 'JOB', cell: (job) => (ids ? job.id : job.name), max: 100 };
  return [
    name,
    { title: 'CONTAINER', cell: (job) => job.containerName, max: 60 },
    { title: 'STATE', cell: (job) => job.state, style: (job) => stateStyles[job.state] },
    {
      title: 'NEXT FIRE TIME',
      cell: (job) =>
        job.nextFireTime === undefined
          ? '-'
          : `${zonedTime(job.nextFireTime, job.trigger.timezone)} ${job.trigger.timezone}`,
    },
    {
      title: 'IN',
      right: true,
      cell: (job) =>
        job.nextFireTime === undefined ? '-' : durationWords(Math.max(0, job.nextFireTime - now)),
    },
    { title: 'RUNNING', right: true, cell: (job) => String(job.running) },
    { title: 'WAITING', right: true, cell: (job) => String(job.waiting) },
    { title: 'WHEN', cell: (job) => job.trigger.words, max: 80 },
  ];
}

export async function showJobs(context: CliContext, client: Client, options: JobsOptions): Promise<void> {
  const answer = await allJobs(client, {
    ...(options.search !== undefined && { search: options.search }),
    ...(options.state !== undefined && { state: options.state }),
  });
  if (options.json === true) context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (answer.jobs.length === 0) context.out('no jobs\n');
  else context.out(table(answer.jobs, columns(context.now(), options.ids === true), context.colour));
}

const doneWords: Readonly<Record<ActionAnswer['done'], string>> = {
  run: 'is started',
  pause: 'is paused: it keeps its place and does not fire until it is resumed',
  resume: 'fires again',
};

export async function act(
  context: CliContext,
  client: Client,
  action: ActionAnswer['done'],
  wanted: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const job = await findJob(client, wanted);
  const answer = await client.post<ActionAnswer>(`/api/jobs/${encodeURIComponent(job.id)}/${action}`);
  if (options.json === true) context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else context.out(`${job.name} in ${job.containerName} ${doneWords[answer.done]}\n`);
}
