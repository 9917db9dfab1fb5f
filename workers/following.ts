/**
 * Follows an execution until it has ended, and tells how. This is the place where success is decided.
 *
 * The end of the output stream proves nothing: it looks the same when the command ended, when the engine was
 * killed and when a proxy lost patience. What counts is, in this order: the engine's `exec_die` event, if one was
 * seen; an inspection with `Running=false` and an exit code; nothing else. The traps, all seen on real engines:
 *
 * - after our connection broke, an inspection may say `126` of a command that ended otherwise, or still runs;
 * - exit code 126 (or 127) with process id 0, and the engine's words on stdout, mean that the command was never
 *   started (Podman forgets the process id of any command that ended);
 * - Podman says of an exec that was created and not started what it says of one that succeeded;
 * - 137 is a kill of the command, or of its container;
 * - an engine that was restarted knows no exec any more (404), though with live-restore the process lives on; the
 *   event that it then sends of its end says 127, whatever the exit code was;
 * - a grandchild that holds stdout keeps the stream open long after the command ended.
 */
import type { ExecState } from '../src/docker/requests.ts';
import type { Outcome } from '../src/execution/outcome.ts';
import type { ExecId } from '../src/ids.ts';
import { scan } from './mark.ts';
import type { Carrying, Run } from './run.ts';

/** Pauses between inspections once nobody is attached, milliseconds; the last one repeats. */
const AFTER_STREAM = [0, 20, 50, 100, 200, 500, 1000, 2000];
/** The same while the stream is open, to find an end that a grandchild's open stdout hides. */
const WHILE_OPEN = [5_000, 5_000, 10_000, 15_000, 30_000];
/** A stream whose command has ended is read until nothing came for DRAIN_MS, at most so many times. */
const DRAIN_MS = 500;
const DRAIN_STEPS = 10;
/** Pauses before each look whether its container died as well, milliseconds. */
const CONTAINER_LOOKS = [0, 100, 300, 600];
/** Once nobody is attached, every so many looks (two seconds lie between them) its mark is looked for as well. */
const LOOKS_PER_SCAN = 8;
/** Scans in a row that find no process, before an engine's word that it runs is not believed. */
const UNSEEN_LIMIT = 3;
const WITNESS_MS = 3_000;
/** Between two looks for the mark of what the engine forgot: its place is free soon after its end. */
const LOOK_AGAIN_MS = 3_000;
/** For so long an exec whose start was asked for may be seen as not started. */
const START_MS = 10_000;

/** Resolves with how it ended, however long that takes. */
export async function follow(run: Run, carrying: Carrying, exec: ExecId): Promise<Outcome> {
  const since = performance.now();
  let warned = false;
  for (;;) {
    await pause(run);
    const state = await carrying.requests.inspectExec(run.container, exec);
    const outcome = await judge(run, carrying, state, since);
    if (outcome !== undefined) return outcome;
    if (state.kind === 'no answer' && run.stream !== 'open' && !warned && performance.now() - since > 5_000) {
      warned = true;
      warn(run, carrying, `its end can't be told yet: ${state.reason}`);
    }
  }
}

/** Until an inspection is worth a request. */
async function pause(run: Run): Promise<void> {
  if (run.stream === 'open') {
    const ms = WHILE_OPEN[Math.min(run.looks, WHILE_OPEN.length - 1)] ?? 0;
    const woken = await run.waitUntil(() => run.stream !== 'open' || run.death !== undefined, ms);
    run.looks = woken ? 0 : run.looks + 1;
    return;
  }
  const ms = AFTER_STREAM[Math.min(run.looks, AFTER_STREAM.length - 1)] ?? 0;
  run.looks += 1;
  if (ms > 0) await run.wait(ms);
}

async function judge(
  run: Run,
  carrying: Carrying,
  state: ExecState,
  since: number,
): Promise<Outcome | undefined> {
  switch (state.kind) {
    case 'running':
      run.alive = true;
      if (run.death !== undefined) return witnessed(run, carrying);
      if (run.stream === 'open') return undefined;
      detach(run, carrying);
      return vanished(run, carrying);
    case 'ended':
      if (!run.alive && state.pid === 0 && state.exitCode === 0) return notStarted(run, since);
      await drain(run);
      return ended(run, carrying, state.exitCode, state.pid);
    case 'forgotten':
      return forgotten(run, carrying);
    case 'not started':
      return notStarted(run, since);
    case 'no answer':
      if (run.death !== undefined && run.stream !== 'open') return witnessed(run, carrying);
      return undefined;
  }
}

/** Its start may be under way; or it will never start, and then nothing more is ever said of it. */
function notStarted(run: Run, since: number): Outcome | undefined {
  if (run.containerDied) return { kind: 'failed to start', reason: 'its container died before it started' };
  if (run.stream === 'open' || performance.now() - since < START_MS) return undefined;
  return {
    kind: 'unknown',
    reason: 'the engine took its start, but shows neither a process nor an exit code',
  };
}

/** An engine that lost the reader while the exec began may say for ever that it runs: its mark tells the truth. */
async function vanished(run: Run, carrying: Carrying): Promise<Outcome | undefined> {
  if (run.looks % LOOKS_PER_SCAN !== 0) return undefined;
  const found = await scan(run, carrying);
  run.unseen = found.kind === 'none' ? run.unseen + 1 : 0;
  if (run.unseen < UNSEEN_LIMIT) return undefined;
  return { kind: 'unknown', reason: 'the engine says that it runs, but no process of it is there' };
}

/** From now on an inspection may be wrong about it. */
function detach(run: Run, { outbox }: Carrying): void {
  run.detached = true;
  if (run.doubted) return;
  run.doubted = true;
  outbox.tell({ kind: 'doubt', execution: run.id });
}

/** The command ended, but its stream is open: what is under way may still come, a grandchild's output may not. */
async function drain(run: Run): Promise<void> {
  for (let step = 0; step < DRAIN_STEPS && run.stream === 'open'; step += 1) {
    const before = run.output?.received;
    await run.waitUntil(() => run.stream !== 'open', DRAIN_MS);
    if (run.output?.received === before) return;
  }
}

async function witnessed(run: Run, carrying: Carrying): Promise<Outcome> {
  const code = run.death?.exitCode;
  if (code !== undefined) return exited(run, carrying, code);
  if (await containerIsGone(run, carrying)) return { kind: 'container gone' };
  return { kind: 'unknown', reason: 'the engine told that it ended, but not how' };
}

async function ended(run: Run, carrying: Carrying, exitCode: number, pid: number): Promise<Outcome> {
  if (run.death?.exitCode !== undefined) return exited(run, carrying, run.death.exitCode);
  if (pid === 0 && (exitCode === 126 || exitCode === 127)) {
    const words = run.output?.takeEngineWords();
    if (words !== undefined) return { kind: 'failed to start', reason: words };
    // Its container ended in that moment: not even the engine's words came through.
    if (exitCode === 126 && !run.detached && run.output?.received === 0)
      return { kind: 'failed to start', reason: 'the engine could not start it and did not say why' };
  }
  if (exitCode === 126) return doubtful(run, carrying);
  return exited(run, carrying, exitCode);
}

/** A command's own 126, or what an engine says of one whose reader it lost, even while it runs. */
async function doubtful(run: Run, carrying: Carrying): Promise<Outcome> {
  if (run.stream !== 'ended') detach(run, carrying);
  if (run.detached) await run.waitUntil(() => run.death?.exitCode !== undefined, WITNESS_MS);
  if (run.death?.exitCode !== undefined) return exited(run, carrying, run.death.exitCode);
  const found = await scan(run, carrying);
  if (found.kind === 'found') {
    detach(run, carrying);
    return untilGone(run, carrying, 'its connection was lost and its exit code with it');
  }
  if (!run.detached) return { kind: 'exited', exitCode: 126 };
  return {
    kind: 'unknown',
    reason: 'its connection was lost, and 126 is what the engine then says of any command',
  };
}

/** A container's death kills its commands a moment before the engine notices the death itself. */
async function exited(run: Run, carrying: Carrying, exitCode: number): Promise<Outcome> {
  const gone: Outcome = { kind: 'container gone', exitCode };
  if (exitCode !== 137 || run.stopCause !== undefined) return { kind: 'exited', exitCode };
  for (const ms of CONTAINER_LOOKS) {
    if (await run.waitUntil(() => run.containerDied, ms)) return gone;
    if (await containerIsGone(run, carrying)) return gone;
  }
  return { kind: 'exited', exitCode };
}

async function containerIsGone(run: Run, { requests }: Carrying): Promise<boolean> {
  if (run.containerDied) return true;
  const state = await requests.inspectContainer(run.container);
  return run.containerDied || state === 'gone' || state === 'not running';
}

/** The engine knows no such exec: the container was removed, or the engine restarted. */
async function forgotten(run: Run, carrying: Carrying): Promise<Outcome | undefined> {
  const code = toldCode(run);
  if (code !== undefined) return exited(run, carrying, code);
  if (run.containerDied) return { kind: 'container gone' };
  switch (await carrying.requests.inspectContainer(run.container)) {
    case 'no answer':
      return undefined;
    case 'gone':
    case 'not running':
      return { kind: 'container gone' };
    default:
      detach(run, carrying);
      return untilGone(run, carrying, 'the engine forgot it (was it restarted?)');
  }
}

/** What an engine's event says of the end of an exec that this engine does not know. */
const NOT_KNOWN = 127;

/** The exit code that an event told of an exec that the engine has forgotten, where it can be believed. */
function toldCode({ death }: Run): number | undefined {
  return death?.exitCode === NOT_KNOWN ? undefined : death?.exitCode;
}

/** Nothing but its mark is left to go by: its place stays taken as long as a process carries it. */
export async function untilGone(run: Run, carrying: Carrying, reason: string): Promise<Outcome> {
  let seen = false;
  let empty = 0;
  for (let looks = 0; ; looks += 1) {
    const found = await scan(run, carrying);
    const code = toldCode(run);
    if (code !== undefined) return exited(run, carrying, code);
    if (run.containerDied || found.kind === 'container gone') return { kind: 'container gone' };
    if (found.kind === 'no shell')
      return { kind: 'unknown', reason: `${reason}; whether it still runs can't be told: ${found.reason}` };
    if (found.kind === 'none') {
      empty += 1;
      if (seen) return { kind: 'unknown', reason: `${reason}; its processes have ended` };
      if (empty === 2) return { kind: 'unknown', reason: `${reason}; no process of it was found` };
    }
    if (found.kind === 'found') {
      if (!seen) warn(run, carrying, `${reason}; its processes run on, its place stays taken`);
      seen = true;
    }
    await run.wait(Math.min(500 + looks * 500, LOOK_AGAIN_MS));
  }
}

function warn(run: Run, { outbox }: Carrying, message: string): void {
  outbox.tell({ kind: 'warning', execution: run.id, message });
}
