/**
 * Jobs that bear witness themselves. A stamping job writes lines into a file that its container shares with the
 * host: `start`, then `alive` every 0.1 s, then `end`, each with the execution's id and the machine's uptime. What
 * the program claims is held against them: a killed process leaves no `end`, but its last sign of life.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RunOptions } from './engine.ts';
import { temporaryFolder } from './temporary.ts';

/** What one execution wrote; moments in seconds of uptime, of a resolution of 10 ms. */
export interface Stamped {
  readonly execution: string;
  readonly job: string;
  readonly start: number;
  /** The last sign of life, `end` included. */
  readonly last: number;
  /** It came to its end. */
  readonly ended: boolean;
}

export interface Stamps {
  /** On the host. */
  readonly folder: string;
  /** Mounts the folder: for the `host` of `engine.run`. */
  readonly host: NonNullable<RunOptions['host']>;
  read(): Stamped[];
}

/** Where the folder appears in the container. */
const INSIDE = '/stamps';

export function stampsIn(folder: string): Stamps {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'stamps');
  // Jobs of any user may write to it.
  writeFileSync(file, '', { mode: 0o666 });
  return {
    folder,
    host: { Binds: [`${folder}:${INSIDE}`] },
    read: () => collect(readFileSync(file, 'utf8')),
  };
}

export function temporaryStamps(t: TestContext): Stamps {
  return stampsIn(join(temporaryFolder(t), 'stamps'));
}

/** The command of a job that lives for about so many seconds and ends with this code. */
export function stampingCommand(job: string, seconds: number, exitCode = 0, trap = ''): string {
  const rounds = Math.round(seconds * 10);
  const stamp = `say() { read up rest </proc/uptime; echo "$1 $CHOREWHEEL_EXECUTION ${job} $up" >>${INSIDE}/stamps; }`;
  const loop = `i=0; while [ $i -lt ${rounds} ]; do sleep 0.1; say alive; i=$((i+1)); done`;
  return `sh -c '${stamp}; ${trap} say start; ${loop}; say end; exit ${exitCode}'`;
}

function collect(text: string): Stamped[] {
  const found = new Map<string, { -readonly [Field in keyof Stamped]: Stamped[Field] }>();
  for (const line of text.split('\n')) {
    const [what, execution, job, up] = line.split(' ');
    if (execution === undefined || job === undefined || up === undefined) continue;
    const at = Number(up);
    const known = found.get(execution);
    if (known === undefined) found.set(execution, { execution, job, start: at, last: at, ended: false });
    else {
      known.last = Math.max(known.last, at);
      known.ended ||= what === 'end';
      if (what === 'start') throw new Error(`execution ${execution} was started twice`);
    }
  }
  return [...found.values()];
}

/** The most executions of one job that were alive at the same moment. */
export function mostAtOnce(stamps: readonly Stamped[]): number {
  const edges = stamps.flatMap(({ start, last }) => [
    { at: start, by: 1 },
    { at: last, by: -1 },
  ]);
  // At the same moment an end comes first: the resolution is coarse.
  edges.sort((one, other) => one.at - other.at || one.by - other.by);
  let most = 0;
  let now = 0;
  for (const { by } of edges) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** The machine's uptime in seconds, as the stamps tell it. */
export function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}
