/**
 * The whole program as a process, for stories: `const program = await startProgram(t, engine.host, {...})`, then
 * `await program.record('execution_ended', (r) => r.job === 'dump')`. Each has a label namespace of its own, so that
 * stories on one engine don't meet. Nothing sleeps: a story waits for records.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.ts';

/** One line of the log in JSON form. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly job?: string;
  readonly job_id?: string;
  readonly container?: string;
  readonly service?: string;
  readonly execution?: string;
  readonly exit_code?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly stream?: string;
  readonly fire_time?: string;
  readonly lateness_ms?: number;
  readonly duration_ms?: number;
  readonly [field: string]: unknown;
}

type Matches = (line: LogLine) => boolean;

export interface Program {
  readonly process: ChildProcess;
  readonly namespace: string;
  readonly controlSocket: string;
  /** All records so far. */
  readonly lines: readonly LogLine[];
  /** What it wrote, in its order, standard error included. */
  readonly text: () => string;
  /** `{ 'JOB.ATTRIBUTE': value }` as labels of this program's namespace. */
  labels(attributes: Readonly<Record<string, string>>): Record<string, string>;
  /** The first record of this event (since the start, or since `from`) that matches; fails after `limitMs`. */
  record(event: string, matches?: Matches, from?: number): Promise<LogLine>;
  /** Waits until so many records match. */
  records(event: string, count: number, matches?: Matches): Promise<readonly LogLine[]>;
  /** Those there are now. */
  find(event: string, matches?: Matches): readonly LogLine[];
  /** Sends SIGTERM and waits for the end; the exit status. */
  stop(): Promise<number | null>;
  /** Waits for the end that something else brings about. */
  ended(): Promise<number | null>;
}

/** How long a story waits for a record; generous, since it only passes in full when a test fails. */
const LIMIT_MS = 60_000;
let programs = 0;

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Wait for the record `ready`; true if left out. */
  readonly ready?: boolean;
  readonly namespace?: string;
  /** How long it waits for a record, milliseconds; a minute if left out. */
  readonly limitMs?: number;
}

/** The file to run: the source, or what was compiled together with this test. */
export function programFile(): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../../src/main.${ending}`, import.meta.url));
}

export async function startProgram(
  t: Pick<TestContext, 'after'>,
  dockerHost: string,
  options: ProgramOptions = {},
): Promise<Program> {
  programs += 1;
  const namespace = options.namespace ?? `t${process.pid}-${programs}`;
  const controlSocket = join(temporaryFolder(t), 'control.sock');
  const child = spawn(process.execPath, [programFile(), 'run'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      DOCKER_HOST: dockerHost,
      LABEL_NAMESPACE: namespace,
      LOG_FORMAT: 'json',
      CONTROL_SOCKET: controlSocket,
      // A loaded engine drops events; then a list tells what they would have told.
      RESYNC_INTERVAL: '5s',
      ...options.env,
    },
  });
  const program = follow(child, namespace, controlSocket, options.limitMs ?? LIMIT_MS);
  t.after(async () => {
    child.kill('SIGKILL');
    await program.ended();
  });
  if (options.ready !== false) await program.record('ready');
  return program;
}

function follow(child: ChildProcess, namespace: string, controlSocket: string, limitMs: number): Program {
  const lines: LogLine[] = [];
  const other: string[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of [...waiting]) check();
  };
  let closed = false;
  const end = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      closed = true;
      wake();
      resolve(code);
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const parsed = parse(line);
      if (parsed === undefined) other.push(line);
      else lines.push(parsed);
      wake();
    });
  }
  const text = (): string =>
    [...other, ...lines.map((line) => `${line.level} ${line.event}: ${line.message}`)].join('\n');
  const find = (event: string, matches: Matches = () => true, from = 0): LogLine[] =>
    lines.slice(from).filter((line) => line.event === event && matches(line));
  const records = (event: string, count: number, matches?: Matches, from = 0): Promise<LogLine[]> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        done();
        reject(new Error(`no ${count} × ${event} ${why}; the log:\n${text()}`));
      };
      const timer = setTimeout(() => fail(`within ${limitMs} ms`), limitMs);
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
      };
      const check = (): void => {
        const found = find(event, matches, from);
        if (found.length >= count) {
          done();
          resolve(found);
        } else if (closed) fail('before the program ended');
      };
      waiting.add(check);
      check();
    });
  return {
    process: child,
    namespace,
    controlSocket,
    lines,
    text,
    labels: (attributes) =>
      Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`${namespace}.${key}`, value])),
    record: async (event, matches, from) => (await records(event, 1, matches, from))[0] as LogLine,
    records,
    find,
    stop() {
      child.kill('SIGTERM');
      return end;
    },
    ended: () => end,
  };
}

function parse(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}
