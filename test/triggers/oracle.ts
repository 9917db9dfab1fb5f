/**
 * A slow second opinion on fire times, which shares no code with the walk: it lists every minute of a window with
 * what the zone's clock shows, as told by Intl, and tries each.
 */
export interface ShownMinute {
  /** Epoch seconds. */
  readonly at: number;
  /** What the clock shows, as seconds since 1970 on that clock. */
  readonly local: number;
}

/** An expression as text, and the same as predicates. */
export interface Expression {
  readonly text: string;
  readonly day: (local: number) => boolean;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly followsClock: boolean;
}

const THREE_HOURS = 3 * 3600;

export function shownMinutes(timezone: string, from: number, to: number): ShownMinute[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const shown: ShownMinute[] = [];
  for (let at = from; at < to; at += 60) shown.push({ at, local: localOf(format, at) });
  return shown;
}

function localOf(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at * 1000).map((part) => [part.type, Number(part.value)]));
  const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN;
  return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute')) / 1000;
}

/** All fire times of the window in epoch seconds, by trying everything. */
export function expectedFireTimes(expression: Expression, shown: readonly ShownMinute[]): number[] {
  const found = new Set<number>();
  const seen = new Set<number>();
  let previous: ShownMinute | undefined;
  for (const minute of shown) {
    const jump = previous === undefined ? 0 : minute.local - previous.local - 60;
    if (previous !== undefined && jump > 0 && jump <= THREE_HOURS && !expression.followsClock) {
      for (let local = previous.local + 60; local < minute.local; local += 60) {
        if (matchesMinute(expression, local)) found.add(minute.at);
      }
    }
    if (matchesMinute(expression, minute.local) && (expression.followsClock || !seen.has(minute.local))) {
      for (const second of expression.seconds) found.add(minute.at + second);
    }
    seen.add(minute.local);
    previous = minute;
  }
  return [...found].sort((a, b) => a - b);
}

function matchesMinute(expression: Expression, local: number): boolean {
  const hour = Math.floor(local / 3600) % 24;
  const minute = Math.floor(local / 60) % 60;
  return expression.hours.includes(hour) && expression.minutes.includes(minute) && expression.day(local);
}

/** ISO week of a day, by way of its Thursday. */
export function isoWeek(local: number): number {
  const day = Math.floor(local / 86_400);
  const thursday = day - ((day + 3) % 7) + 3;
  const newYear = Date.UTC(new Date(thursday * 86_400_000).getUTCFullYear(), 0, 1) / 86_400_000;
  return Math.floor((thursday - newYear) / 7) + 1;
}
