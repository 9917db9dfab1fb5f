/**
 * Says what labels mean before anything runs: every job in words with its next fire times, every mistake with its
 * fix. It uses the very functions that the daemon uses; they come in by argument.
 */
import type { JobDefinition, Problem } from '../labels/definition.ts';
import { redactCommand } from '../redact.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { ComposeFile, ComposeService, LabelValue } from './compose.ts';

/** The daemon's own knowledge of labels, as far as the check needs it. */
export interface Knowledge {
  readonly namespace: string;
  /** `name` of the container: it decides when an `H` in a crontab fires. */
  parse(
    labels: Readonly<Record<string, string>>,
    imageLabels: Readonly<Record<string, string>> | undefined,
    name: string,
  ): { readonly jobs: readonly JobDefinition[]; readonly problems: readonly Problem[] };
  describe(trigger: Trigger): string;
}

/** What one container, or service of a compose file, asks for. */
export interface Checked {
  readonly name: string;
  readonly jobs: readonly CheckedJob[];
  readonly problems: readonly CheckedProblem[];
}

export interface CheckedJob {
  readonly name: string;
  readonly kind: Trigger['kind'];
  readonly text: string;
  readonly timezone: string;
  readonly words: string;
  /** The command with what looks like a secret hidden. */
  readonly command: string;
  /** The next fire times, epoch milliseconds; those of an interval count from now. */
  readonly next: readonly number[];
}

export interface CheckedProblem extends Problem {
  /** Line in the file, where that is known. */
  readonly line?: number;
}

/** The next `count` fire times after `now` (epoch milliseconds); fewer if it ends. */
export function nextFireTimes(trigger: Trigger, now: number, count: number): readonly number[] {
  const times: number[] = [];
  // An interval counts from its registration: that would be now.
  if (trigger.kind === 'interval') {
    return Array.from({ length: count }, (_, index) => now + (index + 1) * trigger.periodMs);
  }
  for (let at = trigger.next(now); at !== undefined && times.length < count; at = trigger.next(at)) {
    times.push(at);
  }
  return times;
}

/** Checks the labels of one container; `imageLabels` are those of its image, where they are known. */
export function checkLabels(
  knowledge: Knowledge,
  name: string,
  labels: Readonly<Record<string, string>>,
  imageLabels: Readonly<Record<string, string>> | undefined,
  now: number,
  count: number,
): Checked {
  const { jobs, problems } = knowledge.parse(labels, imageLabels, name);
  return {
    name,
    problems,
    jobs: jobs.map(({ name: job, trigger, command }) => ({
      name: job,
      kind: trigger.kind,
      text: trigger.text,
      timezone: trigger.timezone,
      words: knowledge.describe(trigger),
      command: redactCommand(command),
      next: nextFireTimes(trigger, now, count),
    })),
  };
}

/** Checks each service of a compose file that has labels of ours, or what looks like them. */
export function checkCompose(
  knowledge: Knowledge,
  file: ComposeFile,
  now: number,
  count: number,
): readonly Checked[] {
  return file.services
    .map((service) => checkService(knowledge, file.project, service, now, count))
    .filter(({ jobs, problems }) => jobs.length + problems.length > 0);
}

function checkService(
  knowledge: Knowledge,
  project: string,
  service: ComposeService,
  now: number,
  count: number,
): Checked {
  const unclear = unclearProblems(knowledge, service);
  const skipped = new Set(unclear.map((problem) => problem.job));
  const labels: Record<string, string> = Object.create(null);
  // Compose adds these to each container, so that the service is known.
  labels['com.docker.compose.project'] = project;
  labels['com.docker.compose.service'] = service.name;
  for (const [key, value] of service.labels) {
    if (!skipped.has(jobOf(knowledge, key) ?? '')) labels[key] = value.text;
  }
  const checked = checkLabels(knowledge, service.name, labels, undefined, now, count);
  const located = checked.problems.map((problem) => withLine(problem, service.labels));
  return { ...checked, problems: [...located, ...unclear, ...deployProblems(knowledge, service)] };
}

function withLine(problem: Problem, labels: ReadonlyMap<string, LabelValue>): CheckedProblem {
  const line = problem.labels.map((label) => labels.get(label)?.line).find((found) => found !== undefined);
  return line === undefined ? problem : { ...problem, line };
}

/** The job that a label of ours is about; undefined for other labels. */
function jobOf(knowledge: Knowledge, key: string): string | undefined {
  const prefix = `${knowledge.namespace}.`;
  return key.startsWith(prefix) ? key.slice(prefix.length).split('.', 1)[0] : undefined;
}

/** Labels whose value is only known where compose runs, or that compose would refuse: their job is not checked. */
function unclearProblems(knowledge: Knowledge, service: ComposeService): readonly CheckedProblem[] {
  return [...service.labels].flatMap(([key, value]): CheckedProblem[] => {
    const job = jobOf(knowledge, key);
    if (job === undefined || (value.unknown.length === 0 && value.mistake === undefined)) return [];
    const common = { job, labels: [key], ...(value.line !== undefined && { line: value.line }) };
    if (value.mistake !== undefined) return [{ ...common, message: value.mistake, severity: 'rejected' }];
    const names = value.unknown.join(', ');
    return [
      {
        ...common,
        message: `can't be checked: it needs ${names}, which has no value here`,
        hint: 'set it in the environment of this command',
        severity: 'warning',
      },
    ];
  });
}

/** The Swarm trap: labels under `deploy` belong to the service, and no container ever has them. */
function deployProblems(knowledge: Knowledge, service: ComposeService): readonly CheckedProblem[] {
  return [...service.deployLabels].flatMap(([key, { line }]): CheckedProblem[] => {
    const job = jobOf(knowledge, key);
    if (job === undefined) return [];
    return [
      {
        job,
        labels: [key],
        message:
          'stands under "deploy": such labels belong to the Swarm service and no container has them, so that this job never runs',
        hint: 'move it to "labels" of the service itself',
        severity: 'rejected',
        ...(line !== undefined && { line }),
      },
    ];
  });
}
