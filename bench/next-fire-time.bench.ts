/** Cost of asking a trigger for its next fire time, walking from one to the next over a hundred years. */
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { compileTrigger } from '../src/triggers/compile.ts';
import type { Trigger } from '../src/triggers/trigger.ts';
import { type BenchRow, median, type Scenario } from './harness.ts';

interface Case {
  readonly words: string;
  readonly cron: string;
  readonly timezone: string;
  /** The same as crontab with seconds, where peers can say it. */
  readonly peers?: string;
}

const CASES: readonly Case[] = [
  { words: 'every second', cron: '*', timezone: 'UTC', peers: '* * * * * *' },
  { words: 'every 5 minutes', cron: '*/5 0', timezone: 'America/New_York', peers: '0 */5 * * * *' },
  { words: 'daily', cron: '3 17 0', timezone: 'UTC', peers: '0 17 3 * * *' },
  { words: 'daily', cron: '3 17 0', timezone: 'Europe/Berlin', peers: '0 17 3 * * *' },
  { words: 'every Sunday', cron: 'sun 1 0 0', timezone: 'Europe/Berlin', peers: '0 0 1 * * 0' },
  { words: 'workdays 9-17, quarters', cron: 'mon-fri 9-17 */15 0', timezone: 'Europe/Berlin' },
  { words: 'last day of the month', cron: 'last * * 0 0 0', timezone: 'Europe/Berlin', peers: '0 0 0 L * *' },
  { words: '29 February', cron: '2 29 * * 0 0 0', timezone: 'Europe/Berlin', peers: '0 0 0 29 2 *' },
  { words: '29 February on a Monday', cron: '2 29 * mon 0 0 0', timezone: 'Europe/Berlin' },
  { words: 'last Sunday of October', cron: '* 10 last sun * * 3 0 0', timezone: 'Europe/Berlin' },
  { words: 'Saturdays of ISO week 53', cron: '53 sat 0 0 0', timezone: 'Europe/Berlin' },
  { words: 'the year 2040', cron: '2040 * * * * 0 0 0', timezone: 'America/New_York' },
  { words: 'never: 30 February', cron: '2 30 * * 0 0 0', timezone: 'Europe/Berlin' },
  { words: 'never: always skipped', cron: '* 3 last sun * * 2 */5 0', timezone: 'Europe/Berlin' },
];

const START = Date.UTC(2026, 0, 1);
const END = Date.UTC(2126, 0, 1);
const BLOCKS = 7;

function triggerOf(cron: string, timezone: string): Trigger {
  const result = compileTrigger({ cron }, { timezone });
  if (!result.ok) throw new Error(`${cron}: ${result.problem.message}`);
  return result.trigger;
}

/** Median of the blocks' nanoseconds per call; the first block warms up and does not count. */
function costOfNext(next: (after: number) => number | undefined, calls: number): number {
  const blocks: number[] = [];
  let at = START;
  for (let block = 0; block <= BLOCKS; block++) {
    const started = performance.now();
    for (let call = 0; call < calls; call++) {
      const found = next(at);
      at = found === undefined || found > END ? START : found;
    }
    if (block > 0) blocks.push(((performance.now() - started) * 1e6) / calls);
  }
  return median(blocks);
}

function peerRows({ words, timezone, peers }: Case, calls: number): BenchRow[] {
  if (peers === undefined) return [];
  const croner = new Cron(peers, { timezone, paused: true });
  const parsed = CronExpressionParser.parse(peers, { tz: timezone, currentDate: new Date(START) });
  const nextOfCroner = (after: number) => croner.nextRun(new Date(after))?.getTime();
  const nextOfParser = () => parsed.next().getTime();
  return [
    row(`${words}, ${timezone}: croner`, costOfNext(nextOfCroner, calls), 'ns', true),
    row(`${words}, ${timezone}: cron-parser`, costOfNext(nextOfParser, calls), 'ns', true),
  ];
}

function row(measure: string, value: number, unit: string, peer = false): BenchRow {
  return { measure, value, unit, better: 'lower', ...(peer ? { peer } : {}) };
}

/** Every first question to each case, in zones that nobody asked before, on warm code: the longest one, in µs. */
function longestFirstCall(): number {
  const zones = ['Europe/Rome', 'America/Denver', 'Australia/Sydney', 'Africa/Casablanca', 'Asia/Tokyo'];
  let longest = 0;
  for (const timezone of zones) {
    for (const { cron } of CASES) {
      const trigger = triggerOf(`${cron} `, timezone);
      const started = performance.now();
      trigger.next(START);
      longest = Math.max(longest, (performance.now() - started) * 1000);
    }
  }
  return longest;
}

/** Compile and ask once, each text new; µs each. */
function costOfNewTriggers(count: number): number {
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    const [hour, minute, second] = [Math.floor(index / 3600) % 24, Math.floor(index / 60) % 60, index % 60];
    triggerOf(`${hour} ${minute} ${second}`, 'Europe/Berlin').next(START);
  }
  return ((performance.now() - started) * 1000) / count;
}

const scenario: Scenario = {
  name: 'next-fire-time',
  title: 'Next fire time',
  about:
    'Time of one call of `next`, walking from fire time to fire time through a hundred years, on warm code. ' +
    'Peers walk the same schedule where they can say it.',
  run({ short }) {
    const calls = short ? 500 : 100_000;
    const rows = CASES.flatMap((given) => [
      row(
        `${given.words}, ${given.timezone}`,
        costOfNext(triggerOf(given.cron, given.timezone).next, calls),
        'ns',
      ),
      ...peerRows(given, short ? 2 : 100),
    ]);
    rows.push(row('longest first call in a new zone', longestFirstCall(), 'µs'));
    rows.push(
      row('compile and first fire time, each text new', costOfNewTriggers(short ? 500 : 80_000), 'µs'),
    );
    return Promise.resolve(rows);
  },
};

export default scenario;
