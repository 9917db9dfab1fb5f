/**
 * Stops an execution for real. The engine has no call for it, and closing the stream stops nothing: so the
 * processes are found by their mark, inside the container. TERM, `GRACE_MS`, KILL, and then it is verified that
 * none is left. Where that is impossible the execution runs on, and is reported so.
 */
import { scan } from './mark.ts';
import type { Carrying, Run, StopReport } from './run.ts';

const GRACE_MS = 5_000;
const VERIFY_MS = 2_000;
const VERIFY_STEP_MS = 150;
const RETRY_MS = 3_000;

export async function terminate(run: Run, carrying: Carrying): Promise<StopReport> {
  const signalled = await term(run, carrying);
  if (typeof signalled !== 'number') return signalled;
  const killAt = performance.now() + GRACE_MS;
  const ended = await run.waitUntil(() => run.over, GRACE_MS);
  if (ended) {
    const left = await scan(run, carrying);
    if (left.kind === 'none') return { kind: 'done', gone: true, detail: 'it ended upon TERM' };
    if (left.kind === 'container gone') return { kind: 'done', gone: true, detail: 'its container ended' };
    await delay(killAt - performance.now());
  }
  return kill(run, carrying);
}

/** Sends TERM, once it can be sent; returns how many processes got it. */
async function term(run: Run, carrying: Carrying): Promise<number | StopReport> {
  let warned = false;
  for (let empty = 0; ; ) {
    const found = await scan(run, carrying, 'TERM');
    switch (found.kind) {
      case 'found':
        return found.processes;
      case 'container gone':
        return { kind: 'done', gone: true, detail: 'its container ended' };
      case 'no shell':
        return runsOn(run, carrying, found.reason);
      case 'none':
        if (run.over) return { kind: 'not needed' };
        // It may be about to start, or about to be reported as ended.
        if (run.closeStream !== undefined || run.stream !== 'open') empty += 1;
        if (empty === 3) return runsOn(run, carrying, 'no process with its mark is to be seen by its user');
        await run.wait(500);
        break;
      case 'no answer':
        if (run.over) return { kind: 'not needed' };
        if (!warned) warn(run, carrying, `it can't be stopped yet: ${found.reason}`);
        warned = true;
        await run.wait(RETRY_MS);
    }
  }
}

async function kill(run: Run, carrying: Carrying): Promise<StopReport> {
  const first = await scan(run, carrying, 'KILL');
  if (first.kind === 'none') return { kind: 'done', gone: true, detail: 'it ended upon TERM' };
  if (first.kind === 'container gone') return { kind: 'done', gone: true, detail: 'its container ended' };
  const end = performance.now() + VERIFY_MS;
  do {
    const left = await scan(run, carrying, 'KILL');
    if (left.kind === 'none') return { kind: 'done', gone: true, detail: 'it ignored TERM and was killed' };
    if (left.kind === 'container gone') return { kind: 'done', gone: true, detail: 'its container ended' };
    await delay(VERIFY_STEP_MS);
  } while (performance.now() < end);
  const detail = 'processes with its mark outlived KILL';
  warn(run, carrying, `${detail}; its place stays taken until they are gone`);
  return { kind: 'done', gone: false, detail };
}

function runsOn(run: Run, carrying: Carrying, reason: string): StopReport {
  warn(run, carrying, `it can't be stopped and runs on: ${reason}`);
  return { kind: 'impossible', detail: `could not be stopped: ${reason}` };
}

function warn(run: Run, { outbox }: Carrying, message: string): void {
  outbox.tell({ kind: 'warning', execution: run.id, message });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}
