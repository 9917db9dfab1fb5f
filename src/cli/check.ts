/** `chorewheel check`: what the labels in files, containers or label sets mean, and what is wrong with them. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Checked, checkCompose, checkLabels } from '../checking/check.ts';
import { readCompose } from '../checking/compose.ts';
import { createKnowledge, type KnowledgeSource } from '../checking/knowledge.ts';
import { readLabelSets } from '../checking/label-sets.ts';
import { checkText } from './check-text.ts';
import { type CliContext, CliError, status } from './context.ts';

export interface CheckOptions {
  readonly container?: readonly string[];
  readonly stdin?: boolean;
  readonly namespace?: string;
  readonly timezone?: string;
  readonly number: number;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** One file, the engine, or standard input. */
export interface CheckedSource {
  readonly source: string;
  readonly checked: readonly Checked[];
  readonly notes: readonly string[];
  /** Why it can't be read at all. */
  readonly error?: string;
}

/** What compose itself looks for, in this order. */
const defaultFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** Returns the exit status: 1 if there is a mistake, with `strict` also for a warning. */
export async function check(
  context: CliContext,
  files: readonly string[],
  options: CheckOptions,
): Promise<number> {
  const knowledge = createKnowledge(context.env, {
    ...(options.namespace !== undefined && { LABEL_NAMESPACE: options.namespace }),
    ...(options.timezone !== undefined && { TIMEZONE: options.timezone }),
  });
  const sources: CheckedSource[] = [];
  if (options.container !== undefined) sources.push(await checkContainers(context, knowledge, options));
  if (options.stdin === true) sources.push(checkInput(context, knowledge, await context.input(), options));
  const wanted = sources.length > 0 ? files : await filesOrDefault(files);
  for (const file of wanted) sources.push(await checkFile(context, knowledge, file, options));
  if (options.json === true) context.out(`${JSON.stringify(jsonOf(sources), undefined, 2)}\n`);
  else context.out(checkText(sources, context.colour));
  const severities = sources.flatMap(({ checked }) =>
    checked.flatMap(({ problems }) => problems.map((problem) => problem.severity)),
  );
  const mistaken = sources.some(({ error }) => error !== undefined) || severities.includes('rejected');
  return mistaken || (options.strict === true && severities.length > 0) ? status.failed : status.ok;
}

async function filesOrDefault(files: readonly string[]): Promise<readonly string[]> {
  if (files.length > 0) return files;
  for (const file of defaultFiles) {
    const found = await readFile(file).then(
      () => true,
      () => false,
    );
    if (found) return [file];
  }
  throw new CliError(
    `nothing to check: name files, or have one of ${defaultFiles.join(', ')} here`,
    status.usage,
  );
}

async function checkFile(
  context: CliContext,
  source: KnowledgeSource,
  file: string,
  options: CheckOptions,
): Promise<CheckedSource> {
  let text: string;
  try {
    text = file === '-' ? await context.input() : await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : message;
    return { source: file, checked: [], notes: [], error: reason };
  }
  const folder = basename(file === '-' ? process.cwd() : dirname(resolve(file)));
  const compose = readCompose(text, context.env, folder);
  if (compose.error !== undefined) return { source: file, checked: [], notes: [], error: compose.error };
  const knowledge = source(compose.environment);
  if (!knowledge.ok) return { source: file, checked: [], notes: [], error: knowledge.message };
  const checked = checkCompose(knowledge.knowledge, compose, context.now(), options.number);
  const { TIMEZONE } = compose.environment;
  const zone = TIMEZONE === undefined ? [] : [`the default time zone is ${TIMEZONE}, as a service here says`];
  return { source: file, checked, notes: [...zone, ...compose.notes] };
}

function checkInput(
  context: CliContext,
  source: KnowledgeSource,
  text: string,
  options: CheckOptions,
): CheckedSource {
  const knowledge = source({});
  const name = 'standard input';
  if (!knowledge.ok) return { source: name, checked: [], notes: [], error: knowledge.message };
  const checked: Checked[] = [];
  const errors: string[] = [];
  for (const set of readLabelSets(text)) {
    if (set.error !== undefined) errors.push(`${set.name}: ${set.error}`);
    else {
      const { labels, imageLabels } = set;
      checked.push(
        checkLabels(knowledge.knowledge, set.name, labels, imageLabels, context.now(), options.number),
      );
    }
  }
  return { source: name, checked, notes: [], ...(errors.length > 0 && { error: errors.join('\n') }) };
}

async function checkContainers(
  context: CliContext,
  source: KnowledgeSource,
  options: CheckOptions,
): Promise<CheckedSource> {
  const { readContainers } = await import('./check-containers.ts');
  const knowledge = source({});
  if (!knowledge.ok) throw new CliError(knowledge.message, status.failed);
  const { engine, containers } = await readContainers(context.env, options.container ?? []);
  const checked = containers.map(({ name, labels, imageLabels }) =>
    checkLabels(knowledge.knowledge, name, labels, imageLabels, context.now(), options.number),
  );
  return { source: engine, checked, notes: [] };
}

function jsonOf(sources: readonly CheckedSource[]): unknown {
  return sources.map((source) => ({
    ...source,
    checked: source.checked.map((checked) => ({
      ...checked,
      jobs: checked.jobs.map((job) => ({ ...job, next: job.next.map((at) => new Date(at).toISOString()) })),
    })),
  }));
}
