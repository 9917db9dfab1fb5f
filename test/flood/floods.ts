/**
 * Floods of output, on a real engine: how much memory the program takes, how long its event loop stands still, and
 * whether the job ends as it should. `flood.test.ts` runs them short, `npm run flood` at full length.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { TestEngine } from '../support/engine.ts';
import { call } from '../support/http.ts';
import { type LogLine, type Program, startProgram } from '../support/program.ts';

export interface Flood {
  readonly name: string;
  /** A shell script that writes about so many bytes. */
  readonly script: (bytes: number) => string;
  /** Looks at the lines that were logged. */
  readonly check: (lines: readonly LogLine[]) => void;
}

export const FLOODS: readonly Flood[] = [
  {
    name: 'short lines',
    script: (bytes) => `yes | head -c ${bytes}`,
    check: (lines) => assert.ok(lines.every(({ message }) => message === 'y' || message === '')),
  },
  {
    name: 'one line',
    script: (bytes) => `head -c ${bytes} /dev/zero | tr '\\0' x`,
    check: (lines) => assert.ok(lines.every(({ message }) => Buffer.byteLength(message) <= 17 * 1024)),
  },
  {
    name: 'random bytes',
    script: (bytes) => `head -c ${bytes} /dev/urandom`,
    check: (lines) => assert.ok(lines.length > 0),
  },
];

export interface FloodFigures {
  readonly seconds: number;
  /** Growth of resident memory over what it was after a small flood of the same kind. */
  readonly growthMb: number;
  /** Delays of the event loop above 50 ms, and all that were measured. */
  readonly stalls: number;
  readonly delays: number;
  /** Bytes that the log says were left out. */
  readonly omittedBytes: number;
  /** How late another job was at most that fired each second. */
  readonly latestMs: number;
}

const WARM_UP_BYTES = 20_000_000;

export async function runFlood(
  t: TestContext,
  engine: TestEngine,
  { script, check }: Flood,
  bytes: number,
): Promise<FloodFigures> {
  const program = await startProgram(t, engine.host, { limitMs: 3_600_000 });
  await call(program.controlSocket, 'GET', '/metrics');
  await flood(t, engine, program, 'small', script(WARM_UP_BYTES));
  const before = residentMb(program);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMb(program));
  }, 100);
  t.after(() => clearInterval(sampling));
  await engine.run(t, { labels: program.labels({ 'beside.command': 'true', 'beside.cron': '*' }) });
  const ended = await flood(t, engine, program, 'great', script(bytes));
  clearInterval(sampling);
  const { body } = await call(program.controlSocket, 'GET', '/metrics');
  assert.deepEqual([ended.outcome, ended.exit_code], ['exited', 0]);
  const of = ({ job }: LogLine): boolean => job === 'great';
  check(program.find('output', of));
  const omitted = [
    ...program.find('output_omitted', of).map(({ bytes: left }) => Number(left)),
    ...program.find('output', of).map(({ cut_bytes: cut }) => Number(cut ?? 0)),
  ];
  const beside = program.find('execution_started', ({ job }) => job === 'beside');
  const delays = count(body, 'count');
  return {
    seconds: Number(ended.duration_ms) / 1000,
    growthMb: peak - before,
    stalls: delays - count(body, 'bucket\\{le="0\\.05"\\}'),
    delays,
    omittedBytes: omitted.reduce((sum, left) => sum + left, 0),
    latestMs: Math.max(0, ...beside.map((line) => Number(line.lateness_ms))),
  };
}

async function flood(
  t: TestContext,
  engine: TestEngine,
  program: Program,
  job: string,
  script: string,
): Promise<LogLine> {
  const labels = program.labels({
    // Quoted once for the label; the script holds no double quotes.
    [`${job}.command`]: `sh -c "${script.replaceAll('\\', '\\\\')}"`,
    [`${job}.date`]: `${new Date(Date.now() + 2500).toISOString().slice(0, 19)}Z`,
  });
  await engine.run(t, { labels });
  return program.record('execution_ended', (line) => line.job === job);
}

function residentMb({ process: { pid } }: Program): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function count(metrics: string, end: string): number {
  return Number(new RegExp(`event_loop_delay_seconds_${end} (\\d+)`).exec(metrics)?.[1]);
}

export function figuresText(name: string, bytes: number, figures: FloodFigures): string {
  const { seconds, growthMb, stalls, delays, omittedBytes, latestMs } = figures;
  return (
    `${name}: ${bytes / 1e6} MB in ${seconds.toFixed(1)} s, memory +${growthMb.toFixed(1)} MiB, ` +
    `${stalls} of ${delays} loop delays over 50 ms, ${omittedBytes} bytes told as left out, ` +
    `another job at most ${latestMs} ms late`
  );
}
