/** The `date` label: one moment, `YYYY-MM-DD [HH:MM:SS]` in the job's zone, or with `T`, `Z` or an offset. */
import { type Civil, isValidCivil, secondsOfCivil } from './civil.ts';
import { quote, type Rejection, reject, rejectTooLong } from './problem.ts';
import { instantOfLocal, type Zone } from './zone.ts';

export type InstantResult = { readonly ok: true; readonly at: number } | Rejection;

const DATE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?)?$/;
const EXPECTED = 'expected YYYY-MM-DD or YYYY-MM-DD HH:MM:SS';

/**
 * The moment in epoch milliseconds; in the past, too. A local time that the zone's clocks skip means the one after
 * the gap that is as late as if they had not been changed; one that comes twice means the first.
 */
export function parseDate(text: string, zone: Zone): InstantResult {
  const tooLong = rejectTooLong(text);
  if (tooLong !== undefined) return tooLong;
  const match = DATE.exec(text.trim());
  if (match === null) return reject(`${quote(text)} is not a date`, hintFor(text.trim()));
  const civil = civilOf(match);
  if (!isValidCivil(civil))
    return reject(`${quote(text)} is not in the calendar`, 'check month, day and time of day');
  const local = secondsOfCivil(civil);
  const offset = offsetOf(match[8]);
  if (offset === undefined)
    return reject(`the offset of ${quote(text)} is out of range`, 'expected -23:59 to +23:59');
  const seconds = offset === 'local' ? instantOfLocal(zone, local) : local - offset;
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return { ok: true, at: seconds * 1000 + milliseconds };
}

function civilOf(match: RegExpExecArray): Civil {
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? 0),
  );
  return {
    year: year ?? 0,
    month: month ?? 0,
    day: day ?? 0,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
  };
}

function offsetOf(text: string | undefined): number | 'local' | undefined {
  if (text === undefined) return 'local';
  if (text === 'Z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function hintFor(text: string): string {
  if (/^\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{1,2}$/.test(text)) return `seconds are required: '${text}:00'`;
  if (/^\d{1,2}[./-]\d{1,2}[./-]\d{4}/.test(text)) return `${EXPECTED}, the year first`;
  if (/[+-]\d{4}$/.test(text)) return 'write the offset with a colon, as in +02:00';
  return EXPECTED;
}
