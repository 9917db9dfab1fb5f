/** chorewheel as a process of its own on a fleet, and what can be seen of it from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type FleetProcess, percentile, program } from './harness.ts';

/** A line of the JSON log. */
export interface LogLine {
  readonly time: string;
  readonly event: string;
  readonly execution?: string;
  readonly fire_time?: string;
  readonly lateness_ms?: number;
  readonly exit_code?: number;
  readonly outcome?: string;
  readonly reason?: string;
}

export interface DaemonProcess {
  readonly child: ChildProcess;
  /** Milliseconds from the start of the process to its `ready` record. */
  readonly readyMs: number;
  /** How many records of each event there were. */
  readonly counts: ReadonlyMap<string, number>;
  /** The records of the events that were asked for. */
  readonly records: readonly LogLine[];
  /** Milliseconds of CPU so far, all threads. */
  cpuMs(): number;
  /** Resident bytes. */
  rssBytes(): number;
  /** Asks it to end and waits; its exit status. */
  stop(): Promise<number | null>;
}

export interface DaemonOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Events whose records are kept. */
  readonly keep?: readonly string[];
}

const READY_LIMIT_MS = 120_000;

export async function startDaemonProcess(
  fleet: Pick<FleetProcess, 'socketPath'>,
  options: DaemonOptions = {},
): Promise<DaemonProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program('../src/main')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DOCKER_HOST: `unix://${fleet.socketPath}`,
      LOG_FORMAT: 'json',
      STDERR_LEVEL: 'CRITICAL',
      CONTROL_SOCKET: 'off',
      ...options.env,
    },
  });
  const log = readLog(child, new Set(options.keep));
  const limit = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS);
  await Promise.race([
    log.ready,
    once(child, 'exit').then(() => Promise.reject(new Error('chorewheel did not start'))),
  ]);
  clearTimeout(limit);
  const readyMs = performance.now() - startedAt;
  return {
    child,
    readyMs,
    counts: log.counts,
    records: log.records,
    cpuMs: () => cpuOf(child.pid as number),
    rssBytes: () => rssOf(child.pid as number),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}

function readLog(
  child: ChildProcess,
  keep: ReadonlySet<string>,
): { ready: Promise<void>; counts: Map<string, number>; records: LogLine[] } {
  const counts = new Map<string, number>();
  const records: LogLine[] = [];
  let tell = (): void => {};
  const ready = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    const event = /"event":"([^"]+)"/.exec(line)?.[1] ?? '?';
    counts.set(event, (counts.get(event) ?? 0) + 1);
    if (keep.has(event)) records.push(JSON.parse(line) as LogLine);
    if (event === 'ready') tell();
  });
  return { ready, counts, records };
}

/** The kernel counts in ticks of 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/**
 * Lateness at the engine in milliseconds: receipt of exec create minus fire time, for each execution whose start
 * record is in the log.
 */
export async function latenessAtEngine(fleet: FleetProcess, daemon: DaemonProcess): Promise<number[]> {
  const { epochMs, executions } = await fleet.executions();
  const createdAt = new Map(executions.map(({ mark, createdNs }) => [mark, epochMs + createdNs / 1e6]));
  return daemon.records.flatMap(({ event, execution, fire_time }) => {
    const at = createdAt.get(execution);
    return event === 'execution_started' && at !== undefined ? [at - Date.parse(fire_time ?? '')] : [];
  });
}

/** What happened on both sides in a stretch of time. */
export interface Stretch {
  readonly seconds: number;
  /** CPU milliseconds of chorewheel, all threads. */
  readonly cpuMs: number;
  /** Execs created, requests and new connections, as the engine counted them. */
  readonly execs: number;
  readonly requests: number;
  readonly connections: number;
  /** `execution_ended` records. */
  readonly ended: number;
}

/** Watches fleet and daemon for so long. */
export async function observe(fleet: FleetProcess, daemon: DaemonProcess, ms: number): Promise<Stretch> {
  const read = async (): Promise<Stretch> => {
    const stats = await fleet.stats();
    return {
      seconds: stats.nowNs / 1e9,
      cpuMs: daemon.cpuMs(),
      execs: stats.executions,
      requests: Object.values(stats.requests).reduce((sum, count) => sum + count, 0),
      connections: stats.connections,
      ended: daemon.counts.get('execution_ended') ?? 0,
    };
  };
  const before = await read();
  await pause(ms);
  const after = await read();
  const gained = (name: keyof Stretch): number => after[name] - before[name];
  return {
    seconds: gained('seconds'),
    cpuMs: gained('cpuMs'),
    execs: gained('execs'),
    requests: gained('requests'),
    connections: gained('connections'),
    ended: gained('ended'),
  };
}

/** Waits until `check` holds, looking every 20 ms; throws after `limitMs`. */
export async function eventually(check: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${check}`);
    await pause(20);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** p50, p99 and the greatest of values in ms, as rows. */
export function latenessRows(
  name: string,
  values: readonly number[],
): { measure: string; value: number; unit: string; better: 'lower' }[] {
  return [
    { measure: `${name}, p50`, value: percentile(values, 0.5), unit: 'ms', better: 'lower' },
    { measure: `${name}, p99`, value: percentile(values, 0.99), unit: 'ms', better: 'lower' },
    { measure: `${name}, greatest`, value: percentile(values, 1), unit: 'ms', better: 'lower' },
  ];
}
