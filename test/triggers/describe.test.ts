import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TriggerInput } from '../../src/triggers/compile.ts';
import { describeTrigger } from '../../src/triggers/describe.ts';
import { parseTrigger } from '../../src/triggers/parse-trigger.ts';

const WORDS: readonly (readonly [TriggerInput, string])[] = [
  [{ cron: 'sun 1 0 0' }, 'every Sunday at 01:00:00'],
  [{ cron: 'mon,wed,fri 6 30 0' }, 'every Monday, Wednesday, Friday at 06:30:00'],
  [{ cron: 'mon-fri 8 0 0' }, 'Monday to Friday at 08:00:00'],
  [{ cron: '0,12 0 0' }, 'every day at 00:00:00, 12:00:00'],
  [{ cron: '*' }, 'every second'],
  [{ cron: '0' }, 'every minute'],
  [{ cron: '30' }, 'every minute at second 30'],
  [{ cron: '*/20' }, 'every 20 seconds'],
  [{ cron: '*/5 0' }, 'every 5 minutes'],
  [{ cron: '30 0' }, 'every hour at minute 30'],
  [{ cron: '8-18 0 0' }, 'every hour at minute 0 in the hours 8-18'],
  [{ cron: 'mon-fri 9-17 */15 0' }, 'every 15 minutes in the hours 9-17, Monday to Friday'],
  [{ cron: 'last * * 0 0 0' }, 'the last day of the month at 00:00:00'],
  [{ cron: '* * last sun * * 3 0 0' }, 'the last Sunday of the month at 03:00:00'],
  [
    { cron: '* * 1st mon,3rd wed * * 6 0 0' },
    'the 1st Monday and the 3rd Wednesday of the month at 06:00:00',
  ],
  [{ cron: '13 * fri 0 0 0' }, 'day 13 of the month if it is a Friday at 00:00:00'],
  [{ cron: '2 29 * * 0 0 0' }, 'day 29 in February at 00:00:00'],
  [{ cron: '53 * 0 0 0' }, 'every day in ISO week 53 at 00:00:00'],
  [{ cron: '*/2 * * * * 0 0 0' }, 'every day in 1970, 1972, 1974 … 9998 at 00:00:00'],
  [{ crontab: '0 3 * * *' }, 'every day at 03:00:00'],
  [{ crontab: '0 0 13 * 5' }, 'day 13 of the month and also every Friday at 00:00:00'],
  [{ crontab: '0 0 1 * 5#3' }, 'day 1 and the 3rd Friday of the month at 00:00:00'],
  [{ crontab: '0 0 1-31 * 1' }, 'every day at 00:00:00'],
  [{ date: '2026-07-01' }, 'once at 2026-07-01 00:00:00'],
];

test('triggers are described in words, with their zone', () => {
  for (const [input, words] of WORDS) {
    const trigger = parseTrigger(input, { timezone: 'Europe/Berlin' });
    assert.equal(describeTrigger(trigger), `${words} Europe/Berlin`);
  }
});

test('intervals are described by their period', () => {
  const cases = [
    ['daily', 'every day'],
    ['every second', 'every second'],
    ['1.5h', 'every 1 hour 30 minutes'],
    ['90', 'every 1 minute 30 seconds'],
    ['2 weeks', 'every 14 days'],
  ] as const;
  for (const [interval, words] of cases) assert.equal(describeTrigger(parseTrigger({ interval })), words);
});

test('a trigger made elsewhere is described by its text', () => {
  const trigger = { kind: 'cron', text: '3 0 0', timezone: 'UTC', next: () => undefined } as const;
  assert.equal(describeTrigger(trigger), '3 0 0 UTC');
});
