/** One-line builders of what the core takes in, with everything that a test does not name filled in. */
import type { ContainerId, WallMs } from '../../src/ids.ts';
import type { ContainerDefinition, JobDefinition } from '../../src/labels/definition.ts';
import type { Container, ContainerState } from '../../src/scheduling/events.ts';
import type { CronTrigger, DateTrigger, IntervalTrigger, Trigger } from '../../src/triggers/trigger.ts';

const SECOND = 1_000;

/** Fires by the calendar at each whole multiple of `everyMs` of the wall clock, plus `offsetMs`. */
export function calendar(everyMs: number, offsetMs = 0): CronTrigger {
  return {
    kind: 'cron',
    text: `each ${everyMs} ms + ${offsetMs}`,
    timezone: 'UTC',
    next: (after) => (Math.floor((after - offsetMs) / everyMs) + 1) * everyMs + offsetMs,
  };
}

/** Fires once. */
export function dateAt(at: number): DateTrigger {
  return {
    kind: 'date',
    text: `at ${at}`,
    timezone: 'UTC',
    at,
    next: (after) => (after < at ? at : undefined),
  };
}

/** Fires on a grid that begins when the job is armed. */
export function interval(periodMs: number): IntervalTrigger {
  return {
    kind: 'interval',
    text: `every ${periodMs} ms`,
    timezone: 'UTC',
    periodMs,
    anchor: 0,
    next: (after) => (Math.floor(after / periodMs) + 1) * periodMs,
  };
}

export interface JobParts extends Partial<JobDefinition> {
  readonly trigger?: Trigger;
}

/** A job that fires each minute, unless told otherwise. */
export function job(name: string, parts: JobParts = {}): JobDefinition {
  return {
    name,
    command: `run ${name}`,
    words: ['run', name],
    trigger: EACH_MINUTE,
    jitterMs: 0,
    max: 1,
    overlap: 'skip',
    graceMs: Number.POSITIVE_INFINITY,
    timeoutMs: Number.POSITIVE_INFINITY,
    catchUp: 'skip',
    user: '',
    workdir: '',
    environment: [],
    ...parts,
  };
}

const EACH_MINUTE = calendar(60 * SECOND);

export interface ContainerParts {
  readonly id?: string;
  readonly state?: ContainerState;
  /** Jobs by name, or whole definitions. */
  readonly jobs?: Readonly<Record<string, JobParts>> | readonly JobDefinition[];
  /** Values of the service labels; none = no service. */
  readonly service?: readonly string[];
  readonly flags?: Partial<ContainerDefinition['flags']>;
  readonly problems?: ContainerDefinition['problems'];
  readonly excluded?: string;
  /** Instead of all parts of the definition. */
  readonly definition?: ContainerDefinition;
}

/** A running container without jobs, unless told otherwise. Its id is made from its name. */
export function container(name: string, parts: ContainerParts = {}): Container {
  const { id = idOf(name), state = 'running', excluded } = parts;
  return {
    id: id as ContainerId,
    name,
    state,
    definition: parts.definition ?? definition(parts),
    ...(excluded === undefined ? {} : { excluded }),
  };
}

export function definition(parts: ContainerParts): ContainerDefinition {
  const { jobs = {}, service = [], flags, problems = [] } = parts;
  return {
    jobs: isList(jobs) ? jobs : Object.entries(jobs).map(([name, rest]) => job(name, rest)),
    flags: { image: true, service: true, ...flags },
    serviceId: service,
    problems,
  };
}

function isList(jobs: NonNullable<ContainerParts['jobs']>): jobs is readonly JobDefinition[] {
  return Array.isArray(jobs);
}

/** 64 hexadecimal digits, different for different names. */
export function idOf(name: string): ContainerId {
  let hash = 0x811c9dc5;
  let id = '';
  for (let round = 0; round < 8; round += 1) {
    for (const letter of `${name}#${round}`)
      hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
    id += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return id as ContainerId;
}

/** A named instant: `at('2026-01-05 03:00:00')`, in UTC. */
export function at(text: string): WallMs {
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(ms)) throw new Error(`not an instant: ${text}`);
  return ms as WallMs;
}
