/**
 * The `interval` label.
 *
 * Either numbers with units, of which the first letter counts (`1.5h`, `2 weeks and 3 days`; `m` is a minute), or
 * up to five numbers with `. : /` or blanks between, which mean weeks, days, hours, minutes and seconds, aligned to
 * the right (`1/00:00:00`, `15`), or one of five phrases.
 */
import { quote, type Rejection, reject, rejectTooLong } from './problem.ts';

/** A span of time in milliseconds. */
export type SpanResult = { readonly ok: true; readonly ms: number } | Rejection;

type SecondsResult = { readonly ok: true; readonly seconds: number } | Rejection;

const PHRASES: ReadonlyMap<string, number> = new Map([
  ['weekly', 604_800],
  ['daily', 86_400],
  ['hourly', 3600],
  ['every minute', 60],
  ['every second', 1],
]);
const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]);
/** Seconds, minutes, hours, days, weeks. */
const POSITION_SECONDS = [1, 60, 3600, 86_400, 604_800];
/** As far as instants can be told: 100 million days. */
const LONGEST_SECONDS = 8.64e12;
const EXPECTED = "expected a number with a unit such as '15m', or '[days/]hours:minutes:seconds'";

/** The period of an interval label: whole seconds (a fraction is cut off), at least one; in milliseconds. */
export function parseInterval(text: string): SpanResult {
  const tooLong = rejectTooLong(text);
  if (tooLong !== undefined) return tooLong;
  const trimmed = text.trim();
  const phrase = PHRASES.get(trimmed);
  if (phrase !== undefined) return { ok: true, ms: phrase * 1000 };
  const result = /[a-z]/i.test(trimmed) ? sumOfUnits(trimmed) : sumOfPositions(trimmed);
  if (!result.ok) return result;
  const seconds = Math.floor(result.seconds);
  if (seconds < 1) return reject(`${quote(text)} is less than one second`, 'the shortest interval is 1s');
  return { ok: true, ms: seconds * 1000 };
}

/** Words before a number are passed over (`every 5 minutes`, `1 hour and 30 minutes`). */
function sumOfUnits(text: string): SecondsResult {
  const quantity = /[ ,]*(?:[a-z]+ +){0,8}(\d+(?:\.\d*)?|\.\d+) *([a-z]+)/iy;
  let seconds = 0;
  let at = 0;
  while (at < text.length) {
    quantity.lastIndex = at;
    const match = quantity.exec(text);
    if (match === null) return rejectRest(text, at);
    const unit = UNIT_SECONDS.get(match[2]?.charAt(0).toLowerCase() ?? '');
    if (unit === undefined) {
      return reject(
        `${quote(match[2] ?? '')} is no unit of time`,
        'units are weeks, days, hours, minutes and seconds',
      );
    }
    seconds += Number(match[1]) * unit;
    at = quantity.lastIndex;
  }
  if (at === 0) return reject('the text is empty', EXPECTED);
  return bounded(seconds, text);
}

function rejectRest(text: string, at: number): Rejection {
  const rest = text.slice(at).trim();
  if (/^[-+]/.test(rest)) return reject(`${quote(rest)} has a sign`, 'a period has none');
  if (at === 0) return reject(`${quote(text)} is not a period`, EXPECTED);
  return reject(`${quote(rest)} at the end is not understood`, 'every number needs a unit: 1h 30m');
}

function sumOfPositions(text: string): SecondsResult {
  if (text === '') return reject('the text is empty', EXPECTED);
  if (/^[-+]/.test(text)) return reject(`${quote(text)} has a sign`, 'a period has none');
  if (!/^[\d.:/ ]+$/.test(text) || /^\D|\D$/.test(text))
    return reject(`${quote(text)} is not a period`, EXPECTED);
  const numbers = text.split(/[.:/ ]+/).reverse();
  if (numbers.length > POSITION_SECONDS.length) {
    return reject(
      `${quote(text)} has ${numbers.length} numbers`,
      'at most five: weeks days hours minutes seconds',
    );
  }
  return bounded(
    numbers.reduce((sum, number, position) => sum + Number(number) * (POSITION_SECONDS[position] ?? 0), 0),
    text,
  );
}

function bounded(seconds: number, text: string): SecondsResult {
  if (seconds <= LONGEST_SECONDS) return { ok: true, seconds };
  return reject(`${quote(text)} is too long`, 'the longest is 100 million days');
}
