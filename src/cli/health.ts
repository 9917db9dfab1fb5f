/** `chorewheel health` and `problems`: is it well, and what did users write wrong. */
import type { HealthAnswer, ProblemAnswer, ProblemsAnswer } from '../api/types.ts';
import { escapeText } from '../escape.ts';
import { labelWords } from '../report.ts';
import { counted, durationWords } from '../words.ts';
import type { Client } from './client.ts';
import { type CliContext, status } from './context.ts';
import { styled } from './table.ts';

interface Options {
  readonly json?: boolean;
}

/** Returns the exit status: 0 only when healthy, so that it serves as a container's health check. */
export async function showHealth(context: CliContext, client: Client, options: Options): Promise<number> {
  const health = await client.get<HealthAnswer>('/healthz', 503);
  if (options.json === true) context.out(`${JSON.stringify(health, undefined, 2)}\n`);
  else context.out(healthText(context, health));
  return health.healthy ? status.ok : status.failed;
}

function healthText(context: CliContext, health: HealthAnswer): string {
  const state = health.healthy
    ? styled('healthy', 'green', context.colour)
    : styled('not healthy', 'red', context.colour);
  const up = durationWords(Math.max(0, context.now() - health.startedAt));
  const lines = [
    `${state}: chorewheel ${health.version}, up for ${up}`,
    ...health.reasons.map((reason) => `  ${reason}`),
    `engine ${health.engine.connected ? 'connected' : 'not connected'}, history in ${health.history.kind}`,
    `${counted(health.jobs, 'job')}, ${health.running} of ${health.poolSize} places taken, ${health.queued} waiting`,
  ];
  return `${lines.map((line, index) => (index === 0 ? line : escapeText(line))).join('\n')}\n`;
}

/** Returns the exit status: 1 when a job is rejected. */
export async function showProblems(context: CliContext, client: Client, options: Options): Promise<number> {
  const answer = await client.get<ProblemsAnswer>('/api/problems');
  if (options.json === true) context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (answer.problems.length === 0) context.out('no problems\n');
  else context.out(`${answer.problems.map((problem) => problemText(context, problem)).join('\n')}\n`);
  return answer.problems.some((problem) => problem.severity === 'rejected') ? status.failed : status.ok;
}

function problemText(context: CliContext, problem: ProblemAnswer): string {
  const rejected = problem.severity === 'rejected';
  const mark = styled(rejected ? 'rejected' : 'warning', rejected ? 'red' : 'yellow', context.colour);
  const where =
    problem.job === undefined ? problem.containerName : `${problem.job} in ${problem.containerName}`;
  const hint = problem.hint === undefined ? '' : `\n  ${escapeText(problem.hint)}`;
  return `${mark} ${escapeText(`${where}: ${labelWords(problem)}${problem.message}`)}${hint}`;
}
