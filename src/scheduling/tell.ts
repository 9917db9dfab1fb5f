/** How decisions leave the core: reports, and what is to be remembered. */
import type { WallMs } from '../ids.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { Execution, JobMemory } from './events.ts';
import type { Core, Firing, Job, Silence } from './model.ts';
import type { FireTimeRange, JobSubject, Report } from './reports.ts';

/** A suspended or held job tells skipped fire times at most this often; milliseconds. */
const SILENCE_MS = 60_000;

export function report(core: Core, what: Report): void {
  core.commands.push({ kind: 'report', report: what });
}

export function subjectOf(job: Job): JobSubject {
  return {
    job: job.id,
    jobName: job.name,
    container: job.owner.id,
    containerName: job.owner.name,
    service: job.service?.id,
  };
}

/** The subject of a report about an execution whose job may be gone. */
export function subjectOfExecution(execution: Execution): JobSubject {
  const { job, definition, container, containerName, service } = execution;
  return { job, jobName: definition.name, container, containerName, service };
}

export function rangeOf(until: number, count: number, exact: boolean): { readonly range?: FireTimeRange } {
  return count > 1 ? { range: { until: until as WallMs, count, exact } } : {};
}

/**
 * Notes that a fire time has its record, or its execution. While an older one waits, memory stays behind that one.
 * `itself` is the firing that has it, if it is still in the job's list.
 */
export function handled(core: Core, job: Job, fireTime: number, itself?: Firing): void {
  const top = Math.max(fireTime, job.handledAhead);
  const oldest = job.waiting?.find((each) => each !== itself && each.cause !== 'run now');
  const reach = oldest === undefined ? top : Math.min(top, oldest.fireTime - 1);
  job.handledAhead = reach < top ? top : 0;
  if (reach <= job.handledUntil) return;
  job.handledUntil = reach;
  remember(core, job);
}

export function remember(core: Core, job: Job): void {
  if (core.settings.memories === undefined) return;
  core.commands.push({ kind: 'remember', job: job.id, memory: memoryOf(core, job) });
}

export function memoryOf(core: Core, job: Job): JobMemory {
  const anchor = job.cohort?.trigger.kind === 'interval' ? job.cohort.anchor + core.clock.offset : undefined;
  return {
    anchor: anchor === undefined ? undefined : (Math.round(anchor) as WallMs),
    handledUntil: job.handledUntil as WallMs,
    paused: job.held,
    triggerText: triggerKey(job.definition.trigger),
  };
}

/** Equal for triggers that mean the same. */
export function triggerKey(trigger: Trigger): string {
  return `${trigger.kind} ${trigger.text} ${trigger.timezone}`;
}

/** Fire times of a suspended or held job: told one by one if they are rare, together once a minute if not. */
export function skipSilently(
  core: Core,
  job: Job,
  reason: Silence['reason'],
  times: { readonly first: number; readonly newest: number; readonly count: number; readonly exact: boolean },
): void {
  if (job.silence?.reason !== reason) tellSilence(core, job);
  job.silence ??= { reason, toldAt: Number.NEGATIVE_INFINITY, from: 0, until: 0, count: 0, exact: true };
  const silence = job.silence;
  silence.reason = reason;
  if (silence.count === 0) silence.from = times.first;
  silence.until = times.newest;
  silence.count += times.count;
  silence.exact = silence.exact && times.exact;
  if (core.now.mono - silence.toldAt >= SILENCE_MS) tellSilence(core, job);
}

/** Tells what was skipped and not told yet. */
export function tellSilence(core: Core, job: Job): void {
  const silence = job.silence;
  if (silence === undefined || silence.count === 0) return;
  const { reason, from, until, count, exact } = silence;
  const fireTime = from as WallMs;
  report(core, {
    kind: 'skipped',
    subject: subjectOf(job),
    fireTime,
    reason,
    ...rangeOf(until, count, exact),
  });
  silence.count = 0;
  silence.exact = true;
  silence.toldAt = core.now.mono;
  handled(core, job, until);
}
