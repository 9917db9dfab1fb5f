/**
 * The labels of one container -> everything that they ask for. Pure: equal labels and settings give equal
 * results, and mostly the very same object, since results are remembered.
 *
 * Steps: collect what is ours; decide the flags; drop what the image gave, if `image` is off; sort by job; read
 * each job by itself; tell what is left over.
 *
 * Invariants: never throws, whatever the labels; each job is in `jobs` or has one rejection; no value of `env.*`
 * or `command` is in a problem.
 */
import type { LabelSettings } from '../configuration.ts';
import {
  type Collected,
  collect,
  isOurs,
  type Label,
  type Labels,
  looksLikeOurs,
  valueIn,
} from './collect.ts';
import type { ContainerDefinition, JobDefinition, Problem } from './definition.ts';
import { warning } from './faults.ts';
import { applyFlags, type Flags } from './flags.ts';
import { type JobContext, type JobLabels, type JobResult, parseJob } from './job.ts';
import { createMemo, type Memo } from './memo.ts';
import { leftovers, type Options, readOptions } from './options.ts';
import { clip } from './text.ts';

const mostJobs = 1000;

interface Memory {
  readonly containers: Memo<ContainerDefinition>;
  readonly jobs: Memo<JobResult>;
}

/** By settings; a settings object is made once and never changed. */
const memories = new WeakMap<LabelSettings, Memory>();

function memoryOf(settings: LabelSettings): Memory {
  let memory = memories.get(settings);
  if (memory === undefined) {
    memory = { containers: createMemo(), jobs: createMemo() };
    memories.set(settings, memory);
  }
  return memory;
}

/**
 * What the labels of a container say to us.
 *
 * `imageLabels` matter where the `image` flag is off: labels equal to the image's are dropped then. Undefined
 * means not known (yet): nothing is dropped, and with a default of `noimage` no label can turn `image` on, as that
 * label might be the image's; `flags.image` of the result tells whether it is worth asking for them.
 *
 * `identity` (a container's name) is the seed of `H` in crontabs where there is no service, so that many
 * containers with the same labels don't all run at the same minute.
 */
export function parseContainerLabels(
  labels: Labels,
  imageLabels: Labels | undefined,
  settings: LabelSettings,
  identity = '',
): ContainerDefinition {
  const memory = memoryOf(settings);
  const rememberable = addTexts(labels, imageLabels, settings, identity, memory.containers);
  const known = rememberable ? memory.containers.get() : undefined;
  if (known !== undefined) return known;
  const definition = read(labels, imageLabels, settings, identity, memory);
  if (rememberable) memory.containers.set(definition);
  return definition;
}

/**
 * Gives the memo all texts that the definition depends on. False if it isn't worth it: no label of ours, one that
 * looks like ours, or image labels, which are asked for on rare occasions.
 */
function addTexts(
  labels: Labels,
  imageLabels: Labels | undefined,
  { namespace, serviceIdLabels }: LabelSettings,
  identity: string,
  memo: Memo<ContainerDefinition>,
): boolean {
  for (const _ in imageLabels) return false;
  let any = false;
  let seeded = false;
  memo.begin();
  memo.add(imageLabels === undefined ? 'unknown image' : '');
  for (const key in labels) {
    if (isOurs(key, namespace)) {
      const value = valueIn(labels, key);
      if (value === undefined) continue;
      any = true;
      memo.add(key);
      memo.add(value);
      seeded ||= isSeeded(key, value);
    } else if (looksLikeOurs(key, namespace)) return false;
  }
  memo.add(seeded ? identity : '');
  for (const key of serviceIdLabels) memo.add(valueIn(labels, key));
  return any;
}

function read(
  labels: Labels,
  imageLabels: Labels | undefined,
  settings: LabelSettings,
  identity: string,
  memory: Memory,
): ContainerDefinition {
  const collected = collect(labels, imageLabels, settings);
  const serviceId = serviceIdOf(collected);
  if (collected.ours.length === 0) return withoutLabels(collected, serviceId, settings);
  const counting = countingLabels(collected.ours, imageLabels, settings);
  return parse({ ...counting, collected, serviceId, settings, identity }, memory);
}

const nothing: readonly never[] = [];

function serviceIdOf({ service }: Collected): readonly string[] {
  return service.every((value) => value !== undefined) ? service : nothing;
}

function withoutLabels(
  { slips }: Collected,
  serviceId: readonly string[],
  settings: LabelSettings,
): ContainerDefinition {
  const problems = slips.length === 0 ? nothing : [slipWarning(slips, settings)];
  return { jobs: nothing, flags: settings.defaultFlags, serviceId, problems };
}

interface Counting {
  readonly ours: readonly Label[];
  readonly flags: Flags;
  readonly unknownFlags: readonly string[];
}

/** Flags, and the labels that count under them. An image can't turn itself on against the default. */
function countingLabels(
  all: readonly Label[],
  imageLabels: Labels | undefined,
  { namespace, defaultFlags }: LabelSettings,
): Counting {
  const own = (): Label[] => all.filter(({ inherited }) => !inherited);
  const first = defaultFlags.image ? all : own();
  const label = first.find(({ key }) => key === `${namespace}.options.flags`);
  const { flags: asked, unknown } = applyFlags(label?.value ?? '', defaultFlags);
  const held = imageLabels === undefined && !defaultFlags.image;
  const flags = held ? { ...asked, image: false } : asked;
  return { ours: flags.image ? all : own(), flags, unknownFlags: unknown };
}

/** Whether a label holds an `H`, which may stand for a value that depends on the seed. */
function isSeeded(key: string, value: string): boolean {
  return key.endsWith('crontab') && value.includes('H');
}

interface Work extends Counting {
  readonly collected: Collected;
  readonly serviceId: readonly string[];
  readonly settings: LabelSettings;
  readonly identity: string;
}

function parse(work: Work, memory: Memory): ContainerDefinition {
  const { settings, collected, serviceId } = work;
  const { jobs: all, options, jobless } = byJob(work.ours, settings.namespace);
  const problems: Problem[] = leftovers(jobless, options, work.unknownFlags, settings.namespace);
  const taken = withinLimit(all, problems);
  const jobs: JobDefinition[] = [];
  const user = readOptions(options, settings.namespace).user;
  const scope = serviceId.length > 0 ? serviceId.join('\0') : work.identity;
  for (const each of taken) {
    const context = { settings, user, seed: `${scope}/${each.name}` };
    const { job, problem } = remembered(each, context, memory);
    if (job !== undefined) jobs.push(job);
    if (problem !== undefined) problems.push(problem);
  }
  if (collected.slips.length > 0) problems.push(slipWarning(collected.slips, settings));
  if (jobs.length > 0) problems.push(...serviceProblems(collected, settings));
  return { jobs, flags: work.flags, serviceId, problems };
}

function remembered(labels: JobLabels, context: JobContext, { jobs }: Memory): JobResult {
  let seeded = false;
  jobs.begin();
  jobs.add(labels.name);
  jobs.add(context.user?.text);
  jobs.add(context.user?.fault);
  for (const [attribute, value] of labels.entries) {
    jobs.add(attribute);
    jobs.add(value);
    seeded ||= isSeeded(attribute, value);
  }
  if (seeded) jobs.add(context.seed);
  const known = jobs.get();
  if (known !== undefined) return known;
  const result = parseJob(labels, context);
  jobs.set(result);
  return result;
}

interface ByJob {
  readonly jobs: readonly JobLabels[];
  readonly options: Options;
  /** Keys without a job part. */
  readonly jobless: readonly string[];
}

type Entry = readonly [attribute: string, value: string];

function byJob(ours: readonly Label[], namespace: string): ByJob {
  const jobs = new Map<string, Entry[]>();
  const options = new Map<string, string>();
  const jobless: string[] = [];
  for (const { key, value } of ours) {
    const start = namespace.length + 1;
    const dot = key.indexOf('.', start);
    const name = key.slice(start, dot);
    const entry: Entry = [key.slice(dot + 1), value];
    if (dot < 0) jobless.push(key);
    else if (name === 'options') options.set(...entry);
    else {
      const entries = jobs.get(name);
      if (entries === undefined) jobs.set(name, [entry]);
      else entries.push(entry);
    }
  }
  return {
    jobs: [...jobs].map(([name, entries]) => ({ name, prefix: `${namespace}.${name}.`, entries })),
    options,
    jobless,
  };
}

/** So many jobs are read; which ones doesn't depend on the order of labels. */
function withinLimit(jobs: readonly JobLabels[], problems: Problem[]): readonly JobLabels[] {
  if (jobs.length <= mostJobs) return jobs;
  const sorted = [...jobs].sort((one, other) => (one.name < other.name ? -1 : 1));
  const left = sorted.slice(mostJobs);
  const count = left.length.toLocaleString('en');
  problems.push({
    ...warning(
      left.slice(0, 5).map(({ prefix }) => prefix.slice(0, -1)),
      `a container may have ${mostJobs.toLocaleString('en')} jobs: ${count} more are not run, from ${clip(left[0]?.name ?? '', 64)} on`,
    ),
    severity: 'rejected',
  });
  return sorted.slice(0, mostJobs);
}

function slipWarning(slips: readonly string[], { namespace }: LabelSettings): Problem {
  return warning(
    slips,
    `these labels are ignored: their namespace is almost ${clip(namespace, 64)}`,
    `Write ${clip(namespace, 64)}.JOB.ATTRIBUTE, or set LABEL_NAMESPACE`,
  );
}

function serviceProblems({ service }: Collected, { serviceIdLabels }: LabelSettings): Problem[] {
  const missing = serviceIdLabels.filter((_, index) => service[index] === undefined);
  if (missing.length === 0 || missing.length === serviceIdLabels.length) return [];
  const names = clip(missing.join(', '), 300);
  return [
    warning(
      missing,
      `the container has only a part of the labels that tell its service, so it belongs to none: ${names} missing`,
      'Set all of SERVICE_ID_LABELS on the container, or none',
    ),
  ];
}
