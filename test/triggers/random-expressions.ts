/** Random cron expressions, as text and as predicates. */
import type { Random } from '../support/random.ts';
import { type Expression, isoWeek } from './oracle.ts';

interface Field {
  readonly text: string;
  readonly values: readonly number[];
}

function pick(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

function numbers(low: number, high: number, step = 1): number[] {
  const found: number[] = [];
  for (let value = low; value <= high; value += step) found.push(value);
  return found;
}

/** `*`, `*` with a step, a number, a list, a range, a range with a step. */
export function randomField(random: Random, min: number, max: number, stars: number): Field {
  if (random() < stars) return { text: '*', values: numbers(min, max) };
  const shape = random();
  if (shape < 0.2) {
    const step = pick(random, 1, Math.floor((max - min) / 2));
    return { text: `*/${step}`, values: numbers(min, max, step) };
  }
  const low = pick(random, min, max - 2);
  const high = pick(random, low + 1, max);
  if (shape < 0.5) return { text: String(low), values: [low] };
  if (shape < 0.7) return { text: `${high},${low}`, values: [low, high] };
  if (shape < 0.85) return { text: `${low}-${high}`, values: numbers(low, high) };
  const step = pick(random, 1, high - low);
  return { text: `${low}-${high}/${step}`, values: numbers(low, high, step) };
}

const NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const POSITIONS = ['1st', '2nd', '3rd', '4th', '5th', 'last'];

/** The day field, with positions and `last` among its forms. */
function randomDayField(random: Random, stars: number): { text: string; matches: (date: Date) => boolean } {
  if (random() < 0.8) {
    const field = randomField(random, 1, 31, stars);
    return { text: field.text, matches: (date) => field.values.includes(date.getUTCDate()) };
  }
  if (random() < 0.3) return { text: 'last', matches: isLastDay };
  const weekday = pick(random, 0, 6);
  const position = pick(random, 0, 5);
  return {
    text: `${POSITIONS[position]} ${NAMES[weekday]}`,
    matches: (date) => {
      if ((date.getUTCDay() + 6) % 7 !== weekday) return false;
      if (position < 5) return Math.ceil(date.getUTCDate() / 7) === position + 1;
      return new Date(date.getTime() + 7 * 86_400_000).getUTCMonth() !== date.getUTCMonth();
    },
  };
}

function isLastDay(date: Date): boolean {
  return new Date(date.getTime() + 86_400_000).getUTCDate() === 1;
}

/** `stars` is how likely each of the day's fields is `*`. */
export function randomExpression(random: Random, stars: number): Expression {
  const year = randomField(random, 1990, 2060, Math.max(stars, 0.8));
  const month = randomField(random, 1, 12, stars);
  const day = randomDayField(random, stars);
  const week = randomField(random, 1, 53, Math.max(stars, 0.7));
  const weekday = randomField(random, 0, 6, stars);
  const hour = randomField(random, 0, 4, 0.15);
  const hourText = hour.text.startsWith('*') ? '*' : hour.text;
  const hours = hourText === '*' ? numbers(0, 23) : hour.values;
  const minute = randomField(random, 0, 59, 0.1);
  const [secondText, seconds] = randomSeconds(random);
  const yearText = year.text.startsWith('*') ? '*' : year.text;
  const fields = [yearText, month.text, day.text, week.text, weekday.text, hourText, minute.text, secondText];
  return {
    text: fields.join(' '),
    day: (local) => {
      const date = new Date(Math.floor(local / 86_400) * 86_400_000);
      return (
        (yearText === '*' || year.values.includes(date.getUTCFullYear())) &&
        month.values.includes(date.getUTCMonth() + 1) &&
        day.matches(date) &&
        week.values.includes(isoWeek(local)) &&
        weekday.values.includes((date.getUTCDay() + 6) % 7)
      );
    },
    hours,
    minutes: minute.values,
    seconds,
    followsClock: [hourText, minute.text, secondText].some((text) => text.startsWith('*')),
  };
}

function randomSeconds(random: Random): [string, number[]] {
  const shape = random();
  if (shape < 0.6) return ['0', [0]];
  return shape < 0.8 ? ['0,30', [0, 30]] : ['*/20', [0, 20, 40]];
}
