/**
 * Containers, services and their jobs. A change is taken in two steps: first the tables of members are brought up to
 * date, then each job that the change may concern is settled: elected, added, moved, suspended or removed. The second
 * step looks only at the present state, so that repeats and reorderings change nothing, and a whole list can be taken in
 * before anything is settled.
 */
import type { JobId, ServiceId, WallMs } from '../ids.ts';
import type { ContainerDefinition, JobDefinition } from '../labels/definition.ts';
import { sameDefinition } from './definitions.ts';
import { definitionOf, electOwner } from './election.ts';
import type { Container } from './events.ts';
import { abandonWaiting } from './firing.ts';
import { armJob, catchUp, keepMemory } from './memory.ts';
import type { Core, Job, Member, Service } from './model.ts';
import { containerJobId, SHORT_ID, serviceIdOf, serviceJobId } from './names.ts';
import { remember, report, subjectOf, tellSilence, triggerKey } from './tell.ts';
import { joinCohort, leaveCohort, wallTime } from './timers.ts';

const ENDED = 'its container ended';
const PAUSED = 'its container is paused';
const CHANGED = 'its labels changed';
/** Containers whose problems were told, so that one that restarts is not told of again; then it begins anew. */
const TOLD_LIMIT = 10_000;

/** A member whose jobs are to be settled, and the definition that it had before. */
interface Change {
  readonly member: Member;
  readonly before: ContainerDefinition | undefined;
}

/** Takes in one container as it is now. */
export function takeContainer(core: Core, container: Container): void {
  settleAll(core, stage(core, container));
}

/** Takes in that a container is gone. */
export function dropContainer(core: Core, id: Container['id']): void {
  const member = core.members.get(id);
  if (member !== undefined) settleAll(core, [depart(core, member)]);
}

/** Takes in a whole list: what is not in it is gone. */
export function takeList(core: Core, containers: readonly Container[]): void {
  core.lists += 1;
  const changes: Change[] = [];
  for (const container of containers) {
    for (const change of stage(core, container)) changes.push(change);
    const member = core.members.get(container.id);
    if (member !== undefined) member.listed = core.lists;
  }
  for (const member of core.members.values()) {
    if (member.listed !== core.lists) changes.push(depart(core, member));
  }
  settleAll(core, changes);
}

const NOTHING: readonly Change[] = [];

function stage(core: Core, container: Container): readonly Change[] {
  const { id, state, excluded } = container;
  const known = core.members.get(id);
  const useless = state === 'other' || excluded !== undefined;
  if (!useless) tellProblems(core, container);
  // One without jobs is no candidate for anything, and on most hosts by far the commonest.
  if (useless || container.definition.jobs.length === 0) {
    return known === undefined ? NOTHING : [depart(core, known)];
  }
  if (known === undefined) return [enter(core, container, state)];
  known.name = container.name;
  const before = known.definition;
  const changed = before !== container.definition && !sameDefinition(before, container.definition);
  if (changed && needsOtherIds(core, known, container.definition)) {
    return [depart(core, known), enter(core, container, state)];
  }
  if (known.state === state && !changed) return NOTHING;
  if (changed) known.definition = container.definition;
  if (known.state !== state) {
    withdraw(known);
    known.state = state;
    if (known.service !== undefined) list(known, known.service, state);
  }
  return [{ member: known, before }];
}

function needsOtherIds(core: Core, known: Member, definition: ContainerDefinition): boolean {
  return serviceOf(definition) !== known.service?.id || clashes(core, known, definition, known.digits);
}

function serviceOf(definition: ContainerDefinition): ServiceId | undefined {
  return definition.flags.service ? serviceIdOf(definition.serviceId) : undefined;
}

function enter(core: Core, container: Container, state: 'running' | 'paused'): Change {
  const { id, name, definition } = container;
  const serviceId = serviceOf(definition);
  const service =
    serviceId === undefined ? undefined : (core.services.get(serviceId) ?? openService(core, serviceId));
  const fresh = { digits: UNDECIDED, place: 0, lane: undefined, listed: 0 };
  const member: Member = { id, name, state, definition, service, ...fresh };
  if (service !== undefined) list(member, service, state);
  core.members.set(id, member);
  return { member, before: undefined };
}

/** Until its jobs are settled: only then those of the others in the same list are there to compare with. */
const UNDECIDED = 0;

/** Whether another container's jobs have the ids that this many digits would give to those of this one. */
function clashes(core: Core, member: Member, { jobs }: ContainerDefinition, digits: number): boolean {
  if (member.service !== undefined) return false;
  return jobs.some(({ name }) => {
    const job = core.jobs.get(containerJobId(member.id, name, digits));
    return job !== undefined && job.owner !== member;
  });
}

function openService(core: Core, id: ServiceId): Service {
  const service = { id, running: NOBODY, paused: NOBODY };
  core.services.set(id, service);
  return service;
}

function depart(core: Core, member: Member): Change {
  withdraw(member);
  member.state = 'gone';
  core.members.delete(member.id);
  return { member, before: undefined };
}

function list(member: Member, service: Service, state: 'running' | 'paused'): void {
  member.place = service[state].length;
  // Most services have one member: a list of one takes less than an empty one that grew.
  if (service[state] === NOBODY) service[state] = [member];
  else service[state].push(member);
}

/** The list of a state that no member of a service was in yet; never changed. */
const NOBODY: Member[] = [];

/** Takes a member off its service's list; the last one of the list fills the gap. */
function withdraw(member: Member): void {
  if (member.service === undefined || member.state === 'gone') return;
  const members = member.service[member.state];
  const last = members.pop();
  if (last === undefined || last === member) return;
  members[member.place] = last;
  last.place = member.place;
}

function settleAll(core: Core, changes: readonly Change[]): void {
  for (const { member, before } of changes) {
    if (member.digits === UNDECIDED) {
      member.digits = clashes(core, member, member.definition, SHORT_ID) ? member.id.length : SHORT_ID;
    }
    for (const job of member.definition.jobs) settle(core, member, job.name);
    for (const job of before?.jobs ?? []) {
      if (before !== member.definition && definitionOf(member.definition, job.name) === undefined) {
        settle(core, member, job.name);
      }
    }
    const { service } = member;
    if (service?.running.length === 0 && service.paused.length === 0) core.services.delete(service.id);
  }
}

function settle(core: Core, member: Member, name: string): void {
  const { service } = member;
  const id =
    service === undefined ? containerJobId(member.id, name, member.digits) : serviceJobId(service.id, name);
  const job = core.jobs.get(id);
  const owner = electOwner(member, job?.owner, name);
  const definition = owner === undefined ? undefined : definitionOf(owner.definition, name);
  if (owner === undefined || definition === undefined) {
    if (job !== undefined) removeJob(core, job, job.owner.state === 'gone' ? ENDED : CHANGED);
  } else if (job === undefined) addJob(core, id, owner, definition);
  else keepJob(core, job, owner, definition);
}

function addJob(core: Core, id: JobId, owner: Member, definition: JobDefinition): void {
  const job: Job = {
    id,
    name: definition.name,
    service: owner.service,
    definition,
    owner,
    suspended: owner.state === 'paused',
    held: false,
    cohort: undefined,
    place: 0,
    handledUntil: 0,
    handledAhead: 0,
    waiting: undefined,
    silence: undefined,
  };
  core.jobs.set(id, job);
  const missed = armJob(core, job);
  const { text, timezone } = definition.trigger;
  report(core, {
    kind: 'job added',
    subject: subjectOf(job),
    trigger: text,
    timezone,
    next: nextFireTime(core, job),
  });
  if (job.suspended) report(core, { kind: 'job suspended', subject: subjectOf(job), reason: PAUSED });
  if (job.held) report(core, { kind: 'job suspended', subject: subjectOf(job), reason: HELD });
  if (missed !== undefined) catchUp(core, job, missed);
  if (job.cohort === undefined) {
    const reason = definition.trigger.kind === 'date' ? 'its date has passed' : 'it has no fire time left';
    report(core, { kind: 'job finished', subject: subjectOf(job), reason });
  }
}

/** The reason told while a person keeps a job paused. */
const HELD = 'paused by a person';

function removeJob(core: Core, job: Job, reason: string): void {
  abandonWaiting(core, job, reason);
  tellSilence(core, job);
  keepMemory(core, job);
  leaveCohort(core, job);
  core.jobs.delete(job.id);
  report(core, { kind: 'job removed', subject: subjectOf(job), reason });
}

function keepJob(core: Core, job: Job, owner: Member, definition: JobDefinition): void {
  if (triggerKey(definition.trigger) !== triggerKey(job.definition.trigger)) {
    removeJob(core, job, CHANGED);
    addJob(core, job.id, owner, definition);
    return;
  }
  if (owner !== job.owner) {
    const { name: from, state } = job.owner;
    job.owner = owner;
    report(core, {
      kind: 'job moved',
      subject: subjectOf(job),
      from,
      reason: state === 'gone' ? ENDED : PAUSED,
    });
  }
  if (definition !== job.definition) redefine(core, job, definition);
  suspend(core, job, owner.state === 'paused');
}

/** Takes over the attributes; the grid stays. */
function redefine(core: Core, job: Job, definition: JobDefinition): void {
  const rejoin = definition.jitterMs !== job.definition.jitterMs && job.cohort !== undefined;
  const anchor = job.cohort?.anchor ?? 0;
  if (rejoin) leaveCohort(core, job);
  job.definition = definition;
  if (rejoin) joinCohort(core, job, anchor);
}

function suspend(core: Core, job: Job, suspended: boolean): void {
  if (job.suspended === suspended) return;
  job.suspended = suspended;
  if (suspended) report(core, { kind: 'job suspended', subject: subjectOf(job), reason: PAUSED });
  else tellResumed(core, job);
}

/** A pause ended, of the container or by a person; the job is resumed once both have. */
function tellResumed(core: Core, job: Job): void {
  tellSilence(core, job);
  if (job.suspended || job.held) return;
  report(core, { kind: 'job resumed', subject: subjectOf(job), next: nextFireTime(core, job) });
}

/** A person pauses or resumes a job. */
export function holdJob(core: Core, job: Job, held: boolean): void {
  if (job.held === held) return;
  job.held = held;
  if (held) report(core, { kind: 'job suspended', subject: subjectOf(job), reason: HELD });
  else tellResumed(core, job);
  remember(core, job);
}

/** The next fire time on the wall clock, jitter left out. */
export function nextFireTime(core: Core, job: Job): WallMs | undefined {
  const { cohort } = job;
  return cohort === undefined ? undefined : (wallTime(core, cohort, cohort.fireTime) as WallMs);
}

function tellProblems(core: Core, { id, name, definition }: Container): void {
  const told = core.problemsTold.get(id);
  if (definition.problems.length === 0 || (told !== undefined && sameDefinition(told, definition))) return;
  if (core.problemsTold.size >= TOLD_LIMIT) core.problemsTold.clear();
  core.problemsTold.set(id, definition);
  for (const problem of definition.problems) {
    report(core, { kind: 'problem', container: id, containerName: name, problem });
  }
}
