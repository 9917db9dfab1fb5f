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
export function describeSpan(ms: number): string {
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

/** Several times a day: `every 15 minutes`, `every second in the hours 9-17`, `at minute 5, second 0 of every hour`. */
function describeTimes(times: TimeOfDay): string {
  const hours = numbersOf(times.hours, 0, 24);
  const minutes = [...numbersOf(times.minutesLow, 0, 30), ...numbersOf(times.minutesHigh, 30, 30)];
  const seconds = [...numbersOf(times.secondsLow, 0, 30), ...numbersOf(times.secondsHigh, 30, 30)];
  const hour = hours.length === 24 ? undefined : `in the hours ${ranges(hours)}`;
  const within = hour === undefined ? '' : ` ${hour}`;
  const secondStep = everyNth(seconds, 60, 'second');
  const minuteStep = everyNth(minutes, 60, 'minute');
  const at = seconds.length === 1 && seconds[0] === 0 ? '' : ` at second ${ranges(seconds)}`;
  if (minutes.length === 60) return `${secondStep ?? `every minute${at}`}${within}`;
  if (minuteStep !== undefined)
    return `${minuteStep}${secondStep === undefined ? at : `, ${secondStep}`}${within}`;
  const where = `minute ${ranges(minutes)}`;
  if (secondStep !== undefined)
    return `${secondStep} of ${where}${hour === undefined ? ' of every hour' : within}`;
  if (hours.length === 24 && seconds.length === 1) return `every hour at ${where}${at.replace(' at', ',')}`;
  return `at ${where}, second ${ranges(seconds)}${hour === undefined ? ' of every hour' : within}`;
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
  const parts: string[] = [];
  const named = describeNamedDays(rule);
  const weekdays =
    rule.weekdays === ALL_WEEKDAYS ? undefined : `every ${namesOf(rule.weekdays, 0, WEEKDAYS)}`;
  if (named !== undefined && weekdays !== undefined) {
    parts.push(
      rule.either
        ? `${named} and also ${weekdays}`
        : `${named} if it is ${namesOf(rule.weekdays, 0, WEEKDAYS)}`,
    );
  } else if (named !== undefined || weekdays !== undefined) {
    parts.push(named ?? weekdays ?? '');
  }
  if (rule.months !== ALL_MONTHS) parts.push(`in ${namesOf(rule.months, 1, MONTHS)}`);
  if (rule.weeks !== undefined) parts.push(`in ISO week ${ranges(bitsOf(rule.weeks, 1, 53))}`);
  if (rule.years !== undefined) parts.push(`in ${describeYears(rule.years)}`);
  if (parts.length === 0) return undefined;
  return named === undefined && weekdays === undefined ? `every day ${parts.join(' ')}` : parts.join(' ');
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

function describeYears(years: Int32Array): string {
  const named = bitsOf(years, 0, LAST_YEAR - FIRST_YEAR).map((year) => year + FIRST_YEAR);
  if (named.length <= 8 || named.at(-1) !== LAST_YEAR)
    return ranges(named.slice(0, 40)) + (named.length > 40 ? '…' : '');
  return `${named.slice(0, 3).join(', ')} and so on`;
}

function namesOf(bits: number, from: number, names: readonly string[]): string {
  const numbers = numbersOf(bits >>> from, 0, names.length);
  return rangesOf(numbers)
    .map(([low, high]) => (low === high ? names[low] : `${names[low]}-${names[high]}`))
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

function ranges(numbers: readonly number[]): string {
  return rangesOf(numbers)
    .map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`))
    .join(', ');
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
