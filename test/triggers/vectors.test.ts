import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileTrigger } from '../../src/triggers/compile.ts';
import type { Trigger, TriggerResult } from '../../src/triggers/trigger.ts';
import { vectorsFolder } from './vectors-folder.ts';

function readVectors<Case>(name: string): Case[] {
  const lines = readFileSync(`${vectorsFolder()}/${name}.jsonl`, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Case);
}

function triggerOf(result: TriggerResult, what: string): Trigger {
  if (!result.ok) throw new assert.AssertionError({ message: `${what}: ${result.problem.message}` });
  return result.trigger;
}

/** The last millisecond before an instant that may have a fraction of microseconds. */
function justBefore(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? '';
  const whole = Date.parse(iso.replace(/\.\d+/, ''));
  return Number(`0.${fraction}`) > 0 ? whole : whole - 1;
}

interface CronCase {
  readonly expr: string;
  readonly timezone: string;
  readonly after: string;
  readonly next: readonly string[];
  readonly principled?: readonly string[];
}

test('every cron vector gives its fire times', () => {
  const failed: string[] = [];
  for (const { expr, timezone, after, next, principled } of readVectors<CronCase>('cron')) {
    const trigger = triggerOf(compileTrigger({ cron: expr }, { timezone }), expr);
    const expected = (principled ?? next).map((iso) => Date.parse(iso));
    const got: (number | undefined)[] = [];
    let at: number | undefined = justBefore(after);
    while (got.length < Math.max(expected.length, expected.length < 5 ? expected.length + 1 : 0)) {
      at = at === undefined ? undefined : trigger.next(at);
      got.push(at);
    }
    const wanted = got.length > expected.length ? [...expected, undefined] : expected;
    if (JSON.stringify(got) !== JSON.stringify(wanted)) {
      const shown = got.map((ms) => (ms === undefined ? '-' : new Date(ms).toISOString()));
      failed.push(
        `${expr} | ${timezone} after ${after}: ${shown.join(' ')} instead of ${principled ?? next}`,
      );
    }
  }
  assert.deepEqual(failed, []);
});

test('every invalid cron vector is refused with a reason', () => {
  const cases = readVectors<{ expr: string; timezone: string; class: string }>('cron-invalid');
  for (const { expr, timezone } of cases) {
    const result = compileTrigger({ cron: expr }, { timezone });
    assert.equal(result.ok, false, `accepted ${expr}`);
    assert.ok(!result.ok && result.problem.message.length > 10, expr);
    assert.ok(
      !result.ok && !/[^\x20-\x7e…]/.test(result.problem.message + (result.problem.hint ?? '')),
      expr,
    );
  }
});

test('every date vector gives its instant or is refused', () => {
  interface DateCase {
    readonly text: string;
    readonly timezone: string;
    readonly expect: string | null;
    readonly either?: boolean;
  }
  for (const { text, timezone, expect, either } of readVectors<DateCase>('date')) {
    const result = compileTrigger({ date: text }, { timezone });
    if (either === true) continue;
    const what = `${JSON.stringify(text)} in ${timezone}`;
    if (expect === null) {
      assert.equal(result.ok, false, what);
      continue;
    }
    const trigger = triggerOf(result, what);
    const expected = Date.parse(expect.replace(/^(\d)-/, '000$1-'));
    assert.equal(trigger.next(expected - 1), expected, what);
    assert.equal(trigger.next(expected), undefined, what);
  }
});

test('every interval vector gives its period or is refused', () => {
  interface IntervalCase {
    readonly text: string;
    readonly expect: number | null;
    readonly either?: boolean;
  }
  for (const { text, expect, either } of readVectors<IntervalCase>('interval')) {
    const result = compileTrigger({ interval: text }, { timezone: 'UTC' });
    if (either === true) continue;
    if (expect === null) {
      assert.equal(result.ok, false, JSON.stringify(text));
      continue;
    }
    const trigger = triggerOf(result, JSON.stringify(text));
    assert.equal(trigger.kind === 'interval' && trigger.periodMs, expect * 1000, JSON.stringify(text));
  }
});
