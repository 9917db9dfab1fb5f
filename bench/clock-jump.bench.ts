/** The wall clock jumps by an hour under 100,000 armed jobs. */
import type { MonoMs, Now, WallMs } from '../src/ids.ts';
import { containerOf, defaultLabelSettings, newSchedule } from './core.ts';
import type { BenchRow, Scenario } from './harness.ts';

const HOUR_MS = 3_600_000;
const START: Now = { wall: Date.UTC(2026, 0, 5, 12) as WallMs, mono: 1_000_000 as MonoMs };

function later(wallMs: number, monoMs: number): Now {
  return { wall: (START.wall + wallMs) as WallMs, mono: (START.mono + monoMs) as MonoMs };
}

interface Jump {
  /** Milliseconds until nothing is left to do. */
  readonly ms: number;
  /** The longest call, in milliseconds. */
  readonly longestMs: number;
  /** Executions that it started. */
  readonly started: number;
}

function jump(jobs: number, byMs: number): Jump {
  const settings = { ...defaultLabelSettings(), timezone: 'Europe/Berlin' };
  const schedule = newSchedule(jobs, START);
  const containers = Array.from({ length: jobs }, (_, index) => {
    const second = (index * 7919) % 86_400;
    const cron = `${Math.floor(second / 3600)} ${Math.floor(second / 60) % 60} ${second % 60}`;
    return containerOf(index, { 'deck-chores.job.command': 'true', 'deck-chores.job.cron': cron }, settings);
  });
  schedule.apply({ kind: 'listed', containers }, START);
  schedule.apply({ kind: 'tick' }, later(900, 900));
  const now = later(byMs + 1000, 1000);
  const result = { ms: 0, longestMs: 0, started: 0 };
  do {
    const startedAt = performance.now();
    const commands = schedule.apply({ kind: 'tick' }, now);
    const ms = performance.now() - startedAt;
    result.ms += ms;
    result.longestMs = Math.max(result.longestMs, ms);
    result.started += commands.filter(({ kind }) => kind === 'execute').length;
  } while (schedule.nextWake(now)?.inMs === 0);
  return result;
}

const scenario: Scenario = {
  name: 'clock-jump',
  title: 'The clock jumps by an hour',
  about:
    'Daily jobs in Europe/Berlin at 86,400 different times. Forward, those of the skipped hour run late, once each; back, none runs a second time.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    const jobs = short ? 1000 : 100_000;
    for (const [name, byMs] of [
      ['forward', HOUR_MS],
      ['back', -HOUR_MS],
    ] as const) {
      const { ms, longestMs, started } = jump(jobs, byMs);
      rows.push({ measure: `${name}, ${jobs} jobs`, value: ms, unit: 'ms', better: 'lower' });
      rows.push({ measure: `longest turn, ${name}`, value: longestMs, unit: 'ms', better: 'lower' });
      rows.push({ measure: `started at once, ${name}`, value: started, unit: '' });
    }
    return rows;
  },
};
export default scenario;
