/** Drives a schedule through virtual time and keeps every decision, sorted for assertions. */

import type { Outcome } from '../../src/execution/outcome.ts';
import type { ExecutionId, JobId } from '../../src/ids.ts';
import type { Command, Execution, JobMemory, ScheduleEvent } from '../../src/scheduling/events.ts';
import type { Report } from '../../src/scheduling/reports.ts';
import { createSchedule, type Schedule, type ScheduleSettings } from '../../src/scheduling/schedule.ts';
import { seededRandom } from './random.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export interface Driver {
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  /** All so far. */
  readonly reports: Report[];
  readonly started: Execution[];
  /** What a history would hold by now. */
  readonly memories: Map<JobId, JobMemory>;
  /** Applies events at the present moment; the commands of all of them. */
  apply(...events: ScheduleEvent[]): Command[];
  /** Time passes in steps as the daemon takes them: at most a second, less if the schedule asks. */
  run(ms: number): void;
  /** Time passes in one leap, as in suspend: nobody looks in between. */
  suspend(ms: number): void;
  end(execution: Execution, outcome?: Outcome): void;
  /** Reports of one kind. */
  of<K extends Report['kind']>(kind: K): Extract<Report, { kind: K }>[];
}

export interface DriverOptions extends Partial<ScheduleSettings> {
  readonly start?: number;
  /** Executions end after this many milliseconds by themselves; undefined: the test ends them. */
  readonly duration?: number | ((execution: Execution) => number);
  readonly seed?: number;
  /** Called for each command. */
  readonly watch?: (command: Command, clock: VirtualClock) => void;
}

export const EXITED: Outcome = { kind: 'exited', exitCode: 0 };

export function drive(options: DriverOptions = {}): Driver {
  const { start = Date.UTC(2026, 0, 5), duration, seed = 1, watch, ...settings } = options;
  const clock = virtualClock(start);
  let ids = 0;
  const schedule = createSchedule({
    poolSize: 10,
    newExecutionId: () => {
      ids += 1;
      return `x${ids}` as ExecutionId;
    },
    random: seededRandom(seed),
    now: clock.now(),
    ...settings,
  });
  const reports: Report[] = [];
  const started: Execution[] = [];
  const memories = new Map<JobId, JobMemory>(options.memories);
  const ends: { readonly at: number; readonly execution: Execution }[] = [];

  function apply(...events: ScheduleEvent[]): Command[] {
    const commands = events.flatMap((event) => schedule.apply(event, clock.now()));
    for (const command of commands) keep(command);
    return commands;
  }

  function keep(command: Command): void {
    watch?.(command, clock);
    if (command.kind === 'report') reports.push(command.report);
    else if (command.kind === 'remember') memories.set(command.job, command.memory);
    else if (command.kind === 'forget') memories.delete(command.job);
    else if (command.kind === 'execute') begin(command.execution);
  }

  function begin(execution: Execution): void {
    started.push(execution);
    if (duration === undefined) return;
    const ms = typeof duration === 'number' ? duration : duration(execution);
    const at = clock.now().mono + ms;
    const place = ends.findLastIndex((each) => each.at <= at) + 1;
    ends.splice(place, 0, { at, execution });
  }

  function endDue(): void {
    while (ends[0] !== undefined && ends[0].at <= clock.now().mono) {
      const ended = ends.shift();
      if (ended !== undefined) end(ended.execution);
    }
  }

  function end(execution: Execution, outcome: Outcome = EXITED): void {
    apply({ kind: 'ended', execution: execution.id, outcome, durationMs: 1 });
  }

  function run(ms: number): void {
    const until = clock.now().mono + ms;
    for (;;) {
      apply({ kind: 'tick' });
      endDue();
      const { mono } = clock.now();
      if (mono >= until) break;
      const wake = schedule.nextWake(clock.now())?.inMs ?? 1_000;
      const nextEnd = (ends[0]?.at ?? Number.POSITIVE_INFINITY) - mono;
      clock.pass(Math.min(1_000, until - mono, nextEnd, Math.max(wake, 0)));
    }
  }

  return {
    schedule,
    clock,
    reports,
    started,
    memories,
    apply,
    run,
    suspend: (ms) => clock.pass(ms),
    end,
    of: (kind) =>
      reports.filter((each): each is Extract<Report, { kind: typeof kind }> => each.kind === kind),
  };
}
