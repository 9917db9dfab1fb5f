/** Dates and times of day as people write them, to and from seconds since the epoch; no zone involved. */
import { dayOfNewYear, daysOfMonth, FIRST_YEAR, isLeap } from './days.ts';

export interface Civil {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DAY = 86_400;

/** Whether such a day and time of day exist (no leap seconds, years 1..9999). */
export function isValidCivil(civil: Civil): boolean {
  const { year, month, day, hour, minute, second } = civil;
  if (year < 1 || year > 9999 || month < 1 || month > 12) return false;
  if (day < 1 || day > daysOfMonth(month, isLeap(year))) return false;
  return hour <= 23 && minute <= 59 && second <= 59;
}

/** Seconds since 1970-01-01 00:00:00 on the same clock. */
export function secondsOfCivil(civil: Civil): number {
  let day = dayOfNewYear(civil.year) + civil.day - 1;
  for (let month = 1; month < civil.month; month++) day += daysOfMonth(month, isLeap(civil.year));
  return day * DAY + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

/** The inverse of `secondsOfCivil`. */
export function civilOfSeconds(seconds: number): Civil {
  const days = Math.floor(seconds / DAY);
  let year = FIRST_YEAR + Math.floor((days * 400) / 146_097);
  while (days < dayOfNewYear(year)) year--;
  while (days >= dayOfNewYear(year + 1)) year++;
  let day = days - dayOfNewYear(year);
  let month = 1;
  for (; day >= daysOfMonth(month, isLeap(year)); month++) day -= daysOfMonth(month, isLeap(year));
  const time = seconds - days * DAY;
  return {
    year,
    month,
    day: day + 1,
    hour: Math.floor(time / 3600),
    minute: Math.floor(time / 60) % 60,
    second: Math.floor(time) % 60,
  };
}

/** `2026-12-24 18:30:00` */
export function formatCivil(civil: Civil): string {
  const { year, month, day, hour, minute, second } = civil;
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${date} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** A number with at least two digits. */
export function two(value: number): string {
  return String(value).padStart(2, '0');
}
