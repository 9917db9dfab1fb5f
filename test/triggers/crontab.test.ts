import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CronExpressionParser } from 'cron-parser';
import { compileTrigger } from '../../src/triggers/compile.ts';
import { parseTrigger } from '../../src/triggers/parse-trigger.ts';

const EXPRESSIONS = [
  '0 3 * * *',
  '*/15 * * * *',
  '*/20 */15 9-17 * * mon-fri',
  '0 0 13 * 5',
  '0 0 1,15 * 1-5',
  '0 0 L * *',
  '0 0 L 2 1',
  '0 0 * * 5L',
  '0 0 * * 1,5L',
  '0 0 1 * 5L',
  '0 0 * * 1#2',
  '0 0 1 * 5#3',
  '0 0 * * 0',
  '0 0 * * 7',
  '0 0 * * 1-7',
  '0 0 * * sun',
  '0 0 29 feb *',
  '0 0 31 * *',
  '0 0 */10 * *',
  '0 0 */2 * 1',
  '0 0 1-31 * 1',
  '0 12 ? * 3',
  '0 12 15 * ?',
  '5/20 4 * 1,7 *',
  '@yearly',
  '@monthly',
  '@weekly',
  '@weekdays',
  '@weekends',
  '@daily',
  '@hourly',
  'H H * * *',
  'H/15 H(0-7) * * 1',
];

test('without changes of the clocks, fire times are those of cron-parser', () => {
  for (const text of EXPRESSIONS) {
    const after = Date.UTC(2026, 1, 26, 11, 59, 59);
    const trigger = parseTrigger({ crontab: text }, { seed: 'job-1' });
    const peer = CronExpressionParser.parse(text, {
      tz: 'UTC',
      currentDate: new Date(after),
      hashSeed: 'job-1',
    });
    let at: number | undefined = after;
    for (let count = 0; count < 25; count++) {
      at = at === undefined ? undefined : trigger.next(at);
      assert.equal(at, peer.next().getTime(), `${text}, fire time ${count}`);
    }
  }
});

test('a fixed time fires once at a change of the clocks, a wildcard goes on', () => {
  const options = { timezone: 'Europe/Berlin' };
  const fixed = parseTrigger({ crontab: '30 2 * * *' }, options);
  assert.equal(fixed.next(Date.parse('2026-03-28T12:00:00Z')), Date.parse('2026-03-29T01:00:00Z'));
  assert.equal(fixed.next(Date.parse('2026-10-24T12:00:00Z')), Date.parse('2026-10-25T00:30:00Z'));
  assert.equal(fixed.next(Date.parse('2026-10-25T00:30:00Z')), Date.parse('2026-10-26T01:30:00Z'));
  const wildcard = parseTrigger({ crontab: '*/30 2 * * *' }, options);
  assert.equal(wildcard.next(Date.parse('2026-03-28T12:00:00Z')), Date.parse('2026-03-30T00:00:00Z'));
  assert.equal(wildcard.next(Date.parse('2026-10-25T00:30:00Z')), Date.parse('2026-10-25T01:00:00Z'));
});

test('H is decided by the seed, and triggers are shared per seed only where it occurs', () => {
  const one = parseTrigger({ crontab: 'H H * * *' }, { seed: 'one' });
  assert.equal(parseTrigger({ crontab: 'H H * * *' }, { seed: 'one' }), one);
  const minutes = new Set<number | undefined>();
  for (let seed = 0; seed < 50; seed++)
    minutes.add(parseTrigger({ crontab: 'H * * * *' }, { seed: `${seed}` }).next(0));
  assert.ok(minutes.size > 15, `only ${minutes.size} minutes of 50 seeds`);
  const plain = parseTrigger({ crontab: '0 3 * mar thu' }, { seed: 'one' });
  assert.equal(parseTrigger({ crontab: '0 3 * mar thu' }, { seed: 'two' }), plain);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['* * *', /five or six fields, this one has 3/],
  ['* * * * * * *', /five or six fields, this one has 7/],
  ['60 * * * *', /60/],
  ['*/90 * * * *', /longer than the field's range/],
  ['0 0 * * fri-mon', /5-1 does not wrap around/],
  ['0 0 31 2 *', /a day that none of its months has/],
  ['0 0 * * 0,7', /twice/],
  ['0 0 L-2 * *', /not understood/],
  ['0 0 15W * *', /not understood/],
  ['@reboot', /alias '@reboot' is not known/],
  ['@every 5m', /alias '@every 5m' is not known/],
  ['*/0 * * * *', /not understood/],
];

test('what is no crontab is refused with a reason and a hint or the fields', () => {
  for (const [text, reason] of REFUSED) {
    const result = compileTrigger({ crontab: text }, { timezone: 'UTC' });
    assert.ok(!result.ok, text);
    assert.match(result.problem.message, reason, text);
  }
});
