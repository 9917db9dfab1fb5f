/**
 * One field of a cron expression: from its text to the set of numbers that it names, or to a reason why not.
 *
 * A field is a list of items with commas between: `*`, `*` + `/n`, `a`, `a-b`, `a-b/n`, `a/n`, names and ranges of names
 * (month, day_of_week), and in the day field `last`, `2nd fri`, `last sun`. A step must fit into its range.
 */
import { bitRange } from './bits.ts';
import { explainItem } from './cron-hints.ts';
import { FIRST_YEAR, LAST_POSITION, LAST_YEAR } from './days.ts';
import { quote, type Rejection, reject } from './problem.ts';

export interface FieldSpec {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for `min`, `min + 1`, and so on; lower case. */
  readonly names: readonly string[];
}

/** What a field names. */
export interface FieldSet {
  readonly ok: true;
  /** The numbers as bits: number n is bit `n - base` of 32 each, where `base` is 1970 for years and 0 else. */
  readonly bits: Int32Array;
  /** Every number of the field. */
  readonly all: boolean;
  /** The text starts with `*`. */
  readonly star: boolean;
  /** The day field named the last day of the month. */
  readonly last: boolean;
  /** Positions of the day field, see `DayRule`. */
  readonly positions: readonly number[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
export const WEEKDAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
export const POSITIONS: readonly string[] = ['1st', '2nd', '3rd', '4th', '5th', 'last'];

/** The eight fields in their order. */
export const FIELDS: readonly FieldSpec[] = [
  { name: 'year', min: FIRST_YEAR, max: LAST_YEAR, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day', min: 1, max: 31, names: [] },
  { name: 'week', min: 1, max: 53, names: [] },
  { name: 'day_of_week', min: 0, max: 6, names: WEEKDAYS },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'second', min: 0, max: 59, names: [] },
];

interface Collector {
  readonly bits: Int32Array;
  last: boolean;
  readonly positions: number[];
}

/** Fields repeat between expressions more than expressions do; what is long or rejected is not remembered. */
const remembered = FIELDS.map(() => new Map<string, FieldSet>());
const MAX_REMEMBERED = 2000;
const MAX_REMEMBERED_LENGTH = 40;

/** The set that the text of field number `index` (0 = year … 7 = second) names. */
export function parseField(index: number, text: string): FieldSet | Rejection {
  const known = remembered[index]?.get(text);
  if (known !== undefined) return known;
  const spec = FIELDS[index];
  if (spec === undefined) throw new RangeError(`no field ${index}`);
  const result = collectField(spec, text);
  const memory = remembered[index];
  if (result.ok && memory !== undefined && text.length <= MAX_REMEMBERED_LENGTH) {
    if (memory.size >= MAX_REMEMBERED) memory.clear();
    memory.set(text, result);
  }
  return result;
}

function collectField(spec: FieldSpec, text: string): FieldSet | Rejection {
  const base = spec.min === FIRST_YEAR ? FIRST_YEAR : 0;
  const into: Collector = { bits: new Int32Array(((spec.max - base) >> 5) + 1), last: false, positions: [] };
  for (const item of text.split(',')) {
    const problem = collectItem(spec, item, base, into);
    if (problem !== undefined) return problem;
  }
  const all = isFull(into.bits, spec.min - base, spec.max - base);
  return {
    ok: true,
    bits: into.bits,
    all,
    star: text.startsWith('*'),
    last: into.last,
    positions: into.positions,
  };
}

function collectItem(spec: FieldSpec, item: string, base: number, into: Collector): Rejection | undefined {
  const numbers = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
  if (numbers !== null) return collectNumbers(spec, item, numbers, base, into);
  const words = /^([a-z]+)(?:-([a-z]+))?$/i.exec(item);
  if (spec.name === 'day' && collectDay(item, into)) return undefined;
  const first = spec.names.indexOf(words?.[1]?.toLowerCase() ?? '');
  const last = words?.[2] === undefined ? first : spec.names.indexOf(words[2].toLowerCase());
  if (first < 0 || last < 0) return explainItem(spec, item);
  if (first > last) {
    const end = spec.names.at(-1);
    const start = spec.names[0];
    const rest = words?.[2]?.toLowerCase() === start ? start : `${start}-${words?.[2]}`;
    const head = first === spec.names.length - 1 ? words?.[1] : `${words?.[1]}-${end}`;
    return reject(`${spec.name}: ${quote(item)} does not wrap around`, `write ${quote(`${head},${rest}`)}`);
  }
  fill(into.bits, spec.min + first, spec.min + last, 1);
  return undefined;
}

/** A match of `*`, `a`, `a-b`, each with or without `/n`. */
function collectNumbers(
  spec: FieldSpec,
  item: string,
  match: RegExpExecArray,
  base: number,
  into: Collector,
): Rejection | undefined {
  const step = match[3] === undefined ? undefined : Number(match[3]);
  const first = match[1] === undefined ? spec.min : Number(match[1]);
  const open = match[1] === undefined || (match[2] === undefined && step !== undefined);
  const last = match[2] !== undefined ? Number(match[2]) : open ? spec.max : first;
  const problem = checkBounds(spec, item, first, last) ?? checkStep(spec, item, first, last, step);
  if (problem !== undefined) return problem;
  fill(into.bits, first - base, last - base, step ?? 1);
  return undefined;
}

function checkBounds(spec: FieldSpec, item: string, first: number, last: number): Rejection | undefined {
  for (const value of [first, last]) {
    if (value >= spec.min && value <= spec.max) continue;
    const side = value < spec.min ? 'below' : 'above';
    const what = Number.isSafeInteger(value) ? String(value) : quote(item);
    return reject(
      `${spec.name}: ${what} is ${side} the range ${spec.min}-${spec.max}`,
      boundHint(spec, value),
    );
  }
  if (first <= last) return undefined;
  const head = first === spec.max ? `${first}` : `${first}-${spec.max}`;
  const rest = last === spec.min ? `${spec.min}` : `${spec.min}-${last}`;
  return reject(`${spec.name}: the range ${quote(item)} runs backwards`, `write ${quote(`${head},${rest}`)}`);
}

function boundHint(spec: FieldSpec, value: number): string | undefined {
  if (spec.name === 'day_of_week' && value === 7) return 'Monday is 0 and Sunday is 6 here; write 6 or sun';
  if (spec.name === 'hour' && value === 24) return 'midnight is hour 0';
  if (value === 60 && spec.max === 59) return 'the next full one is 0';
  if (value === 0 && spec.min === 1) return `the first ${spec.name} is 1; the fields are ${fieldNames()}`;
  return `the fields are ${fieldNames()}, missing ones are * on the left`;
}

function fieldNames(): string {
  return FIELDS.map((field) => field.name).join(' ');
}

function checkStep(
  spec: FieldSpec,
  item: string,
  first: number,
  last: number,
  step: number | undefined,
): Rejection | undefined {
  if (step === undefined) return undefined;
  if (step === 0) return reject(`${spec.name}: the step of ${quote(item)} must be at least 1`);
  // An end of 0 counts as the maximum here, as it always did: `0-0/5` is the number 0.
  const room = (last === 0 ? spec.max : last) - first;
  if (step <= room) return undefined;
  return reject(
    `${spec.name}: the step of ${quote(item)} is longer than its range, which spans ${room}`,
    `write just ${first}`,
  );
}

/** `last`, `2nd fri` and `last sun` of the day field. */
function collectDay(item: string, into: Collector): boolean {
  const lower = item.toLowerCase();
  if (lower === 'last') {
    into.last = true;
    return true;
  }
  const [position, weekday, more] = lower.split(' ');
  const place = POSITIONS.indexOf(position ?? '');
  const day = WEEKDAYS.indexOf(weekday ?? '');
  if (place < 0 || day < 0 || more !== undefined) return false;
  into.positions.push((place + 1 === POSITIONS.length ? LAST_POSITION : place + 1) * 7 + day);
  return true;
}

function fill(bits: Int32Array, first: number, last: number, step: number): void {
  if (step === 1 && last < 32) {
    bits[0] = (bits[0] ?? 0) | bitRange(first, last);
    return;
  }
  for (let at = first; at <= last; at += step) bits[at >> 5] = (bits[at >> 5] ?? 0) | (1 << (at & 31));
}

function isFull(bits: Int32Array, first: number, last: number): boolean {
  for (let at = first; at <= last; at++) {
    if ((((bits[at >> 5] ?? 0) >>> (at & 31)) & 1) === 0) return false;
  }
  return true;
}
