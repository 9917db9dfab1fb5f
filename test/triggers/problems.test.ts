import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTrigger, type TriggerInput } from '../../src/triggers/compile.ts';
import { fillCronFields } from '../../src/triggers/cron.ts';
import { parseTrigger, TriggerError } from '../../src/triggers/parse-trigger.ts';
import type { CronTrigger, TriggerProblem } from '../../src/triggers/trigger.ts';

function problemOf(input: TriggerInput, timezone = 'UTC'): TriggerProblem {
  const result = compileTrigger(input, { timezone });
  if (result.ok)
    throw new assert.AssertionError({ message: `accepted ${JSON.stringify(input).slice(0, 80)}` });
  return result.problem;
}

const CRON_HINTS: readonly (readonly [string, RegExp, RegExp])[] = [
  ['fri-mon 0 0 0', /'fri-mon' does not wrap/, /'fri-sun,mon'/],
  ['Sat-Tue 0 0 0', /'Sat-Tue' does not wrap/, /'Sat-sun,mon-Tue'/],
  ['sun-mon 0 0 0', /does not wrap/, /'sun,mon'/],
  ['nov-feb 1 * * 0 0 0', /does not wrap/, /'nov-dec,jan-feb'/],
  ['23-5 0 0', /runs backwards/, /'23,0-5'/],
  ['7 0 0 0', /7 is above the range 0-6/, /Sunday is 6/],
  ['24 0 0', /24 is above the range 0-23/, /midnight is hour 0/],
  ['60 0', /60 is above the range 0-59/, /0/],
  ['0 * * 0 0 0', /day: 0 is below the range 1-31/, /the first day is 1/],
  ['monday 0 0 0', /'monday' is not understood/, /write 'mon'/],
  ['January 1 * * 0 0 0', /'January' is not understood/, /write 'jan'/],
  ['mon 3 0', /hour: 'mon'/, /fifth of the eight fields/],
  ['mon-fri/2 0 0 0', /'mon-fri\/2'/, /takes no step/],
  ['mon-4 0 0 0', /'mon-4'/, /two names or two numbers/],
  ['last sun * * 3 0 0', /'last'/, /'\* \* last sun \* \* 3 0 0'/],
  ['2nd fri 3 0 0', /'2nd'/, /write all eight fields/],
  ['last 0 0 0', /'last'/, /belongs in the day field/],
  ['*/60', /longer than its range/, /write just 0/],
  ['*/0 0 0', /at least 1/, /^$/],
  ['1,,2 0', /empty/, /comma/],
  ['"5"', /is not understood/, /quotes/],
  ['5\t5', /'5\\u00095'/, /tabs/],
  ['? 0 0', /'\?'/, /crontab/],
  ['0 3 * * *', /week: 0/, /in crontab it means: every day at 03:00:00/],
  ['0 22 * * 1-5', /week: 0/, /Monday to Friday at 22:00:00/],
  ['@daily', /'@daily'/, /in crontab it means: every day at 00:00:00/],
  ['* * * * * * * * *', /9 fields/, /year month day week day_of_week hour minute second/],
  ['', /empty/, /3 0 0/],
];

test('a cron text that is none is refused with what was probably meant', () => {
  for (const [text, message, hint] of CRON_HINTS) {
    const problem = problemOf({ cron: text });
    assert.match(problem.message, message, text);
    assert.match(problem.hint ?? '', hint, text);
  }
});

test('dates, intervals and zones that are none are refused with what was probably meant', () => {
  assert.match(problemOf({ date: '24.12.2026' }).hint ?? '', /the year first/);
  assert.match(problemOf({ date: '2026-12-24 18:30' }).hint ?? '', /'2026-12-24 18:30:00'/);
  assert.match(problemOf({ date: '2026-02-30' }).message, /not in the calendar/);
  assert.match(problemOf({ date: '2026-12-24 18:30:00+0200' }).hint ?? '', /\+02:00/);
  assert.match(problemOf({ interval: '-5' }).message, /has a sign/);
  assert.match(problemOf({ interval: '0' }).message, /less than one second/);
  assert.match(problemOf({ interval: '1 year' }).message, /'year' is no unit/);
  assert.match(problemOf({ interval: '1d 2' }).hint ?? '', /every number needs a unit/);
  assert.match(problemOf({ interval: '1 2 3 4 5 6' }).message, /6 numbers/);
  assert.match(problemOf({ cron: '0' }, 'europe/berlin').hint ?? '', /Europe\/Berlin/);
  assert.match(problemOf({ cron: '0' }, 'Asia/Tel Aviv').hint ?? '', /Asia\/Tel_Aviv/);
  for (const zone of ['', '+02:00', 'UTC+2', 'Mars/Base', 'utc', '__proto__']) {
    assert.match(problemOf({ cron: '0' }, zone).message, /is no time zone/);
  }
});

function cautionOf(text: string): string | undefined {
  return (parseTrigger({ cron: text }) as CronTrigger).caution;
}

test('a valid cron text of five fields that reads like crontab carries a caution that says both meanings', () => {
  const caution = cautionOf('5 4 * * *') ?? '';
  assert.match(caution, /here .* mean: every second, every Friday in ISO week 5/);
  assert.match(caution, /in crontab they would mean: every day at 04:05:00/);
  assert.match(caution, /label crontab/);
  assert.match(caution, /write all eight fields: \* \* \* 5 4 \* \* \*/);
  for (const text of ['* * * * *', '*/10 * * * *', '30 4 * * 0', '5 4 1 * *'])
    assert.ok(cautionOf(text), text);
});

test('other cron texts carry no caution', () => {
  for (const text of [
    '* * * 5 4 * * *',
    '5 sun 4 0 0',
    '1 mon 0 0 0',
    '* 6 3 5 0',
    '* * 0 0 0',
    '3 0 0',
    '*',
  ]) {
    assert.equal(cautionOf(text), undefined, text);
  }
});

test('a short text with a position is filled to eight fields, others to as many', () => {
  assert.equal(fillCronFields('last sun * * 3 0 0'), '* * last sun * * 3 0 0');
  assert.equal(fillCronFields('1st fri,3rd mon * * 3 0 0'), '* * 1st fri,3rd mon * * 3 0 0');
  assert.equal(fillCronFields(' 3  0 0 '), '* * * * * 3 0 0');
  assert.equal(fillCronFields('feb last * * 22 0 0'), '* feb last * * 22 0 0');
  assert.equal(fillCronFields('* * * * * * * * *'), '* * * * * * * * *');
});

test('parseTrigger throws an error that names the problem', () => {
  assert.throws(
    () => parseTrigger({ cron: '24 0 0' }),
    (error) =>
      error instanceof TriggerError &&
      error.name === 'TriggerError' &&
      error.code === 'INVALID_TRIGGER' &&
      /24 is above/.test(error.problem.message) &&
      /midnight/.test(error.message),
  );
  assert.throws(() => parseTrigger({}), /exactly one of cron, crontab, date, interval/);
  assert.throws(() => parseTrigger({ cron: '0', interval: '5' }), /found cron, interval/);
  assert.throws(() => parseTrigger({ cron: 5 as unknown as string }), TriggerError);
  assert.throws(() => parseTrigger({ interval: '5' }, { anchor: Number.NaN }), TriggerError);
});

test('hostile texts of every kind are refused at once', () => {
  const long = 100_000;
  const texts = [
    '*'.repeat(long),
    '* '.repeat(long),
    '1,'.repeat(long),
    '1'.repeat(long),
    ' '.repeat(long),
    'a '.repeat(1000),
    '1'.repeat(2000),
    '1.'.repeat(1000),
    '1 '.repeat(1000),
    '٣ ٠ ٠',
    '３ 0 0',
    '\u0000',
    '\u001b[31m',
    '__proto__',
    'constructor',
    'NaN',
    'Infinity',
    '1e9999',
    '99999999999999999999999999',
    '-1',
  ];
  const started = performance.now();
  for (const kind of ['cron', 'crontab', 'date', 'interval'] as const) {
    for (const text of texts) {
      const problem = problemOf({ [kind]: text });
      const said = problem.message + (problem.hint ?? '');
      assert.ok(said.length < 500 && /^[\x20-\x7e…]+$/.test(said), `${kind} ${text.slice(0, 20)}: ${said}`);
    }
  }
  // They take about ten milliseconds together; a quadratic reading of one would take seconds.
  assert.ok(performance.now() - started < 3000);
});
