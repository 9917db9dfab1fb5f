import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrigger } from '../../src/triggers/parse-trigger.ts';
import { Remembered } from '../../src/triggers/remembered.ts';
import { isTimezone, openZone, stretchAt } from '../../src/triggers/zone.ts';

test('equal texts in equal zones give the very same trigger', () => {
  const inputs = [{ cron: '3 0 0' }, { crontab: '0 3 * * *' }, { date: '2030-01-01' }, { interval: '5m' }];
  for (const input of inputs) {
    const trigger = parseTrigger(input, { timezone: 'Europe/Berlin' });
    assert.equal(parseTrigger({ ...input }, { timezone: 'Europe/Berlin', seed: 'any' }), trigger);
    assert.notEqual(parseTrigger(input, { timezone: 'UTC' }), trigger);
  }
  assert.notEqual(parseTrigger({ cron: '*' }).kind, parseTrigger({ crontab: '* * * * *' }).kind);
});

test('an interval fires on the grid of its anchor, first one period after it', () => {
  const trigger = parseTrigger({ interval: '10' }, { anchor: 1234 });
  assert.equal(trigger.next(-5000), 11_234);
  assert.equal(trigger.next(1234), 11_234);
  assert.equal(trigger.next(11_233), 11_234);
  assert.equal(trigger.next(11_234), 21_234);
  assert.equal(trigger.next(Number.NaN), undefined);
  assert.notEqual(parseTrigger({ interval: '10' }, { anchor: 5 }), trigger);
});

test('a date fires once, and never when asked later', () => {
  const trigger = parseTrigger({ date: '2030-07-01 12:00:00' }, { timezone: 'America/New_York' });
  const at = Date.parse('2030-07-01T16:00:00Z');
  assert.equal(trigger.next(0), at);
  assert.equal(trigger.next(at - 1), at);
  assert.equal(trigger.next(at), undefined);
});

test('memory of triggers is bounded, and keeps what is in use', () => {
  const memory = new Remembered<string, number>();
  memory.set('family', 'kept', -1);
  for (let key = 0; key < 200_000; key++) {
    memory.set('family', `${key}`, key);
    if (key % 10_000 === 0) assert.equal(memory.get('family', 'kept'), -1);
  }
  assert.equal(memory.get('family', '0'), undefined);
  assert.equal(memory.get('family', '199999'), 199_999);
  assert.equal(memory.get('other', '199999'), undefined);
});

test('every name and link of the tz database opens, in its own spelling only', () => {
  for (const name of [
    ...Intl.supportedValuesOf('timeZone'),
    'UTC',
    'US/Pacific',
    'Etc/GMT+5',
    'Europe/Kyiv',
    'EST',
  ]) {
    assert.ok(isTimezone(name), name);
  }
  for (const name of ['us/pacific', 'Utc', 'PST', 'JST', '+02:00', 'GMT+2', 'Local'])
    assert.ok(!isTimezone(name), name);
});

test('a change of the clocks is found to the second, long after 2037, too', () => {
  const cases = [
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 3600, 7200],
    ['America/New_York', '2080-11-03T06:00:00Z', -14_400, -18_000],
    ['Australia/Lord_Howe', '2099-04-04T15:00:00Z', 39_600, 37_800],
    ['Africa/Monrovia', '1972-01-07T00:44:30Z', -2670, 0],
  ] as const;
  for (const [name, instant, before, after] of cases) {
    const zone = openZone(name);
    assert.ok(zone);
    const stretch = stretchAt(zone, Date.parse(instant) / 1000);
    assert.deepEqual({ ...stretch }, { before, after, at: Date.parse(instant) / 1000 });
  }
});
