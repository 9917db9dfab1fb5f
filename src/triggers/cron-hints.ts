/** What was probably meant by an item of a cron field that can't be read. */
import type { FieldSpec } from './cron-fields.ts';
import { quote, type Rejection, reject } from './problem.ts';

const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)/i;
const MONTH = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;
const FULL_NAMES =
  /^(monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december|tues|thur|thurs|sept)$/i;

/** The reason why the item is none of the field, with a hint where a usual slip is seen. */
export function explainItem(spec: FieldSpec, item: string): Rejection {
  if (item === '') return reject(`${spec.name}: an item of the list is empty`, 'remove the surplus comma');
  return reject(`${spec.name}: ${quote(item)} is not understood`, hintFor(spec, item));
}

function hintFor(spec: FieldSpec, item: string): string | undefined {
  if (/^["']|["']$/.test(item)) return 'leave the quotes out of the value';
  if (/\s/.test(item) && !item.includes(' '))
    return 'separate the fields by blanks, not by tabs or line ends';
  if (/^@|^[H?LW]$|[#]|\dL$|\dW$|^H[(/]/.test(item))
    return "that is crontab's syntax: use the label crontab for it";
  return hintForWord(spec, item) ?? `use ${accepted(spec)}`;
}

function hintForWord(spec: FieldSpec, item: string): string | undefined {
  if (FULL_NAMES.test(item)) return `write ${quote(item.slice(0, 3).toLowerCase())}`;
  if (/^[a-z]{3}-[a-z]{3}\/\d+$/i.test(item)) return 'a range of names takes no step; use a range of numbers';
  const named = spec.names.length > 0;
  if (named && /^(?:[a-z]{3}-\d+|\d+-[a-z]{3})$/i.test(item))
    return 'use two names or two numbers for a range';
  if (/^(?:\d(?:st|nd|rd|th)|last)\b/i.test(item)) {
    return 'a position such as 2nd fri or last belongs in the day field: write all eight fields, * * 2nd fri * * 3 0 0';
  }
  if (WEEKDAY.test(item) && spec.name !== 'day_of_week') {
    return 'names of weekdays belong in the fifth of the eight fields; hour, minute and second follow it: mon 3 0 0';
  }
  if (MONTH.test(item) && spec.name !== 'month')
    return 'names of months belong in the second of the eight fields';
  return undefined;
}

function accepted(spec: FieldSpec): string {
  const names = spec.names.length > 0 ? `, ${spec.names[0]}-${spec.names.at(-1)}` : '';
  const last = spec.name === 'day' ? ', last, 1st mon to last sun' : '';
  return `*, */n, or numbers ${spec.min}-${spec.max} as a, a-b, a-b/n${names}${last}, with commas between`;
}
