/**
 * What ran and what will run between two moments, grouped by service. Everything is bounded, and fire times are
 * calculated in slices of a few milliseconds, since some triggers take a millisecond for each.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HistoryRow } from '../history/history.ts';
import type { JobView } from '../scheduling/events.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { ApiParts } from './parts.ts';
import type { TimelineQuery } from './queries.ts';
import type { TimelineAnswer } from './types.ts';

type Group = TimelineAnswer['rows'][number];
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

const groupLimit = 200;
const executionLimit = 2000;
const fireTimeLimit = 5000;
const fireTimesOfJob = 100;
/** Milliseconds of calculation in one turn, and in all. */
const sliceMs = 4;
const calculationMs = 250;

export async function timelineAnswer(parts: ApiParts, { from, to }: TimelineQuery): Promise<TimelineAnswer> {
  const now = parts.now();
  const groups = new Groups();
  await addExecutions(parts, groups, { from, to });
  await addFireTimes(parts, groups, Math.max(from, now), to);
  return { from, to, now, rows: groups.sorted(), leftOut: groups.leftOut };
}

class Groups {
  leftOut = 0;
  readonly #byName = new Map<string, Mutable<Group>>();

  of(name: string): Mutable<Group> | undefined {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    if (this.#byName.size >= groupLimit) {
      this.leftOut += 1;
      return undefined;
    }
    const group = { group: name, executions: [], fireTimes: [], goingOn: [] };
    this.#byName.set(name, group);
    return group;
  }

  sorted(): Group[] {
    return [...this.#byName.values()].sort((a, b) => (a.group < b.group ? -1 : 1));
  }
}

async function addExecutions(parts: ApiParts, groups: Groups, range: TimelineQuery): Promise<void> {
  let before: string | undefined;
  let seen = 0;
  do {
    const page = await parts.history.executions({
      ...range,
      limit: 1000,
      ...(before === undefined ? {} : { before }),
    });
    for (const row of page.rows) groups.of(row.service ?? row.containerName)?.executions.push(bar(row));
    seen += page.rows.length;
    before = page.next;
  } while (before !== undefined && seen < executionLimit);
  if (before !== undefined) groups.leftOut += 1;
}

function bar(row: HistoryRow): Group['executions'][number] {
  const { execution, jobName, startedAt, endedAt, fireTime, outcome, exitCode } = row;
  return {
    execution,
    jobName,
    from: startedAt ?? fireTime,
    ...(endedAt === undefined ? {} : { to: endedAt }),
    outcome,
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

async function addFireTimes(parts: ApiParts, groups: Groups, from: number, to: number): Promise<void> {
  const known = new Map<Trigger, readonly number[]>();
  const patience = createPatience();
  let count = 0;
  for (const job of parts.jobs()) {
    if (job.state !== 'armed' || job.nextFireTime === undefined || job.nextFireTime >= to) continue;
    if (count >= fireTimeLimit || patience.over()) {
      groups.leftOut += 1;
      continue;
    }
    const times = fireTimes(job, from, to, known);
    const group = groups.of(job.service ?? job.containerName);
    for (const at of times.slice(0, fireTimesOfJob)) group?.fireTimes.push({ jobName: job.name, at });
    const more = times[fireTimesOfJob];
    if (more !== undefined) group?.goingOn.push({ jobName: job.name, at: more });
    count += Math.min(times.length, fireTimesOfJob);
    await patience.pause();
  }
}

/** One more than are shown, if there are so many. Jobs that share a trigger share its fire times. */
function fireTimes(
  job: JobView,
  from: number,
  to: number,
  known: Map<Trigger, readonly number[]>,
): readonly number[] {
  const { trigger, nextFireTime } = job;
  const shared = trigger.kind === 'interval' ? undefined : known.get(trigger);
  if (shared !== undefined) return shared;
  const times: number[] = [];
  let at: number | undefined = nextFireTime;
  while (at !== undefined && at < to && times.length <= fireTimesOfJob) {
    if (at >= from) times.push(at);
    at = trigger.kind === 'interval' ? at + trigger.periodMs : trigger.next(Math.max(at, from - 1));
  }
  known.set(trigger, times);
  return times;
}

/** Lets others have their turn every few milliseconds, and ends when it took too long in all. */
function createPatience(): { over(): boolean; pause(): Promise<void> } {
  let spent = 0;
  let since = performance.now();
  return {
    over: () => spent > calculationMs,
    async pause() {
      const elapsed = performance.now() - since;
      if (elapsed < sliceMs) return;
      spent += elapsed;
      await nextTurn();
      since = performance.now();
    },
  };
}
