/**
 * The `crontab` label: standard crontab text, read and validated by cron-parser; the only file that knows it.
 * Its iterator is not used, as it costs a thousand times more and has other rules for changes of the clocks.
 *
 * Sunday is 0 or 7 here, and where day of month and day of week are both restricted, either is enough.
 */
import { type CronExpression, CronExpressionParser } from 'cron-parser';
import { setBit } from './bits.ts';
import type { Plan } from './calendar-walk.ts';
import type { PlanResult } from './cron.ts';
import { ALL_DAYS, ALL_WEEKDAYS, type DayRule, daySet, LAST_POSITION } from './days.ts';
import { quote, type Rejection, reject, rejectTooLong } from './problem.ts';
import { halvesOf, timeOfDay } from './time-of-day.ts';

/** What the aliases stand for; six fields, seconds first. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 0 1 1 *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@weekdays', '0 0 0 * * 1-5'],
  ['@weekends', '0 0 0 * * 0,6'],
  ['@daily', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
  ['@minutely', '0 * * * * *'],
  ['@secondly', '* * * * * *'],
]);
/** The highest number of second, minute, hour, day, month, day of week: a longer step would be a slip. */
const HIGHEST = [59, 59, 23, 31, 12, 7];

type Fields = CronExpression['fields'];

/** Compiles a crontab text; `seed` decides what `H` stands for, the same text and seed give the same times. */
export function planCrontab(text: string, seed: string): PlanResult {
  const tooLong = rejectTooLong(text);
  if (tooLong !== undefined) return tooLong;
  const words = (ALIASES.get(text.trim()) ?? text.trim()).split(/\s+/);
  const wrong = rejectShape(words);
  if (wrong !== undefined) return wrong;
  try {
    const { fields } = CronExpressionParser.parse(words.join(' '), { hashSeed: seed });
    const followsClock = words.slice(0, words.length - 3).some((word) => /^[*?]/.test(word));
    return { ok: true, plan: planOfFields(fields, followsClock) };
  } catch (error) {
    return reject(reasonOf(error), 'the fields are [second] minute hour day month day_of_week');
  }
}

/** Whether the text has an `H`, so that its times depend on the seed. */
export function usesHash(text: string): boolean {
  return /(?:^|[\s,])H(?=[\s,(/]|$)/.test(text);
}

function rejectShape(words: readonly string[]): Rejection | undefined {
  const [first] = words;
  if (first === undefined || first === '')
    return reject('the expression is empty', 'every day at three is 0 3 * * *');
  if (first.startsWith('@')) {
    const hint = first.startsWith('@every')
      ? 'use the label interval for it'
      : `known are ${[...ALIASES.keys()].join(', ')}`;
    return reject(`the alias ${quote(words.join(' '))} is not known`, hint);
  }
  if (words.length !== 5 && words.length !== 6) {
    return reject(
      `a crontab expression has five or six fields, this one has ${words.length}`,
      'the fields are [second] minute hour day month day_of_week',
    );
  }
  for (const [index, word] of words.entries()) {
    const highest = HIGHEST[index + 6 - words.length] ?? 0;
    const step = [...word.matchAll(/\/(\d+)/g)].find((match) => Number(match[1]) > highest);
    if (step !== undefined) return reject(`the step in ${quote(word)} is longer than the field's range`);
  }
  return undefined;
}

/** cron-parser's own words, but for those that would puzzle. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/duplicate values/.test(message))
    return 'the crontab expression lists a value twice (7 is Sunday, as 0 is)';
  if (/explicit day of month/.test(message))
    return 'the crontab expression names a day that none of its months has';
  const backwards = /Invalid range: (\d+)-(\d+), min/.exec(message);
  if (backwards !== null) return `the crontab range ${backwards[1]}-${backwards[2]} does not wrap around`;
  const shown = message.length > 120 ? `${message.slice(0, 119)}…` : message;
  return `the crontab expression is not understood: ${shown.replace(/[^\x20-\x7e…]/g, '?')}`;
}

function planOfFields(fields: Fields, followsClock: boolean): Plan {
  const { second, minute, hour } = fields;
  return {
    days: daySet(dayRule(fields)),
    times: timeOfDay(
      bitsOf(hour.values)[0] ?? 0,
      halvesOf(bitsOf(minute.values)),
      halvesOf(bitsOf(second.values)),
    ),
    followsClock,
  };
}

function dayRule(fields: Fields): DayRule {
  const { dayOfMonth, dayOfWeek, month } = fields;
  const byMonth = !dayOfMonth.isWildcard;
  const byWeek = !dayOfWeek.isWildcard;
  const { weekdays, positions } = weekdaysOf(dayOfWeek.values, dayOfWeek.nthDay);
  const both = byMonth && byWeek;
  const mixed = byWeek && positions.length > 0 && weekdays !== 0;
  const named = byMonth || positions.length > 0;
  return {
    years: undefined,
    months: bitsOf(month.values)[0] ?? 0,
    days: byMonth ? (bitsOf(dayOfMonth.values)[0] ?? 0) : byWeek && named ? 0 : ALL_DAYS,
    lastDay: byMonth && dayOfMonth.values.includes('L'),
    positions,
    weekdays: byWeek && (weekdays !== 0 || both) ? weekdays : ALL_WEEKDAYS,
    weeks: undefined,
    either: both || mixed,
  };
}

/** Sunday = 0 becomes Monday = 0; `5L` and `5#2` become positions. */
function weekdaysOf(
  values: readonly (number | string)[],
  nth: number,
): { weekdays: number; positions: number[] } {
  let weekdays = 0;
  const positions: number[] = [];
  for (const value of values) {
    const weekday = (Number.parseInt(String(value), 10) + 6) % 7;
    if (typeof value === 'string' && value.endsWith('L')) positions.push(LAST_POSITION * 7 + weekday);
    else if (nth > 0) positions.push(nth * 7 + weekday);
    else weekdays |= 1 << weekday;
  }
  return { weekdays, positions };
}

function bitsOf(values: readonly (number | string)[]): Int32Array {
  const bits = new Int32Array(2);
  for (const value of values) {
    if (typeof value === 'number') setBit(bits, value);
  }
  return bits;
}
