/** Times of day as bit masks: which seconds of a day an expression names. */
import { nextBit } from './bits.ts';

/** Seconds and minutes are split at 30, as an integer has 32 bits. */
export interface TimeOfDay {
  readonly hours: number;
  readonly minutesLow: number;
  readonly minutesHigh: number;
  readonly secondsLow: number;
  readonly secondsHigh: number;
  /** The earliest, in seconds since local midnight. */
  readonly first: number;
}

/** Three non-empty sets; `hours` as bits of a number, minutes and seconds as two halves of 30 bits. */
export function timeOfDay(hours: number, minutes: Halves, seconds: Halves): TimeOfDay {
  return {
    hours,
    minutesLow: minutes.low,
    minutesHigh: minutes.high,
    secondsLow: seconds.low,
    secondsHigh: seconds.high,
    first:
      nextBit(hours, 0) * 3600 + firstOf(minutes.low, minutes.high) * 60 + firstOf(seconds.low, seconds.high),
  };
}

/** A set of numbers 0..59: those below 30 as bits 0..29 of `low`, the others as bits 0..29 of `high`. */
export interface Halves {
  readonly low: number;
  readonly high: number;
}

/** The numbers 0..59 of a set that has them as bits of two words of 32. */
export function halvesOf(bits: Int32Array): Halves {
  const low = bits[0] ?? 0;
  return { low: low & 0x3fffffff, high: (low >>> 30) | ((bits[1] ?? 0) << 2) };
}

/** The first time of day that is at least `from`, both in seconds since midnight; -1 when the day has no more. */
export function nextTimeOfDay(times: TimeOfDay, from: number): number {
  const hour = (from / 3600) | 0;
  if ((times.hours >>> hour) & 1) {
    const found = nextInHour(times, from - hour * 3600);
    if (found >= 0) return hour * 3600 + found;
  }
  const nextHour = nextBit(times.hours, hour + 1);
  return nextHour < 0 ? -1 : nextHour * 3600 + (times.first % 3600);
}

function nextInHour(times: TimeOfDay, from: number): number {
  const minute = (from / 60) | 0;
  if (next60(times.minutesLow, times.minutesHigh, minute) === minute) {
    const second = next60(times.secondsLow, times.secondsHigh, from - minute * 60);
    if (second >= 0) return minute * 60 + second;
  }
  const nextMinute = next60(times.minutesLow, times.minutesHigh, minute + 1);
  return nextMinute < 0 ? -1 : nextMinute * 60 + (times.first % 60);
}

function next60(low: number, high: number, from: number): number {
  if (from < 30) {
    const found = nextBit(low, from);
    if (found >= 0) return found;
    from = 30;
  }
  if (from >= 60) return -1;
  const found = nextBit(high, from - 30);
  return found < 0 ? -1 : found + 30;
}

function firstOf(low: number, high: number): number {
  return next60(low, high, 0);
}
