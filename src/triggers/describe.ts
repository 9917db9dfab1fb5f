/** A trigger in words for people: good for the usual shapes, honest for the rest. */
import { assertNever } from '../ids.ts';
import { hasBit } from './bits.ts';
import type { Plan, PlannedTrigger } from './calendar-walk.ts';
import { civilOfSeconds, formatCivil, two } from './civil.ts';
import { ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS, type DayRule, FIRST_YEAR, LAST_YEAR } from './days.ts';
import { nextTimeOfDay, type TimeOfDay } from './time-of-day.ts';
import type { CronTrigger, Trigger } from './trigger.ts';
import { openZone, stretchAt } from './zone.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const POSITIONS = ['', '1st', '2nd', '3rd', '4th', '5th', 'last'];
/** A day with at most so many fire times has them listed. */
const MOST_LISTED = 4;
/** A list of more runs of numbers than this is cut. */
const MOST_RUNS = 30;

/** For example `every Sunday at 01:00:00 Europe/Berlin`, `every 15 minutes`, `once at 2026-12-24 18:30:00 UTC`. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'cron':
    case 'crontab':
      return `${isPlanned(trigger) ? describePlan(trigger.plan) : trigger.text} ${trigger.timezone}`;
    case 'date':
      return `once at ${localTime(trigger.at, trigger.timezone)} ${trigger.timezone}`;
    case 'interval':
      return `every ${describeSpan(trigger.periodMs)}`;
    default:
      return assertNever(trigger);
  }
}

function isPlanned(trigger: CronTrigger): trigger is PlannedTrigger {
  return 'plan' in trigger;
}

/** Days and times of day, without the zone. */
export function describePlan(plan: Plan): string {
  const days = describeDays(plan.days.rule);
  const listed = timesOfDay(plan.times);
  if (listed !== undefined) return `${days ?? 'every day'} at ${listed.join(', ')}`;
  const times = describeTimes(plan.times);
  return days === undefined ? times : `${times}, ${days}`;
}

/** `1 day 2 hours`, from milliseconds. */
function describeSpan(ms: number): string {
  const parts: string[] = [];
  let rest = ms / 1000;
  for (const [name, seconds] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(rest / seconds);
    if (count > 0) parts.push(plural(count, name));
    rest -= count * seconds;
  }
  if (rest > 0 || parts.length === 0) parts.push(plural(rest, 'second'));
  if (parts.length === 1 && parts[0]?.startsWith('1 ')) return parts[0].slice(2);
  return parts.join(' ');
}

function plural(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

function localTime(ms: number, timezone: string): string {
  const seconds = Math.floor(ms / 1000);
  const zone = openZone(timezone);
  if (zone === undefined) return formatCivil(civilOfSeconds(seconds));
  const stretch = stretchAt(zone, seconds);
  return formatCivil(civilOfSeconds(seconds + (seconds < stretch.at ? stretch.before : stretch.after)));
}

function timesOfDay(times: TimeOfDay): string[] | undefined {
  const listed: string[] = [];
  for (let time = times.first; time >= 0; time = time >= 86_399 ? -1 : nextTimeOfDay(times, time + 1)) {
    if (listed.length === MOST_LISTED) return undefined;
    listed.push(`${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}`);
  }
  return listed;
}

/** Several times a day: `every 15 minutes`, `every second in the hours 9-17`, `every hour at minute 5, second 30`. */
function describeTimes(times: TimeOfDay): string {
  const hours = numbersOf(times.hours, 0, 24);
  const minutes = [...numbersOf(times.minutesLow, 0, 30), ...numbersOf(times.minutesHigh, 30, 30)];
  const seconds = [...numbersOf(times.secondsLow, 0, 30), ...numbersOf(times.secondsHigh, 30, 30)];
  const within = hours.length === 24 ? '' : ` in the hours ${ranges(hours)}`;
  return describeMinutes(minutes, seconds) + within;
}

function describeMinutes(minutes: readonly number[], seconds: readonly number[]): string {
  const everySecond = everyNth(seconds, 60, 'second');
  const everyMinute = everyNth(minutes, 60, 'minute');
  const onTheMinute = seconds.length === 1 && seconds[0] === 0;
  const second = onTheMinute ? '' : `second ${ranges(seconds)}`;
  if (minutes.length === 60 && everySecond !== undefined) return everySecond;
  if (everyMinute !== undefined) {
    if (everySecond !== undefined)
      return `${everySecond} of ${everyMinute}`.replace('of every', 'in one of every');
    return second === '' ? everyMinute : `${everyMinute} at ${second}`;
  }
  const minute = `minute ${ranges(minutes)}`;
  if (everySecond !== undefined) return `${everySecond} of ${minute} of every hour`;
  return second === '' ? `every hour at ${minute}` : `every hour at ${minute}, ${second}`;
}

/** `every 5 minutes` for 0, 5, 10 … of a full round; undefined for other sets. */
function everyNth(values: readonly number[], round: number, name: string): string | undefined {
  const step = round / values.length;
  if (values.length < 2 || !Number.isInteger(step)) return undefined;
  if (!values.every((value, index) => value === index * step)) return undefined;
  return step === 1 ? `every ${name}` : `every ${step} ${name}s`;
}

/** Undefined when every day is meant. */
function describeDays(rule: DayRule): string | undefined {
  const parts = [describeDaysOfMonth(rule)];
  if (rule.months !== ALL_MONTHS) parts.push(`in ${namesOf(rule.months, 1, MONTHS)}`);
  if (rule.weeks !== undefined) parts.push(`in ISO week ${ranges(bitsOf(rule.weeks, 1, 53))}`);
  if (rule.years !== undefined) {
    const years = bitsOf(rule.years, 0, LAST_YEAR - FIRST_YEAR).map((year) => year + FIRST_YEAR);
    parts.push(`in ${ranges(years)}`);
  }
  const words = parts.join(' ');
  return words === 'every day' ? undefined : words;
}

function describeDaysOfMonth(rule: DayRule): string {
  const named = describeNamedDays(rule);
  if (rule.weekdays === ALL_WEEKDAYS) return named ?? 'every day';
  const weekdays = namesOf(rule.weekdays, 0, WEEKDAYS);
  if (rule.either) {
    if (named === undefined) return 'every day';
    return weekdays === '' ? named : `${named} and also every ${weekdays}`;
  }
  if (named !== undefined) return `${named} if it is a ${weekdays}`;
  return /^\w+ to \w+$/.test(weekdays) ? weekdays : `every ${weekdays}`;
}

function describeNamedDays(rule: DayRule): string | undefined {
  if (rule.days === ALL_DAYS) return undefined;
  const parts: string[] = [];
  const days = numbersOf(rule.days >>> 1, 1, 31);
  if (days.length > 0) parts.push(`day ${ranges(days)}`);
  if (rule.lastDay) parts.push('the last day');
  for (const position of rule.positions) {
    parts.push(`the ${POSITIONS[Math.floor(position / 7)]} ${WEEKDAYS[position % 7]}`);
  }
  if (parts.length === 0) return undefined;
  return rule.months === ALL_MONTHS ? `${listing(parts)} of the month` : listing(parts);
}

function namesOf(bits: number, from: number, names: readonly string[]): string {
  const runs = rangesOf(numbersOf(bits >>> from, 0, names.length));
  return runs
    .map(([low, high]) => (low === high ? names[low] : `${names[low]} to ${names[high]}`))
    .join(', ');
}

/** The bits 0.. of a word, each plus `offset`. */
function numbersOf(bits: number, offset: number, count: number): number[] {
  const numbers: number[] = [];
  for (let bit = 0; bit < count; bit++) {
    if ((bits >>> bit) & 1) numbers.push(bit + offset);
  }
  return numbers;
}

function bitsOf(words: Int32Array, first: number, last: number): number[] {
  const numbers: number[] = [];
  for (let at = first; at <= last; at++) {
    if (hasBit(words, at)) numbers.push(at);
  }
  return numbers;
}

/** `1-5, 9`, and `1, 3, 5 … 31` for long even steps; the numbers ascend. */
function ranges(numbers: readonly number[]): string {
  const runs = rangesOf(numbers);
  const [first = 0, second = 0, third = 0] = numbers;
  const step = second - first;
  const even = step > 1 && numbers.every((number, index) => number === first + index * step);
  if (even && numbers.length > MOST_LISTED + 1) return `${first}, ${second}, ${third} … ${numbers.at(-1)}`;
  if (runs.length > MOST_RUNS)
    return `${ranges(numbers.slice(0, MOST_RUNS))} and ${numbers.length - MOST_RUNS} more`;
  return runs.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`)).join(', ');
}

/** Runs of three and more as one pair; the numbers ascend. */
function rangesOf(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.flatMap(([low, high]): [number, number][] =>
    high === low + 1
      ? [
          [low, low],
          [high, high],
        ]
      : [[low, high]],
  );
}

function listing(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
