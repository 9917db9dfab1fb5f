/**
 * Days of the calendar: which ones a rule names, and the next one.
 *
 * Idea: two years look alike when they begin on the same weekday, have the same length, and the year before had
 * the same length (that one decides whether early January still belongs to ISO week 53). There are only 21 kinds.
 * For each kind a rule gets one map of 366 bits, made on first use; rare days (29 February, week 53, the last
 * Sunday of a month) are then found without looking at days one by one. Years are skipped whole.
 *
 * Example: `2 29 * mon`: the maps of 2025, 2026, 2027 are empty, that of 2028 (29 February is a Tuesday) too;
 * 2044 is the first kind of year with a bit, number 59.
 *
 * Days are counted from 1970-01-01 (a Thursday) = 0; days of a year from 0.
 */
import { hasBit, nextBitIn, setBit } from './bits.ts';

/** Which days; weekdays count from Monday = 0. All parts must hold, unless `either` is set. */
export interface DayRule {
  /** Bits 0.. are the years FIRST_YEAR..LAST_YEAR; undefined = every year. */
  readonly years: Int32Array | undefined;
  /** Bits 1..12. */
  readonly months: number;
  /** Bits 1..31. */
  readonly days: number;
  /** The last day of the month counts as one of `days`. */
  readonly lastDay: boolean;
  /** Positions in the month, which count as one of `days`: `position * 7 + weekday`, position 1..5, 6 = last. */
  readonly positions: readonly number[];
  /** Bits 0..6. */
  readonly weekdays: number;
  /** ISO weeks, bits 1..53; undefined = every week. */
  readonly weeks: Int32Array | undefined;
  /** Crontab's rule: a day of the month (or position) or a weekday is enough. */
  readonly either: boolean;
}

export interface DaySet {
  readonly rule: DayRule;
  /** Every day from FIRST_YEAR to LAST_YEAR. */
  readonly daily: boolean;
  /** One map for each kind of year, made on first use. */
  readonly maps: (Int32Array | undefined)[];
}

export const FIRST_YEAR = 1970;
export const LAST_YEAR = 9999;
/** Position number that stands for the last one of a month. */
export const LAST_POSITION = 6;
export const ALL_MONTHS = 0x1ffe;
export const ALL_DAYS = -2;
export const ALL_WEEKDAYS = 0x7f;

/** The calendar repeats after 400 years: a rule without years that found nothing for so long never will. */
const CYCLE_YEARS = 400;
const LAST_DAY = dayOfNewYear(LAST_YEAR + 1) - 1;
const LAST_INDEX = LAST_YEAR - FIRST_YEAR;
const MAP_WORDS = 12;
/** 1 January of the years FIRST_YEAR to LAST_YEAR + 1, and their kinds: this table halves the time of a search. */
const NEW_YEARS = Int32Array.from({ length: LAST_YEAR - FIRST_YEAR + 2 }, (_, index) =>
  dayOfNewYear(FIRST_YEAR + index),
);
const KINDS = Uint8Array.from(NEW_YEARS, (newYear, index) => kindOfYear(FIRST_YEAR + index, newYear));

export function daySet(rule: DayRule): DaySet {
  const daily =
    rule.years === undefined &&
    rule.weeks === undefined &&
    rule.months === ALL_MONTHS &&
    rule.days === ALL_DAYS &&
    rule.weekdays === ALL_WEEKDAYS;
  return { rule, daily, maps: new Array<Int32Array | undefined>(21).fill(undefined) };
}

/** The first day of the set that is at least `from`, or -1. */
export function nextDay(set: DaySet, from: number): number {
  if (from < 0) from = 0;
  if (from > LAST_DAY) return -1;
  if (set.daily) return from;
  const { years } = set.rule;
  let index = yearIndexOf(from);
  let start = from - (NEW_YEARS[index] ?? 0);
  const end = years === undefined ? Math.min(LAST_INDEX, index + CYCLE_YEARS) : LAST_INDEX;
  while (index <= end) {
    if (years === undefined || hasBit(years, index)) {
      const kind = KINDS[index] ?? 0;
      const found = nextBitIn(set.maps[kind] ?? mapOfKind(set, kind), start);
      if (found >= 0) return (NEW_YEARS[index] ?? 0) + found;
    }
    start = 0;
    index = years === undefined ? index + 1 : nextYear(years, index + 1);
  }
  return -1;
}

function nextYear(years: Int32Array, from: number): number {
  const found = nextBitIn(years, from);
  return found < 0 ? LAST_INDEX + 1 : found;
}

/** Number of 1 January of any year. */
export function dayOfNewYear(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
}

function kindOfYear(year: number, newYear: number): number {
  return ((newYear + 3) % 7) * 3 + (isLeap(year) ? 1 : isLeap(year - 1) ? 2 : 0);
}

/** Index of the year that holds a day of those that count. */
function yearIndexOf(day: number): number {
  const guess = ((day * 400) / 146_097) | 0;
  if (day < (NEW_YEARS[guess] ?? 0)) return guess - 1;
  return day >= (NEW_YEARS[guess + 1] ?? 0) ? guess + 1 : guess;
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days of a month; months count from 1. */
export function daysOfMonth(month: number, leap: boolean): number {
  if (month === 2) return leap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function mapOfKind(set: DaySet, kind: number): Int32Array {
  const map = makeMap(set.rule, Math.floor(kind / 3), kind % 3 === 1, kind % 3 === 2);
  set.maps[kind] = map;
  return map;
}

/** The days of a rule in a year that begins on `weekday`. */
function makeMap(rule: DayRule, weekday: number, leap: boolean, leapBefore: boolean): Int32Array {
  const map = new Int32Array(MAP_WORDS);
  let start = 0;
  for (let month = 1; month <= 12; month++) {
    const length = daysOfMonth(month, leap);
    if ((rule.months >>> month) & 1) {
      for (let day = 1; day <= length; day++) {
        const at = start + day - 1;
        const dayOfWeek = (weekday + at) % 7;
        const named = isNamedDay(rule, day, length, dayOfWeek);
        const onWeekday = ((rule.weekdays >>> dayOfWeek) & 1) === 1;
        if (rule.either ? named || onWeekday : named && onWeekday) setBit(map, at);
      }
    }
    start += length;
  }
  if (rule.weeks !== undefined) keepWeeks(map, rule.weeks, weekday, leap, leapBefore);
  return map;
}

function isNamedDay(rule: DayRule, day: number, length: number, weekday: number): boolean {
  if ((rule.days >>> day) & 1) return true;
  if (rule.lastDay && day === length) return true;
  if (rule.positions.length === 0) return false;
  if (rule.positions.includes(Math.ceil(day / 7) * 7 + weekday)) return true;
  return day + 7 > length && rule.positions.includes(LAST_POSITION * 7 + weekday);
}

/** Clears the days whose ISO week is not wanted: week 1 is the one with the year's first Thursday. */
function keepWeeks(
  map: Int32Array,
  weeks: Int32Array,
  weekday: number,
  leap: boolean,
  leapBefore: boolean,
): void {
  const firstMonday = weekday <= 3 ? -weekday : 7 - weekday;
  const count = weekday === 3 || (leap && weekday === 2) ? 53 : 52;
  const countBefore = weekday === 4 || (weekday === 5 && leapBefore) ? 53 : 52;
  for (let day = nextBitIn(map, 0); day >= 0; day = nextBitIn(map, day + 1)) {
    const week = Math.floor((day - firstMonday) / 7) + 1;
    const iso = week < 1 ? countBefore : week > count ? 1 : week;
    if (!hasBit(weeks, iso)) map[day >> 5] = (map[day >> 5] ?? 0) & ~(1 << (day & 31));
  }
}
