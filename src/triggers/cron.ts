/** The `cron` label: eight fields, missing ones filled with `*` on the left, all of which must hold. */
import type { Plan } from './calendar-walk.ts';
import { FIELDS, type FieldSet, parseField } from './cron-fields.ts';
import { type DaySet, daySet } from './days.ts';
import { quote, type Rejection, reject, rejectTooLong } from './problem.ts';
import { halvesOf, timeOfDay } from './time-of-day.ts';

export type PlanResult = { readonly ok: true; readonly plan: Plan } | Rejection;

const POSITION_AT_END = /(?:^|,)(?:1st|2nd|3rd|4th|5th|last)$/i;
const WEEKDAY_AT_START = /^(?:mon|tue|wed|thu|fri|sat|sun)(?:,|$)/i;

/** Days are few where times of day are many: expressions that differ in these alone share their days. */
const daySets = new Map<string, DaySet>();
const MAX_DAY_SETS = 2000;

/** Compiles the text of a cron label. A position (`2nd fri`) is taken where all eight fields are written. */
export function planCron(text: string): PlanResult {
  const tooLong = rejectTooLong(text);
  if (tooLong !== undefined) return tooLong;
  const words = splitWords(text);
  const fields = words.length > FIELDS.length ? joinPositions(words) : words;
  if (fields.length === 0) return reject('the expression is empty', 'every day at three is 3 0 0');
  if (fields.length > FIELDS.length) return rejectSurplus(fields.length);
  const sets: FieldSet[] = [];
  const missing = FIELDS.length - fields.length;
  for (let index = 0; index < FIELDS.length; index++) {
    const set = parseField(index, index < missing ? '*' : (fields[index - missing] ?? '*'));
    if (!set.ok) return withPositionHint(set, words);
    sets.push(set);
  }
  return { ok: true, plan: planOfSets(sets, missing >= 5 ? '' : fields.slice(0, 5 - missing).join(' ')) };
}

/**
 * The text with all of its eight fields, the missing ones as `*` on the left, and a position counted with its
 * weekday as one field: `last sun * * 3 0 0` becomes `* * last sun * * 3 0 0`. A text that can't be a cron
 * expression comes back as it is, for `parseCron` to say why.
 */
export function fillCronFields(text: string): string {
  if (rejectTooLong(text) !== undefined) return text;
  const fields = joinPositions(splitWords(text));
  if (fields.length === 0 || fields.length > FIELDS.length) return text;
  return [...new Array<string>(FIELDS.length - fields.length).fill('*'), ...fields].join(' ');
}

/**
 * What a cron label gives to `planCron`, which takes positions in texts of eight fields only: the text with all of
 * them if it joins a position with its weekday, else the very same text.
 */
export function fillPositions(text: string): string {
  if (rejectTooLong(text) !== undefined) return text;
  const words = splitWords(text);
  return joinPositions(words).length === words.length ? text : fillCronFields(text);
}

function splitWords(text: string): string[] {
  return text
    .trim()
    .split(' ')
    .filter((word) => word !== '');
}

function joinPositions(words: readonly string[]): string[] {
  const fields: string[] = [];
  for (const word of words) {
    const before = fields.at(-1);
    if (before !== undefined && POSITION_AT_END.test(before) && WEEKDAY_AT_START.test(word)) {
      fields[fields.length - 1] = `${before} ${word}`;
    } else {
      fields.push(word);
    }
  }
  return fields;
}

function rejectSurplus(count: number): Rejection {
  return reject(
    `the expression has ${count} fields, more than the eight there are`,
    `the fields are ${FIELDS.map((field) => field.name).join(' ')}; an end or start date can't be given`,
  );
}

function withPositionHint(rejection: Rejection, words: readonly string[]): Rejection {
  const filled = fillCronFields(words.join(' '));
  if (joinPositions(words).length === words.length || words.length > FIELDS.length) return rejection;
  return reject(
    rejection.problem.message,
    `write all eight fields where a position is used: ${quote(filled)}`,
  );
}

function planOfSets(sets: readonly FieldSet[], key: string): Plan {
  const [, , , , , hour, minute, second] = sets;
  if (hour === undefined || minute === undefined || second === undefined)
    throw new RangeError('eight fields');
  return {
    days: rememberedDays(sets, key),
    times: timeOfDay(hour.bits[0] ?? 0, halvesOf(minute.bits), halvesOf(second.bits)),
    followsClock: hour.star || minute.star || second.star,
  };
}

function rememberedDays(sets: readonly FieldSet[], key: string): DaySet {
  const known = daySets.get(key);
  if (known !== undefined) return known;
  const [year, month, day, week, weekday] = sets;
  if (!year || !month || !day || !week || !weekday) throw new RangeError('eight fields');
  const days = daySet({
    years: year.all ? undefined : year.bits,
    months: month.bits[0] ?? 0,
    days: day.bits[0] ?? 0,
    lastDay: day.last,
    positions: day.positions,
    weekdays: weekday.bits[0] ?? 0,
    weeks: week.all ? undefined : week.bits,
    either: false,
  });
  if (daySets.size >= MAX_DAY_SETS) daySets.clear();
  if (key.length <= 80) daySets.set(key, days);
  return days;
}
