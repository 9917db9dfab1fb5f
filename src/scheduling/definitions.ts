/** Whether two parsings of labels ask for the same. Equal label sets mostly give the very same object; not always. */
import type { ContainerDefinition, JobDefinition } from '../labels/definition.ts';
import { triggerKey } from './tell.ts';

export function sameDefinition(one: ContainerDefinition, other: ContainerDefinition): boolean {
  if (one === other) return true;
  return (
    one.flags.service === other.flags.service &&
    one.flags.image === other.flags.image &&
    sameTexts(one.serviceId, other.serviceId) &&
    one.jobs.length === other.jobs.length &&
    one.jobs.every((job, index) => sameJob(job, other.jobs[index])) &&
    one.problems.length === other.problems.length &&
    one.problems.every((problem, index) => problem.message === other.problems[index]?.message)
  );
}

const PLAIN = [
  'name',
  'command',
  'jitterMs',
  'max',
  'overlap',
  'graceMs',
  'timeoutMs',
  'catchUp',
  'user',
  'workdir',
] as const;

function sameJob(one: JobDefinition, other: JobDefinition | undefined): boolean {
  if (other === undefined) return false;
  return (
    PLAIN.every((key) => one[key] === other[key]) &&
    triggerKey(one.trigger) === triggerKey(other.trigger) &&
    sameTexts(one.environment, other.environment)
  );
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
