import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrigger } from '../../src/triggers/parse-trigger.ts';
import { seededRandom } from '../support/random.ts';
import { expectedFireTimes, shownMinutes } from './oracle.ts';
import { randomExpression } from './random-expressions.ts';

/** Zones with a day at which their clocks change (or jump over the line of dates). */
const CHANGES: readonly (readonly [string, string])[] = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/New_York', '2045-03-12'],
  ['America/New_York', '2045-11-05'],
  ['Australia/Lord_Howe', '2026-04-04'],
  ['Australia/Lord_Howe', '2026-10-03'],
  ['Africa/Casablanca', '2026-02-15'],
  ['Africa/Casablanca', '2026-03-22'],
  ['Pacific/Apia', '2011-12-30'],
  ['Pacific/Apia', '2012-04-01'],
  ['Europe/Dublin', '2030-03-31'],
  ['Europe/Dublin', '2030-10-27'],
  ['Africa/Cairo', '2026-04-24'],
  ['Africa/Cairo', '2026-10-29'],
  ['America/Santiago', '2026-04-05'],
  ['America/Santiago', '2026-09-06'],
  ['America/St_Johns', '2011-03-13'],
  ['Asia/Kathmandu', '2026-06-01'],
  ['Antarctica/Troll', '2026-03-29'],
  ['Antarctica/Troll', '2026-10-25'],
];

test('around changes of the clocks, fire times are those that trying every minute finds', () => {
  for (const [index, [timezone, day]] of CHANGES.entries()) {
    const seed = 7100 + index;
    const random = seededRandom(seed);
    const from = Date.parse(`${day}T00:00:00Z`) / 1000 - 2 * 86_400;
    const to = from + 4 * 86_400;
    // What was shown in the day before the window, so that repetitions at its start are known.
    const shown = shownMinutes(timezone, from - 86_400, to);
    for (let round = 0; round < 40; round++) {
      const expression = randomExpression(random, 0.9);
      const trigger = parseTrigger({ cron: expression.text }, { timezone });
      const expected = expectedFireTimes(expression, shown).filter((at) => at >= from);
      const got: number[] = [];
      for (
        let at = trigger.next(from * 1000 - 1);
        at !== undefined && at < to * 1000;
        at = trigger.next(at)
      ) {
        got.push(at / 1000);
      }
      assert.deepEqual(got, expected, `seed ${seed}, round ${round}: ${expression.text} in ${timezone}`);
    }
  }
});

test('asked from any quarter of an hour around a change, the answer is the same', () => {
  for (const [index, [timezone, day]] of CHANGES.entries()) {
    const seed = 7200 + index;
    const random = seededRandom(seed);
    const from = Date.parse(`${day}T00:00:00Z`) / 1000 - 86_400;
    const to = from + 2 * 86_400;
    const shown = shownMinutes(timezone, from - 86_400, to);
    for (let round = 0; round < 10; round++) {
      const expression = randomExpression(random, 0.95);
      const trigger = parseTrigger({ cron: expression.text }, { timezone });
      const expected = expectedFireTimes(expression, shown);
      for (let at = from; at < to; at += 900) {
        const first = expected.find((second) => second >= at);
        const got = trigger.next(at * 1000 - 1);
        const what = `seed ${seed}, round ${round}: ${expression.text} in ${timezone} at ${at}`;
        if (first === undefined) assert.ok(got === undefined || got >= to * 1000, what);
        else assert.equal(got, first * 1000, what);
      }
    }
  }
});

test('days are those that trying each day of forty years finds', () => {
  const seed = 7300;
  const random = seededRandom(seed);
  for (let round = 0; round < 60; round++) {
    const expression = randomExpression(random, 0.45);
    const days = expression.text.split(' ').slice(0, -3).join(' ');
    const trigger = parseTrigger({ cron: `${days} 0 0 0` });
    const from = Date.UTC(1985 + Math.floor(random() * 60), 0, 1) / 1000;
    const to = from + 40 * 366 * 86_400;
    let at = trigger.next(from * 1000 - 1);
    for (let day = from; day < to; day += 86_400) {
      if (!expression.day(day)) continue;
      assert.equal(
        at,
        day * 1000,
        `seed ${seed}, round ${round}: ${days}, day ${new Date(day * 1000).toISOString()}`,
      );
      at = trigger.next(day * 1000);
    }
    assert.ok(at === undefined || at >= to * 1000, `seed ${seed}, round ${round}: ${days} has one too many`);
  }
});

const DAILY_ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'Europe/Dublin',
  'America/Havana',
  'Asia/Beirut',
];

test('a daily time comes once on each of ten years’ days, also when the clocks skip or repeat it', () => {
  for (const timezone of DAILY_ZONES) {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
    for (const time of ['0 30 0', '1 30 0', '2 30 0', '23 45 0']) {
      const trigger = parseTrigger({ cron: time }, { timezone });
      let at = Date.UTC(2025, 0, 1, 12);
      let date = format.format(at);
      for (let day = 0; day < 3652; day++) {
        const next = trigger.next(at);
        assert.ok(next !== undefined && next > at, `${time} in ${timezone} after ${at}`);
        const nextDate = format.format(next);
        const expected = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
        if (day > 0) assert.equal(nextDate, expected, `${time} in ${timezone}`);
        at = next;
        date = nextDate;
      }
    }
  }
});

test('what follows the clock fires in real time, through both changes of a year', () => {
  for (const timezone of DAILY_ZONES) {
    const trigger = parseTrigger({ cron: '*/30 0' }, { timezone });
    let at = Date.UTC(2026, 0, 1);
    while (at < Date.UTC(2027, 0, 1)) {
      assert.equal(trigger.next(at), at + 1_800_000, timezone);
      at += 1_800_000;
    }
  }
});

test('an expression that its zone always skips is found never to fire, and soon at that', () => {
  const always = parseTrigger({ cron: '* 3 last sun * * 2 */5 0' }, { timezone: 'Europe/Berlin' });
  assert.equal(always.next(Date.UTC(2026, 0, 1)), undefined);
  assert.equal(always.next(Date.UTC(2060, 0, 1)), undefined);
  const sometimes = parseTrigger({ cron: '3 29 * * 2 */5 0' }, { timezone: 'Europe/Berlin' });
  assert.equal(sometimes.next(Date.UTC(2026, 2, 1)), Date.parse('2027-03-29T00:00:00Z'));
});

test('nothing fires before 1970, after 9999, or after what is no time', () => {
  const trigger = parseTrigger({ cron: '0 0 0' });
  assert.equal(trigger.next(-1e15), 0);
  assert.equal(trigger.next(Number.NEGATIVE_INFINITY), 0);
  assert.equal(trigger.next(Date.parse('9999-12-30T23:59:59.999Z')), Date.parse('9999-12-31T00:00:00Z'));
  assert.equal(trigger.next(Date.parse('9999-12-31T00:00:00Z')), undefined);
  for (const after of [Number.NaN, Number.POSITIVE_INFINITY, 1e300])
    assert.equal(trigger.next(after), undefined);
});

test('a fire time is strictly later than what was asked, to the millisecond', () => {
  const trigger = parseTrigger({ cron: '*' }, { timezone: 'Asia/Kathmandu' });
  assert.equal(trigger.next(999), 1000);
  assert.equal(trigger.next(1000), 2000);
  assert.equal(trigger.next(1000.5), 2000);
});
