/**
 * The story of chorewheel on one screen. Three kinds of events come in (the engine's, the clock's, the workers'),
 * the schedule answers each with commands, and `carryOut` is the one place that executes them:
 *
 *     watcher event ─┐                                       ┌─ execute ─> pool ─> worker
 *     clock wake ────┼─> schedule.apply(event, now) ─> commands ─ remember ─> history
 *     outcome ───────┘                                       └─ report ──> log, metrics, history, page
 *
 * Everything it works with comes in by argument, so that a test can run days of virtual time through it.
 */
import { type Clock, EARLY_MS } from './clock.ts';
import type { Watcher, WatcherEvent } from './docker/engine-contract.ts';
import type { Outcome } from './execution/outcome.ts';
import type { Pool, PoolHandlers } from './execution/pool-contract.ts';
import type { OutputLine } from './execution/protocol.ts';
import type { History } from './history/history.ts';
import { assertNever, type ExecId, type ExecutionId } from './ids.ts';
import type { Command, Execution, ScheduleEvent } from './scheduling/events.ts';
import type { Report } from './scheduling/reports.ts';
import type { Schedule } from './scheduling/schedule.ts';

/** An execution of an earlier process, and its exec where that was recorded. */
export interface LeftBehind {
  readonly execution: Execution;
  readonly exec: ExecId | undefined;
}

/** What the daemon is made of. */
export interface DaemonParts {
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly history: History;
  /** Executions that an earlier process left; asked for when the engine has first been reached. */
  readonly leftBehind: () => readonly LeftBehind[];
  /** Called whenever the schedule was asked: proof that the loop turns. */
  readonly ticked: () => void;
  /** Called once for each decision. */
  readonly tell: (report: Report) => void;
  /** Called with what the engine side says, after the schedule has heard it. */
  readonly watched: (event: WatcherEvent) => void;
  /** Lines of a running execution, in order. */
  readonly output: (execution: Execution, line: OutputLine) => void;
  readonly omitted: (execution: Execution, lines: number, bytes: number) => void;
  readonly warn: (execution: Execution | undefined, message: string) => void;
  readonly createPool: (handlers: PoolHandlers) => Pool;
  readonly createWatcher: (handle: (event: WatcherEvent) => void) => Watcher;
}

export interface Daemon {
  /** Proves the workers (throws if they can't run) and starts to watch; resolves after the first list. */
  start(): Promise<void>;
  apply(event: ScheduleEvent): void;
  /** Executions that run now. */
  readonly running: ReadonlyMap<ExecutionId, Execution>;
  readonly watcher: Watcher;
  /** Starts nothing new; resolves when nothing runs any more or after `limitMs`, with the number that is left. */
  drain(limitMs: number): Promise<number>;
  /** Ends watcher, workers and history; false if the history hangs. What still runs goes on in its container. */
  stop(): Promise<boolean>;
}

export function createDaemon(parts: DaemonParts): Daemon {
  const { clock, schedule, history } = parts;
  const running = new Map<ExecutionId, Execution>();
  /** Executions whose exec may not be started yet. */
  const unsafe = new Set<ExecutionId>();
  let idle: (() => void) | undefined;
  let reached = false;
  let over = false;

  const pool = parts.createPool({
    created,
    output(lines) {
      for (const line of lines) {
        const execution = running.get(line.execution);
        if (execution !== undefined) parts.output(execution, line);
      }
    },
    omitted: (id, lines, bytes) => withExecution(id, (execution) => parts.omitted(execution, lines, bytes)),
    ended,
    warning: (id, message) => parts.warn(id === undefined ? undefined : running.get(id), message),
    watchExecs: (on) => watcher.watchExecs(on),
  });
  const watcher = parts.createWatcher(watched);

  function withExecution(id: ExecutionId, use: (execution: Execution) => void): void {
    const execution = running.get(id);
    if (execution !== undefined) use(execution);
  }

  function apply(event: ScheduleEvent): void {
    if (over) return;
    carryOut(schedule.apply(event, clock.now()));
    parts.ticked();
    arm();
  }

  function arm(): void {
    const wake = schedule.nextWake(clock.now());
    if (wake === undefined) clock.disarm();
    else clock.arm(wake.inMs, tick, prepare);
  }

  function tick(): void {
    apply({ kind: 'tick' });
  }

  function prepare(): void {
    schedule.prepare(clock.now(), EARLY_MS);
  }

  /** Every execution is on its way to a worker before any is told of: none waits for the log or the history. */
  function carryOut(commands: readonly Command[]): void {
    let any = false;
    for (const command of commands) {
      if (command.kind !== 'execute') continue;
      start(command.execution);
      any = true;
    }
    if (any) pool.send();
    for (const command of commands) tellOrDo(command);
  }

  function tellOrDo(command: Command): void {
    switch (command.kind) {
      case 'execute':
        history.recordStarted(command.execution);
        break;
      case 'cancel':
        pool.cancel(command.execution);
        break;
      case 'remember':
        history.remember(command.job, command.memory);
        break;
      case 'forget':
        history.forget(command.job);
        break;
      case 'report':
        parts.tell(command.report);
        break;
      default:
        assertNever(command);
    }
  }

  function start(execution: Execution): void {
    running.set(execution.id, execution);
    if (waitsForGo(execution)) unsafe.add(execution.id);
    pool.execute(request(execution));
  }

  /** A job that is caught up after a crash starts only when its exec is safe on disk: it must never run twice. */
  function created(id: ExecutionId, exec: ExecId): void {
    history.recordCreated(id, exec);
    if (!unsafe.has(id)) return;
    const safe = history.acknowledged(id);
    if (safe === undefined) go(id);
    else void safe.then(() => go(id));
  }

  function go(id: ExecutionId): void {
    if (unsafe.delete(id) && !over) pool.go(id);
  }

  /** They take their places before any job is armed: the first fire time already counts them. */
  function adoptLeftBehind(): void {
    if (reached) return;
    reached = true;
    for (const { execution, exec } of parts.leftBehind()) {
      running.set(execution.id, execution);
      apply({ kind: 'adopted', execution });
      pool.adopt(request(execution), exec);
      if (waitsForGo(execution)) pool.go(execution.id);
    }
  }

  function ended(id: ExecutionId, outcome: Outcome, durationMs: number): void {
    const execution = running.get(id);
    if (execution === undefined) return;
    running.delete(id);
    unsafe.delete(id);
    history.recordEnded(execution, outcome, clock.now().wall, durationMs);
    apply({ kind: 'ended', execution: id, outcome, durationMs });
    if (running.size === 0) idle?.();
  }

  function watched(event: WatcherEvent): void {
    switch (event.kind) {
      case 'listed':
        adoptLeftBehind();
        apply({ kind: 'listed', containers: event.containers });
        apply({ kind: 'engine back' });
        break;
      case 'container':
        apply({ kind: 'container', container: event.container });
        break;
      case 'container gone':
        pool.containerDied(event.container);
        apply({ kind: 'container gone', container: event.container });
        break;
      case 'exec died':
        pool.execDied(event.exec, event.exitCode);
        break;
      case 'disconnected':
        apply({ kind: 'engine away' });
        break;
      case 'connected':
      case 'warning':
        break;
      default:
        assertNever(event);
    }
    parts.watched(event);
  }

  return {
    running,
    watcher,
    apply,
    async start() {
      await pool.start();
      await watcher.start();
    },
    async drain(limitMs) {
      apply({ kind: 'drain' });
      if (running.size > 0) await new Promise<void>((resolve) => endOfDrain(resolve, limitMs));
      // Nothing of these runs anywhere, so they must not be told as left running.
      const reason = 'its start was not safe on disk before the end';
      for (const id of [...unsafe]) ended(id, { kind: 'failed to start', reason }, 0);
      return running.size;
    },
    async stop() {
      over = true;
      clock.disarm();
      await watcher.stop();
      await pool.stop();
      return history.close();
    },
  };

  function endOfDrain(resolve: () => void, limitMs: number): void {
    const timer = setTimeout(resolve, limitMs);
    idle = () => {
      clearTimeout(timer);
      resolve();
    };
  }
}

function waitsForGo({ definition }: Execution): boolean {
  return definition.catchUp !== 'skip';
}

/** What a worker needs of an execution. */
export function request(execution: Execution): Parameters<Pool['execute']>[0] {
  const { words, user, workdir, environment, timeoutMs } = execution.definition;
  return {
    execution: execution.id,
    container: execution.container,
    words,
    user,
    workdir,
    environment,
    timeoutMs,
    ...(waitsForGo(execution) && { waitsForGo: true }),
  };
}
