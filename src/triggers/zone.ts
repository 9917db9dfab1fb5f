/**
 * Time zones: which offset holds at an instant, and where it changes.
 *
 * Idea: Intl knows the offset at any instant (about 0.7 µs a question) but not where it changes. So the line of
 * time is cut into stretches of 2^20 seconds (12 days). A stretch is looked into on first use: the offsets a day
 * before it and a day after it, and, where they differ, the change between, found by bisection. The day on
 * either side makes one stretch enough to judge any local time near it, as no zone is a day away from UTC.
 *
 * Example: Europe/Berlin, the stretch that holds 2026-03-29: `{ before: 3600, after: 7200, at: 1774746000 }`.
 *
 * Invariants: a stretch with `at` Infinity has one offset; else `before` holds earlier than `at` and `after` from
 * `at` on. At most one change per 14 days is assumed; no zone since 1970 had two (the shortest, a Ramadan, is 29).
 * Nothing is assumed about years: stretches of 2087 are asked from Intl as those of today are.
 */
import { isZoneName } from './zone-names.ts';

/** What is known about 12 days of a zone, and a day on either side; offsets and instants in whole seconds. */
export interface Stretch {
  /** Offset from UTC in seconds (east is positive) before the change. */
  readonly before: number;
  /** Offset from the change on; equals `before` where nothing changes. */
  readonly after: number;
  /** First second of the new offset, since the epoch; Infinity where nothing changes. */
  readonly at: number;
}

export interface Zone {
  readonly name: string;
  readonly format: Intl.DateTimeFormat;
  readonly stretches: Map<number, Stretch>;
  /** The stretches without a change, one object for each offset. */
  readonly constant: Map<number, Stretch>;
  /** The stretch that was asked for last, as questions come in pairs. */
  recentIndex: number;
  recent: Stretch;
}

const DAY = 86_400;
const STRETCH_SECONDS = 2 ** 20;
/** Past these (650 years) the memory of a zone starts afresh. */
const MAX_STRETCHES = 20_000;
/** Changes of clocks fall on such multiples nearly always, which halves the questions of a bisection. */
const USUAL_GRID = 900;

const NOTHING_RECENT = {
  recentIndex: Number.NaN,
  recent: { before: 0, after: 0, at: Number.POSITIVE_INFINITY },
};

const zones = new Map<string, Zone>();

/** Whether this is a name of the tz database, links included, in its exact spelling. */
export function isTimezone(name: string): boolean {
  return openZone(name) !== undefined;
}

/** The zone of that name, the same object for the same name; `undefined` if there is none. */
export function openZone(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!isZoneName(name)) return undefined;
  const format = zoneFormat(name);
  if (format === undefined) return undefined;
  const zone: Zone = { name, format, stretches: new Map(), constant: new Map(), ...NOTHING_RECENT };
  zones.set(name, zone);
  return zone;
}

/** The stretch that holds a second, given as UTC or as local time: it knows a day around it either way. */
export function stretchAt(zone: Zone, second: number): Stretch {
  const index = Math.floor(second / STRETCH_SECONDS);
  if (index === zone.recentIndex) return zone.recent;
  const stretch = zone.stretches.get(index) ?? exploreStretch(zone, index);
  zone.recentIndex = index;
  zone.recent = stretch;
  return stretch;
}

/** The first instant that shows this local time; where the clocks skip it, the one read with the offset before. */
export function instantOfLocal(zone: Zone, local: number): number {
  const stretch = stretchAt(zone, local);
  const first = local - stretch.before;
  if (first < stretch.at) return first;
  const second = local - stretch.after;
  return second >= stretch.at ? second : first;
}

function exploreStretch(zone: Zone, index: number): Stretch {
  const start = index * STRETCH_SECONDS - DAY;
  const end = (index + 1) * STRETCH_SECONDS + DAY;
  const before = offsetAt(zone, start - 1);
  const after = offsetAt(zone, end - 1);
  const stretch =
    before === after
      ? constantStretch(zone, before)
      : { before, after, at: findChange(zone, start, end, before) };
  if (zone.stretches.size >= MAX_STRETCHES) zone.stretches.clear();
  zone.stretches.set(index, stretch);
  return stretch;
}

function constantStretch(zone: Zone, offset: number): Stretch {
  let stretch = zone.constant.get(offset);
  if (stretch === undefined) {
    stretch = { before: offset, after: offset, at: Number.POSITIVE_INFINITY };
    zone.constant.set(offset, stretch);
  }
  return stretch;
}

/** The first second in [start, end) at which the offset is no longer `before`. */
function findChange(zone: Zone, start: number, end: number, before: number): number {
  const coarse = bisect(
    zone,
    Math.floor(start / USUAL_GRID),
    Math.ceil(end / USUAL_GRID),
    USUAL_GRID,
    before,
  );
  const guess = coarse * USUAL_GRID;
  if (offsetAt(zone, guess - 1) === before) return guess;
  return bisect(zone, guess - USUAL_GRID, guess, 1, before);
}

/** The lowest n in (low, high] with another offset at n * unit than `before`. */
function bisect(zone: Zone, low: number, high: number, unit: number, before: number): number {
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * unit) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Offset from UTC in seconds; Intl writes it as `9 AM GMT+05:45`, `GMT-00:25:21` or plain `GMT`. */
function offsetAt(zone: Zone, second: number): number {
  const text = zone.format.format(second * 1000);
  const sign = text.indexOf('GMT') + 3;
  if (sign >= text.length) return 0;
  const hours = digits(text, sign + 1);
  const minutes = digits(text, sign + 4);
  const seconds = text.length > sign + 6 ? digits(text, sign + 7) : 0;
  const size = hours * 3600 + minutes * 60 + seconds;
  return text.charCodeAt(sign) === 0x2b ? size : -size;
}

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', hour: 'numeric' });
  } catch {
    return undefined; // a link that this Node's own copy of the tz database does not have
  }
}
