/** Each text in the gallery of triggers fires as its words say: here are the moments, worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrigger } from '../../src/index.ts';
import { codeWords, section, tableRows, textOf } from './documents.ts';

const text = textOf('docs/triggers.md');
/** A Thursday. */
const after = Date.parse('2026-11-26T10:20:40Z');

const cron: Readonly<Record<string, readonly string[]>> = {
  '0': ['2026-11-26 10:21:00', '2026-11-26 10:22:00', '2026-11-26 10:23:00'],
  '*/15': ['2026-11-26 10:20:45', '2026-11-26 10:21:00', '2026-11-26 10:21:15'],
  '30 0': ['2026-11-26 10:30:00', '2026-11-26 11:30:00', '2026-11-26 12:30:00'],
  '3 0 0': ['2026-11-27 03:00:00', '2026-11-28 03:00:00', '2026-11-29 03:00:00'],
  '6 1 0 0': ['2026-11-29 01:00:00', '2026-12-06 01:00:00', '2026-12-13 01:00:00'],
  'mon-fri 9-17 0 0': [
    '2026-11-26 11:00:00',
    '2026-11-26 12:00:00',
    '2026-11-26 13:00:00',
    '2026-11-26 14:00:00',
    '2026-11-26 15:00:00',
    '2026-11-26 16:00:00',
    '2026-11-26 17:00:00',
    '2026-11-27 09:00:00',
  ],
  '* * 1 * * 4 0 0': ['2026-12-01 04:00:00', '2027-01-01 04:00:00', '2027-02-01 04:00:00'],
  '* * last * * 23 30 0': ['2026-11-30 23:30:00', '2026-12-31 23:30:00', '2027-01-31 23:30:00'],
  '* * 2nd fri * * 6 0 0': ['2026-12-11 06:00:00', '2027-01-08 06:00:00', '2027-02-12 06:00:00'],
  '* 2 29 * * 0 0 0': ['2028-02-29 00:00:00', '2032-02-29 00:00:00'],
  '* * * 53 sun 12 0 0': ['2027-01-03 12:00:00', '2033-01-02 12:00:00'],
};

const crontab: Readonly<Record<string, readonly string[]>> = {
  '0 3 * * *': ['2026-11-27 03:00:00', '2026-11-28 03:00:00'],
  '*/5 * * * *': ['2026-11-26 10:25:00', '2026-11-26 10:30:00'],
  '0 0 1,15 * 5': ['2026-11-27 00:00:00', '2026-12-01 00:00:00', '2026-12-04 00:00:00'],
  '@hourly': ['2026-11-26 11:00:00', '2026-11-26 12:00:00'],
};

for (const [kind, moments] of Object.entries({ cron, crontab })) {
  const rows = tableRows(section(text, kind)).map(([cell = '']) => cell.replaceAll('`', ''));

  test(`the gallery of ${kind} is this one`, () => {
    const varying = rows.filter((row) => row.includes('H'));
    assert.deepEqual([...Object.keys(moments), ...varying].sort(), [...rows].sort());
  });

  for (const [expression, expected] of Object.entries(moments))
    test(`${kind} ${expression} fires as the gallery says`, () => {
      const input = kind === 'cron' ? { cron: expression } : { crontab: expression };
      assert.deepEqual(fireTimes(parseTrigger(input), expected.length), expected);
    });
}

test('H stands for a moment of its own for each job, always the same', () => {
  const [expression = ''] = tableRows(section(text, 'crontab'))
    .map(([cell = '']) => cell.replaceAll('`', ''))
    .filter((row) => row.includes('H'));
  const firstOf = (seed: string): string | undefined =>
    fireTimes(parseTrigger({ crontab: expression }, { seed }), 1)[0];
  const seeds = Array.from({ length: 20 }, (_, index) => `job-${index}`);
  for (const seed of seeds) {
    assert.match(firstOf(seed) ?? '', /^2026-11-27 04:\d\d:00$/);
    assert.equal(firstOf(seed), firstOf(seed));
  }
  assert.ok(new Set(seeds.map(firstOf)).size > 5);
});

test('each interval that is named is one, of the length that is said', () => {
  const seconds: Readonly<Record<string, number>> = {
    weekly: 604_800,
    daily: 86_400,
    hourly: 3600,
    'every minute': 60,
    'every second': 1,
    '28 days': 28 * 86_400,
    '42s 0.5d': 42 + 43_200,
    '42:00:00': 42 * 3600,
  };
  const named = codeWords(section(text, 'interval')).filter(
    (word) => word !== 'weeks/days/hours:minutes:seconds',
  );
  assert.deepEqual([...named].sort(), Object.keys(seconds).sort());
  for (const [interval, length] of Object.entries(seconds)) {
    const trigger = parseTrigger({ interval }, { anchor: after });
    assert.equal(trigger.next(after), after + length * 1000, interval);
  }
});

test('each date that is named fires once, at that moment', () => {
  for (const [date, moment] of [
    ['2027-01-31', '2027-01-31 00:00:00'],
    ['2027-01-31 04:30:00', '2027-01-31 04:30:00'],
  ] as const) {
    assert.ok(codeWords(section(text, 'date')).includes(date));
    assert.deepEqual(fireTimes(parseTrigger({ date }), 2), [moment]);
  }
});

function fireTimes(trigger: ReturnType<typeof parseTrigger>, count: number): string[] {
  const times: string[] = [];
  let at = trigger.next(after);
  while (at !== undefined && times.length < count) {
    times.push(new Date(at).toISOString().slice(0, 19).replace('T', ' '));
    at = trigger.next(at);
  }
  return times;
}
