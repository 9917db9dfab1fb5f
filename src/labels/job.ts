/**
 * One job's labels -> one definition, or one problem that names every label at fault. A job is understood wholly
 * or not at all: nothing is guessed, and a mistake in one label rejects the job, never its neighbours.
 */
import * as v from 'valibot';
import type { LabelSettings } from '../configuration.ts';
import { compileTrigger } from '../triggers/compile.ts';
import { fillPositions } from '../triggers/cron.ts';
import type { Trigger } from '../triggers/trigger.ts';
import {
  type Attributes,
  attributesSchema,
  hintForUnknown,
  isAttribute,
  triggerNames,
} from './attributes.ts';
import type { JobDefinition, Problem } from './definition.ts';
import { readVariable } from './environment.ts';
import { type Fault, rejection } from './faults.ts';
import { clip, quote } from './text.ts';

/** The labels of one job. */
export interface JobLabels {
  readonly name: string;
  /** `NS.JOB.`: what stands before each attribute. */
  readonly prefix: string;
  /** Attribute (with its dots) and value, in the labels' order. */
  readonly entries: readonly (readonly [attribute: string, value: string])[];
}

export interface JobContext {
  readonly settings: LabelSettings;
  /** `options.user` of the container: its label and text. */
  readonly user: { readonly label: string; readonly text: string; readonly fault?: string } | undefined;
  /** Seed of `H` in a crontab. */
  readonly seed: string;
}

/** What becomes of one job's labels. */
export interface JobResult {
  readonly job?: JobDefinition;
  readonly problem?: Problem;
}

const longestName = 64;
const longestKey = 256;
const longestValue = 32_768;
const mostVariables = 1000;

/** Reads one job. Costs a few microseconds; `container.ts` remembers the result. */
export function parseJob(labels: JobLabels, context: JobContext): JobResult {
  const faults: Fault[] = nameFaults(labels, context.settings);
  const sorted = sort(labels, faults);
  const { texts, environment } = sorted;
  const attributes = read(texts, labels.prefix, faults);
  const trigger = readTrigger(sorted, attributes, labels, context, faults);
  requireCommand(sorted, labels.prefix, faults);
  const user = texts.user === undefined ? inheritedUser(context, faults) : (attributes.user ?? '');
  const { command } = attributes;
  if (faults.length > 0 || trigger === undefined || command === undefined) {
    return { problem: rejection(labels.name, faults) };
  }
  const { settings } = context;
  const job: JobDefinition = {
    name: labels.name,
    command: command.text,
    words: command.words,
    trigger,
    jitterMs: attributes.jitter ?? 0,
    max: attributes.max ?? settings.defaultMax,
    overlap: attributes.overlap ?? 'skip',
    graceMs: attributes.grace ?? settings.grace,
    timeoutMs: attributes.timeout ?? Number.POSITIVE_INFINITY,
    catchUp: attributes['catch-up'] ?? 'skip',
    user,
    workdir: attributes.workdir ?? '',
    environment,
  };
  const caution = cautionOf(trigger, labels);
  return caution === undefined ? { job } : { job, problem: caution };
}

type Texts = { [Name in keyof Attributes]?: string };

function nameFaults({ name, prefix }: JobLabels, { jobName }: LabelSettings): Fault[] {
  const label = prefix.slice(0, -1);
  if (name === '') return [{ label, message: 'the name of the job is missing between the two dots' }];
  if (name.length > longestName) {
    return [{ label, message: `the name of the job is longer than ${longestName} characters` }];
  }
  if (jobName.test(name)) return [];
  const meant = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return [
    {
      label,
      message: `${quote(name)} is no job name: all of it must match ${quote(jobName.source)}`,
      hint: jobName.test(meant)
        ? `Call it ${meant}, or set JOB_NAME_REGEX`
        : 'Set JOB_NAME_REGEX to allow it',
    },
  ];
}

interface Sorted {
  readonly texts: Texts;
  /** Attributes that were given, but too long to be looked at. */
  readonly oversized: ReadonlySet<string>;
  readonly environment: readonly string[];
}

/** Tells variables from attributes, and both from what is neither. */
function sort(labels: JobLabels, faults: Fault[]): Sorted {
  const texts: Texts = {};
  const oversized = new Set<string>();
  const environment: string[] = [];
  for (const [attribute, value] of labels.entries) {
    const label = labels.prefix + attribute;
    const fault = sizeFault(label, value);
    if (fault !== undefined) {
      faults.push(fault);
      oversized.add(attribute);
    } else if (attribute.startsWith('env.')) {
      const variable = readVariable(attribute.slice('env.'.length), value);
      if (variable.ok) environment.push(variable.value);
      else faults.push({ label, message: variable.message });
    } else if (isAttribute(attribute)) texts[attribute] = value;
    else faults.push({ label, message: 'there is no such attribute', ...hint(attribute, labels.prefix) });
  }
  if (environment.length > mostVariables) {
    faults.push({ label: `${labels.prefix}env`, message: `more than ${mostVariables} variables` });
  }
  return { texts, oversized, environment: environment.length === 0 ? nothing : environment };
}

/** Shared by all jobs without variables. */
const nothing: readonly string[] = [];

function sizeFault(label: string, value: string): Fault | undefined {
  if (label.length > longestKey)
    return { label, message: `the label is longer than ${longestKey} characters` };
  if (value.length > longestValue) {
    return { label, message: `the value is longer than ${longestValue} characters` };
  }
  return undefined;
}

function hint(attribute: string, prefix: string): { hint?: string } {
  const found = hintForUnknown(attribute, prefix);
  return found === undefined ? {} : { hint: found };
}

/** Each attribute by itself; what can't be read is left out. */
function read(texts: Texts, prefix: string, faults: Fault[]): Attributes {
  const result = v.safeParse(attributesSchema, texts);
  if (result.success) return result.output;
  const good: Texts = { ...texts };
  for (const issue of result.issues) {
    const attribute = String(v.getDotPath(issue) ?? '');
    if (isAttribute(attribute)) delete good[attribute];
    const fault: Fault = { label: prefix + attribute, message: issue.message };
    faults.push(issue.expected === null ? fault : { ...fault, hint: issue.expected });
  }
  return v.parse(attributesSchema, good);
}

function requireCommand({ texts, oversized }: Sorted, prefix: string, faults: Fault[]): void {
  if (texts.command === undefined && !oversized.has('command'))
    faults.push({ label: `${prefix}command`, message: 'it is missing' });
}

function inheritedUser({ user }: JobContext, faults: Fault[]): string {
  if (user?.fault !== undefined) faults.push({ label: user.label, message: user.fault });
  return user?.text ?? '';
}

/** Exactly one of the triggers; a bad zone doesn't keep the trigger's own mistakes back. */
function readTrigger(
  { texts, oversized }: Sorted,
  attributes: Attributes,
  { prefix }: JobLabels,
  { settings, seed }: JobContext,
  faults: Fault[],
): Trigger | undefined {
  const given = triggerNames.filter((name) => texts[name] !== undefined);
  const [name, ...others] = given;
  if (triggerNames.some((each) => oversized.has(each))) return undefined;
  if (name === undefined) {
    faults.push({ label: prefix.slice(0, -1), message: `one of ${triggerNames.join(', ')} is missing` });
    return undefined;
  }
  if (others.length > 0) {
    for (const each of given)
      faults.push({ label: prefix + each, message: `only one of ${given.join(', ')} may be given` });
    return undefined;
  }
  if (name === 'date' && texts.jitter !== undefined) {
    faults.push({ label: `${prefix}jitter`, message: 'a date can have no jitter' });
  }
  const text = texts[name] ?? '';
  const timezone = attributes.timezone ?? settings.timezone;
  const result = compileTrigger({ [name]: name === 'cron' ? fillPositions(text) : text }, { timezone, seed });
  if (result.ok) return result.trigger;
  faults.push({ label: prefix + name, ...result.problem });
  return undefined;
}

/** What a trigger has to tell its author though it is well-formed. */
function cautionOf(trigger: Trigger, { name, prefix }: JobLabels): Problem | undefined {
  if (trigger.kind !== 'cron' || trigger.caution === undefined) return undefined;
  return {
    job: name,
    labels: [clip(`${prefix}cron`, 300)],
    message: clip(trigger.caution, 1000),
    severity: 'warning',
  };
}
