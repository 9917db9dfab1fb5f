/**
 * Finds the processes of an execution by its mark, an entry of their environment, and signals them: a second exec
 * in the same container, as the same user, with a script for the plainest shells. Children inherit the mark;
 * a process that wiped its environment or changed its user escapes.
 *
 * The script looks with the shell's own `read`, which drops the zeros between entries; not with `grep`, which in
 * small images sees of a binary file only what comes before the first zero. Where `tr` and `grep` are there, they
 * make sure that the entry is the mark and does not only begin like it. The helper never finds itself: its own
 * environment does not carry the mark.
 */

import type { ExecState } from '../src/docker/requests.ts';
import type { ExecId } from '../src/ids.ts';
import { createDemultiplexer } from './demultiplexer.ts';
import type { Carrying, Run } from './run.ts';

export const MARK = 'CHOREWHEEL_EXECUTION';

export type Scan =
  | { readonly kind: 'found'; readonly processes: number }
  | { readonly kind: 'none' }
  /** The container lacks what the script needs. */
  | { readonly kind: 'no shell'; readonly reason: string }
  /** It can't be told now: the container is paused, the engine silent. */
  | { readonly kind: 'no answer'; readonly reason: string }
  | { readonly kind: 'container gone' };

const SCRIPT = `mark=$1 signal=$2 count=0
carries() {
  while IFS= read -r text || [ -n "$text" ]; do
    case $text in *"$mark"*) return 0 ;; esac
  done 2>/dev/null <"$1"
  return 1
}
exact() {
  command -v tr >/dev/null 2>&1 && command -v grep >/dev/null 2>&1 || return 0
  tr '\\000' '\\n' 2>/dev/null <"$1" | grep -qxF -e "$mark"
}
for file in /proc/[0-9]*/environ; do
  carries "$file" 2>/dev/null && exact "$file" 2>/dev/null || continue
  pid=\${file#/proc/}
  pid=\${pid%/environ}
  count=$((count + 1))
  [ -z "$signal" ] || kill -s "$signal" "$pid" 2>/dev/null
done
echo "processes=$count"`;

/** The helper is over in milliseconds; a container that is paused or starved may hold it up. */
const PATIENCE_MS = 10_000;
const ANSWER_LIMIT = 4096;

/** Looks for processes with the execution's mark and, if asked, signals them. */
export async function scan(run: Run, carrying: Carrying, signal?: 'TERM' | 'KILL'): Promise<Scan> {
  const words = ['sh', '-c', SCRIPT, 'sh', `${MARK}=${run.id}`, signal ?? ''];
  const { user } = run.request;
  const { requests } = carrying;
  const created = await requests.createExec(run.container, { words, user, workdir: '', environment: [] });
  if (created.kind === 'no answer') return created;
  if (created.kind === 'refused') return refused(created.status, created.reason);
  const text = await answer(run, carrying, created.exec);
  if (typeof text !== 'string') return text;
  const state = await requests.inspectExec(run.container, created.exec);
  return verdict(text, state);
}

/** 404: no such container; 409: stopped or paused (Docker); 500: not running (Podman). */
function refused(status: number, reason: string): Scan {
  const gone = status === 404 || /not running|stopped|exited/i.test(reason);
  return gone ? { kind: 'container gone' } : { kind: 'no answer', reason };
}

async function answer(run: Run, carrying: Carrying, exec: ExecId): Promise<string | Scan> {
  let text = '';
  const demultiplexer = createDemultiplexer((_stream, chunk, start, end) => {
    if (text.length < ANSWER_LIMIT) text += chunk.toString('latin1', start, end);
  });
  let ended: (complete: boolean) => void = () => undefined;
  const complete = new Promise<boolean>((resolve) => {
    ended = resolve;
  });
  const started = await carrying.requests.startExec(run.container, exec, {
    data: (chunk, start, end) => demultiplexer.push(chunk, start, end),
    end: (error) => ended(error === undefined),
  });
  if (started.kind === 'no answer') return started;
  if (started.kind === 'refused') return refused(started.status, started.reason);
  const timer = setTimeout(() => ended(false), PATIENCE_MS);
  const done = await complete;
  clearTimeout(timer);
  started.close();
  return done ? text : { kind: 'no answer', reason: 'the helper in the container did not end' };
}

function verdict(text: string, state: ExecState): Scan {
  const [, count] = /processes=(\d+)\s*$/.exec(text) ?? [];
  if (count !== undefined)
    return count === '0' ? { kind: 'none' } : { kind: 'found', processes: Number(count) };
  if (state.kind === 'ended' && (state.exitCode === 126 || state.exitCode === 127))
    return { kind: 'no shell', reason: 'the container has no shell that its user may run' };
  if (state.kind === 'forgotten') return { kind: 'no answer', reason: 'the engine forgot the helper' };
  return { kind: 'no answer', reason: 'the helper in the container said nothing' };
}
