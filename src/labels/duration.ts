/** Durations as labels and variables hold them: `600`, `90s`, `1.5h`, `2 days 3h`. */
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

const day = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { w: 7 * day, d: day, h: 3_600_000, m: 60_000, s: 1000 };

/** A century; longer ones are slips, and sums with them would lose their milliseconds. */
const longestMs = 36_525 * day;

const expected = 'a duration: seconds, or numbers with units such as 90s, 5m, 1.5h, 2 days';

export interface DurationRange {
  /** Milliseconds; the least that is accepted. */
  readonly least: number;
  /** Milliseconds; a century if not given. */
  readonly most?: number;
  /** Words that stand for Infinity, such as `unlimited`. */
  readonly unlimited?: readonly string[];
}

/**
 * Reads a duration into milliseconds. A number alone is seconds; units go by their first letter (w, d, h, m,
 * s), as with intervals, but `ms` and months are refused, since they would silently become minutes.
 */
export function readDuration(range: DurationRange): (text: string) => Reading<number> {
  return (text) => {
    const trimmed = text.trim();
    if (range.unlimited?.includes(trimmed)) return { ok: true, value: Number.POSITIVE_INFINITY };
    const ms = trimmed.length <= 100 ? sum(trimmed) : undefined;
    if (typeof ms === 'string') return { ok: false, message: `${quote(text)} is not ${expected}`, hint: ms };
    if (ms === undefined) return { ok: false, message: `${quote(text)} is not ${expected}${orWord(range)}` };
    if (ms > (range.most ?? longestMs))
      return { ok: false, message: `${quote(text)} is longer than ${most(range)}` };
    if (ms >= range.least) return { ok: true, value: ms };
    const least = range.least === 1 ? 'more than 0' : `at least ${range.least / 1000} s`;
    return { ok: false, message: `${quote(text)} is too short: ${least} is expected` };
  };
}

function most(range: DurationRange): string {
  return range.most === undefined ? '100 years' : `${range.most / day} days`;
}

function orWord(range: DurationRange): string {
  return range.unlimited?.[0] === undefined ? '' : `, or ${range.unlimited[0]}`;
}

/** Milliseconds; undefined if it is no duration; a text if it says what was probably meant. */
function sum(text: string): number | string | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?\s*[a-z]+[\s,]*)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const word = unit.toLowerCase();
    if (word === 'ms' || word.startsWith('milli'))
      return 'Write 0.5s for half a second: there are no smaller units';
    if (word.startsWith('mo')) return 'There are no months: write days or weeks';
    const factor = unitMs[word.charAt(0)];
    if (factor === undefined) return undefined;
    total += Number(number) * factor;
  }
  return Math.round(total);
}
