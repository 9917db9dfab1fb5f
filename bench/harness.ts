/**
 * What every scenario shares. A scenario is a file `bench/NAME.bench.ts` whose default export is a `Scenario`;
 * `bench/run.ts` runs it in fresh processes and makes the results page.
 *
 *     const scenario: Scenario = {
 *       name: 'wheel',
 *       title: 'Timer wheel',
 *       async run({ short }) {
 *         return [{ measure: 'insert', value: 31, unit: 'ns', better: 'lower' }];
 *       },
 *     };
 *     export default scenario;
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionRecord, StatsAnswer } from './fleet/control.ts';
import type { Plot } from './plot.ts';

/** One figure of one run. */
export interface BenchRow {
  /** Unique within its scenario. */
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  /** Which way is good; neither for plain facts such as a count. */
  readonly better?: 'lower' | 'higher';
  /** The figure is another program's or the floor's, to compare with. */
  readonly peer?: boolean;
}

export interface BenchOptions {
  /** The short form: proves that the scenario works, in a few seconds at most. */
  readonly short: boolean;
}

export interface Scenario {
  /** As on the command line and in the file's name. */
  readonly name: string;
  readonly title: string;
  /** What is done and what is counted, for the results page. */
  readonly about?: string;
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
  /** Pictures of the rows of all runs; made after full runs, for `docs/plots/`. */
  plots?(samples: readonly (readonly BenchRow[])[]): readonly Plot[];
}

/** `p` from 0 to 1; the value at that rank of the sorted values (NaN for none). */
export function percentile(values: readonly number[] | Float64Array, p: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * p) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * Nanoseconds per call: `batch(n)` makes n calls. Warms up, then takes the median of samples that each last
 * about `sampleMs`.
 */
export function nsPerCall(batch: (count: number) => void, { short }: BenchOptions, sampleMs = 50): number {
  let count = 1;
  let took = 0;
  while (took < (short ? 1 : sampleMs / 5) && count < 2 ** 30) {
    count *= 2;
    const startedAt = performance.now();
    batch(count);
    took = performance.now() - startedAt;
  }
  count = Math.max(1, Math.round((count * (short ? 2 : sampleMs)) / Math.max(took, 0.001)));
  const samples = Array.from({ length: short ? 2 : 9 }, () => {
    const startedAt = performance.now();
    batch(count);
    return ((performance.now() - startedAt) * 1e6) / count;
  });
  return median(samples);
}

/** Keeps a value from being optimised away. */
export function consume(value: unknown): void {
  sink = value;
}
export let sink: unknown;

/** Milliseconds of CPU (user and system) that this process has used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Path of a program beside this file, compiled or not as this file is. */
export function program(path: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`${path}.${extension}`, import.meta.url));
}

/** A fleet in a process of its own. */
export interface FleetProcess {
  readonly socketPath: string;
  readonly child: ChildProcess;
  stats(): Promise<StatsAnswer>;
  executions(): Promise<{ epochMs: number; executions: ExecutionRecord[] }>;
  /** POST to a control path, as in `post('/fleet/faults', {…})`. */
  post(path: string, body: unknown): Promise<void>;
  stop(): Promise<void>;
}

/** `args` as `bench/fleet/main.ts` takes them, without the socket. */
export async function startFleetProcess(args: readonly string[]): Promise<FleetProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'cwb-'));
  const socketPath = join(folder, 'fleet.sock');
  const child = fork(program('./fleet/main'), ['--socket', socketPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the fleet did not start'))),
  ]);
  return {
    socketPath,
    child,
    stats: () => fetchJson<StatsAnswer>(socketPath, 'GET', '/fleet/stats'),
    executions: () => fetchJson(socketPath, 'GET', '/fleet/executions'),
    post: async (path, body) => {
      await fetchJson(socketPath, 'POST', path, body);
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One request to a unix socket; the answer's JSON, undefined if it has none. Throws on an error status. */
export function fetchJson<T>(socketPath: string, method: string, path: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) >= 400)
          reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else resolve((text === '' ? undefined : JSON.parse(text)) as T);
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
