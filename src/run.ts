/** One run of the daemon: its beginning, its life, and its orderly end. */
import type { Listener } from './api/listen.ts';
import { createLive } from './api/live.ts';
import { createMetrics } from './api/metrics.ts';
import { createProblemBoard } from './api/problems.ts';
import { assemble, type Listeners, newSchedule } from './assemble.ts';
import { readClock } from './clock.ts';
import type { Config } from './configuration.ts';
import type { Daemon } from './daemon.ts';
import { addressText } from './docker/connection.ts';
import { within } from './history/connection.ts';
import type { History } from './history/history.ts';
import { openHistory, StateFolderInUse } from './history/open.ts';
import type { OutputLog } from './output-log.ts';
import { type ProcessReport, renderJob, renderProcess } from './process-report.ts';
import { type Schedule, subjectOfExecution } from './scheduling/schedule.ts';
import { handleSignals, STATUS_LEFT_BEHIND } from './signals.ts';
import { claimPlace } from './single.ts';
import { describeTrigger } from './triggers/describe.ts';
import { version } from './version.ts';

/** How often a drain that takes time tells what it waits for, in milliseconds. */
const DRAIN_PROGRESS_MS = 5000;

/** Exit status of one that must not run beside another. */
const STATUS_REFUSED = 1;

type Say = (report: ProcessReport) => void;

/** How long an end at once waits for the history's thread, which only hangs if the file system does; milliseconds. */
const ABORT_MS = 500;

/** What ends a run: a signal, or another instance that has the right of way. */
type Ending = { readonly kind: 'signal'; readonly signal: NodeJS.Signals } | { readonly kind: 'gives way' };

export interface RunEnd {
  /** Exit status. */
  readonly status: number;
  /** A thread hangs in the file system: Node would wait for it and never exit. */
  readonly hangs: boolean;
}

/** What signals act on, as far as it is there. */
interface Reach {
  readonly finish: (ending: Ending) => void;
  readonly ending: Promise<Ending>;
  history: Promise<History> | undefined;
  schedule: Schedule | undefined;
}

/** Runs until told to stop. `leave` is to end the process: a second signal does not wait for anything. */
export async function run(
  config: Config,
  notes: readonly string[],
  output: OutputLog,
  leave: (end: RunEnd) => void,
): Promise<RunEnd> {
  const startedAt = Date.now();
  const say: Say = (report) => output.record(renderProcess(report));
  const engine = addressText(config.engine);
  const { namespace } = config.labels;
  say({ kind: 'started', version, engine, namespace });
  for (const message of notes) say({ kind: 'configuration note', message });
  const reach = createReach();
  handleSignals({
    stop: (signal) => reach.finish({ kind: 'signal', signal }),
    stopAtOnce: () => void leaveAtOnce(reach, leave),
    list: () => list(reach.schedule, say, output),
  });

  const claim = await claimPlace(engine, namespace, new Date(startedAt));
  if (claim.kind === 'taken') {
    say({ kind: 'refused', namespace, holder: claim.holder });
    return { status: STATUS_REFUSED, hangs: false };
  }
  if (claim.kind === 'impossible') {
    const message = `a second instance on this host would not be noticed: ${claim.why}`;
    say({ kind: 'warning', source: 'process', message });
  }
  reach.history = openHistory(config, (message) => say({ kind: 'warning', source: 'history', message }));
  const history = await unlessInUse(reach.history, say);
  if (history === undefined) return { status: STATUS_REFUSED, hangs: false };
  return await live(config, history, output, startedAt, reach);
}

function createReach(): Reach {
  let finish: (ending: Ending) => void = () => {};
  const ending = new Promise<Ending>((resolve) => {
    finish = resolve;
  });
  return { finish, ending, history: undefined, schedule: undefined };
}

async function leaveAtOnce({ history }: Reach, leave: (end: RunEnd) => void): Promise<void> {
  const aborted = history?.then(
    (opened) => opened.abort(),
    () => undefined,
  );
  const ended = await within(ABORT_MS, aborted ?? Promise.resolve());
  leave({ status: STATUS_LEFT_BEHIND, hangs: !ended });
}

async function unlessInUse(opening: Promise<History>, say: Say): Promise<History | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof StateFolderInUse)) throw error;
    say({ kind: 'configuration mistake', message: error.message });
    return undefined;
  }
}

async function live(
  config: Config,
  history: History,
  output: OutputLog,
  startedAt: number,
  reach: Reach,
): Promise<RunEnd> {
  const listeners: Listeners = {
    history,
    output,
    metrics: createMetrics(),
    live: createLive(Date.now),
    problems: createProblemBoard(),
  };
  const say: Say = (report) => output.record(renderProcess(report));
  const schedule = newSchedule(config, history);
  reach.schedule = schedule;
  let lastTick = startedAt;
  const daemon = assemble(config, schedule, listeners, {
    ticked() {
      lastTick = Date.now();
    },
    giveWay({ name, startedAt: since }) {
      const { namespace } = config.labels;
      say({ kind: 'refused', namespace, holder: `container ${name}, started ${since}` });
      reach.finish({ kind: 'gives way' });
    },
  });
  const doors = await openDoors(config, {
    schedule,
    daemon,
    listeners,
    startedAt,
    lastTick: () => (schedule.nextWake(readClock()) === undefined ? undefined : lastTick),
    say,
  });
  await Promise.race([daemon.start(), reach.ending]);
  if (daemon.watcher.health.connected) {
    const { containers, jobs } = schedule.counts();
    say({ kind: 'ready', containers, jobs, afterMs: Date.now() - startedAt });
  }
  return await end(config, daemon, await reach.ending, doors, listeners);
}

interface Running {
  readonly schedule: Schedule;
  readonly daemon: Daemon;
  readonly listeners: Listeners;
  readonly startedAt: number;
  readonly lastTick: () => number | undefined;
  readonly say: Say;
}

/** Page, API and metrics; their code is loaded only if somebody can come in. */
async function openDoors(config: Config, running: Running): Promise<readonly Listener[]> {
  if (config.controlSocket === undefined && config.http === undefined) return [];
  const { schedule, daemon, listeners, startedAt, lastTick, say } = running;
  const { serve } = await import('./serving.ts');
  const parts = {
    version,
    startedAt,
    now: Date.now,
    jobs: () => schedule.jobs(),
    job: schedule.job,
    counts: () => ({ ...schedule.counts(), poolSize: config.jobPoolSize }),
    describe: describeTrigger,
    engine: () => daemon.watcher.health,
    resyncIntervalMs: config.resyncIntervalMs,
    lastTick,
    history: listeners.history,
    problems: () => listeners.problems.all(),
    apply: daemon.apply,
    live: listeners.live,
    metrics: listeners.metrics,
    warn: (message: string) => say({ kind: 'warning', source: 'api', message }),
  };
  return serve(config, parts, say);
}

async function end(
  config: Config,
  daemon: Daemon,
  ending: Ending,
  doors: readonly Listener[],
  { output, metrics }: Listeners,
): Promise<RunEnd> {
  const say: Say = (report) => output.record(renderProcess(report));
  const until = Date.now() + config.stopTimeoutMs;
  if (ending.kind === 'signal') {
    const { signal } = ending;
    say({ kind: 'draining', signal, running: daemon.running.size, stopTimeoutMs: config.stopTimeoutMs });
  }
  const progress = setInterval(() => {
    say({ kind: 'drain progress', running: daemon.running.size, leftMs: Math.max(0, until - Date.now()) });
  }, DRAIN_PROGRESS_MS);
  const left = await daemon.drain(config.stopTimeoutMs);
  clearInterval(progress);
  for (const execution of daemon.running.values()) {
    output.tell({
      kind: 'abandoned',
      subject: subjectOfExecution(execution),
      fireTime: execution.fireTime,
      execution,
      reason: 'it still ran when chorewheel had to stop',
    });
  }
  const [ended] = await Promise.all([daemon.stop(), ...doors.map((door) => door.close())]);
  metrics.close();
  const clean = ending.kind === 'gives way' ? STATUS_REFUSED : 0;
  const status = left === 0 ? clean : STATUS_LEFT_BEHIND;
  say({ kind: 'stopped', abandoned: left, status });
  return { status, hangs: !ended };
}

function list(schedule: Schedule | undefined, say: Say, output: OutputLog): void {
  let jobs = 0;
  for (const job of schedule?.jobs() ?? []) {
    output.record(renderJob(job));
    jobs += 1;
  }
  if (jobs === 0) say({ kind: 'no jobs' });
}
