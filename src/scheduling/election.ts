/**
 * Which member of a service carries a job. The owner is a running member that has the job's labels. An owner keeps its job
 * while it runs; when it pauses or goes, a running member takes over at any time one appears; while only paused ones
 * are left, one of them is the owner and the job is suspended. Each job is elected by itself, so that members with
 * different labels (a redeployment under way) never leave one without its carrier.
 *
 * Invariants: at most one owner; no paused owner while a running member has the job.
 */
import type { ContainerDefinition, JobDefinition } from '../labels/definition.ts';
import type { Member } from './model.ts';

/** The owner of the job `name` among the members that `member` belongs to, or none. `current` owns it so far. */
export function electOwner(member: Member, current: Member | undefined, name: string): Member | undefined {
  if (member.service === undefined) return member.state === 'gone' || !has(member, name) ? undefined : member;
  if (current !== undefined && current.state === 'running' && has(current, name)) return current;
  const { running, paused } = member.service;
  const next = running.find((each) => has(each, name));
  if (next !== undefined) return next;
  if (current !== undefined && current.state === 'paused' && has(current, name)) return current;
  return paused.find((each) => has(each, name));
}

function has(member: Member, name: string): boolean {
  return definitionOf(member.definition, name) !== undefined;
}

/** Below this a search through the list is as fast as a table. */
const FEW = 8;
const tables = new WeakMap<ContainerDefinition, Map<string, JobDefinition>>();

/** The definition of one job. */
export function definitionOf(definition: ContainerDefinition, name: string): JobDefinition | undefined {
  if (definition.jobs.length <= FEW) return definition.jobs.find((job) => job.name === name);
  let table = tables.get(definition);
  if (table === undefined) {
    table = new Map(definition.jobs.map((job) => [job.name, job]));
    tables.set(definition, table);
  }
  return table.get(name);
}
