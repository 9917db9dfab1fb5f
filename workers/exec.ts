/**
 * One execution, from exec create to its outcome: create, start, read the output, inspect. Three requests, if
 * nothing goes wrong; `following.ts` knows what can, `termination.ts` how one is stopped.
 */
import type { Outcome } from '../src/execution/outcome.ts';
import type { ExecId } from '../src/ids.ts';
import { follow, untilGone } from './following.ts';
import { MARK, scan } from './mark.ts';
import { Output } from './output.ts';
import type { Carrying, Run, StopReport } from './run.ts';
import { terminate } from './termination.ts';

/** Longest delay a timer takes, milliseconds; longer ones would fire at once. */
const TIMER_LIMIT = 0x7fffffff;

/** Carries an execution to its end. Never throws for what an engine or a command may do. */
export async function carry(run: Run, carrying: Carrying): Promise<Outcome> {
  const exec = await create(run, carrying);
  if (typeof exec !== 'string') return exec;
  return launch(run, carrying, exec);
}

/** From its exec, created and not started, to its end. */
async function launch(run: Run, carrying: Carrying, exec: ExecId): Promise<Outcome> {
  if (!(await mayStart(run)))
    return { kind: 'cancelled', stopped: true, detail: 'it was cancelled before it started' };
  const clock = armStopping(run, carrying);
  const refusal = await start(run, carrying, exec);
  const outcome = refusal ?? (await follow(run, carrying, exec));
  return conclude(run, carrying, clock, outcome);
}

/** Waits until it may start; false if it is to be stopped before. */
async function mayStart(run: Run): Promise<boolean> {
  while (!run.mayStart && run.stopCause === undefined) await run.wait(TIMER_LIMIT);
  return run.stopCause === undefined;
}

/**
 * Follows what an earlier worker or process started. Where the exec of one that waits for `go` is still as it was
 * created, it is started: whoever created it never came to that.
 */
export async function adopt(run: Run, carrying: Carrying): Promise<Outcome> {
  if (run.request.waitsForGo === true && run.exec !== undefined) {
    if (await isUnstarted(run, carrying, run.exec)) return launch(run, carrying, run.exec);
  }
  const clock = armStopping(run, carrying);
  run.startedAt = performance.now();
  run.detached = true;
  const outcome =
    run.exec === undefined
      ? await untilGone(run, carrying, 'who started it did not learn what became of it')
      : await follow(run, carrying, run.exec);
  return conclude(run, carrying, clock, outcome);
}

async function create(run: Run, { requests, outbox }: Carrying): Promise<ExecId | Outcome> {
  const { words, user, workdir, environment } = run.request;
  const created = await requests.createExec(run.container, {
    words,
    user,
    workdir,
    environment: [...environment, `${MARK}=${run.id}`],
  });
  switch (created.kind) {
    case 'created':
      run.exec = created.exec;
      outbox.tell({ kind: 'created', execution: run.id, exec: created.exec, at: Date.now() });
      return created.exec;
    case 'refused':
      return { kind: 'failed to start', reason: created.reason };
    case 'no answer':
      return { kind: 'failed to start', reason: `the engine did not create the exec: ${created.reason}` };
  }
}

/** An engine that does not answer is waited for. */
async function isUnstarted(run: Run, { requests }: Carrying, exec: ExecId): Promise<boolean> {
  for (;;) {
    const state = await requests.inspectExec(run.container, exec);
    if (state.kind !== 'no answer') return state.kind === 'not started';
    if (run.stopCause !== undefined) return false;
    await run.wait(1_000);
  }
}

/** Returns an outcome if it certainly did not start. Where that is uncertain, following it will tell. */
async function start(
  run: Run,
  { requests, settings, outbox }: Carrying,
  exec: ExecId,
): Promise<Outcome | undefined> {
  const output = new Output(run.id, settings.outputLimit, outbox);
  run.output = output;
  run.startedAt = performance.now();
  run.stream = 'open';
  const started = await requests.startExec(run.container, exec, {
    data: (chunk, start, end) => output.push(chunk, start, end),
    end(error) {
      run.stream = error === undefined ? 'ended' : 'broken';
      run.looks = 0;
      run.wake();
    },
  });
  if (started.kind === 'started') {
    run.alive = true;
    run.closeStream = started.close;
    return undefined;
  }
  run.stream = 'broken';
  if (started.kind === 'refused' && started.status < 500 && run.request.waitsForGo !== true)
    return { kind: 'failed to start', reason: started.reason };
  if (started.kind === 'no answer' && !started.mayHaveActed)
    return { kind: 'failed to start', reason: `the engine was not reached: ${started.reason}` };
  // A server error, or no answer at all: a process may be there nevertheless.
  const state = await requests.inspectExec(run.container, exec);
  const never = state.kind === 'not started' || (state.kind === 'ended' && state.pid === 0);
  if (started.kind === 'refused' && (never || state.kind === 'forgotten'))
    return { kind: 'failed to start', reason: started.reason };
  return undefined;
}

/** Lets a cancel or the timeout stop it from now on; returns what ends the clock. */
function armStopping(run: Run, carrying: Carrying): () => void {
  run.onStop = () => {
    run.stopping ??= terminate(run, carrying);
  };
  if (run.stopCause !== undefined) run.onStop();
  const { timeoutMs } = run.request;
  if (timeoutMs === Number.POSITIVE_INFINITY) return () => undefined;
  const end = performance.now() + timeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const left = end - performance.now();
    if (left <= 0) run.stop('timeout');
    else timer = setTimeout(arm, Math.min(left, TIMER_LIMIT));
  };
  arm();
  return () => clearTimeout(timer);
}

/** The process is over: brings the output to its end, and waits for what stopped it. */
async function conclude(run: Run, carrying: Carrying, clock: () => void, outcome: Outcome): Promise<Outcome> {
  clock();
  run.over = true;
  run.onStop = undefined;
  run.closeStream?.();
  run.output?.end();
  run.wake();
  if (run.stopping === undefined) return outcome;
  const report = await run.stopping;
  if (report.kind === 'done' && !report.gone) await noneLeft(run, carrying);
  return stopped(run, report, outcome);
}

/** The execution's place stays taken while processes that outlived KILL are there. */
async function noneLeft(run: Run, carrying: Carrying): Promise<void> {
  for (;;) {
    const left = await scan(run, carrying);
    if (left.kind !== 'found' && left.kind !== 'no answer') return;
    await run.wait(5_000);
  }
}

function stopped(run: Run, report: StopReport, outcome: Outcome): Outcome {
  if (report.kind === 'not needed' || outcome.kind === 'failed to start') return outcome;
  const done = report.kind === 'done' && report.gone;
  const detail = report.kind === 'impossible' ? `${report.detail}; it ended by itself` : report.detail;
  if (run.stopCause === 'cancel') return { kind: 'cancelled', stopped: done, detail };
  const exitCode =
    outcome.kind === 'exited' || outcome.kind === 'container gone' ? outcome.exitCode : undefined;
  return { kind: 'timeout', stopped: done, detail, ...(exitCode === undefined ? {} : { exitCode }) };
}
