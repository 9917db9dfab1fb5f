import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as chorewheel from '../src/index.ts';

const { ConfigurationError, parseLabels, parseTrigger, TriggerError } = chorewheel;

test('the package exports what is documented, and nothing else', () => {
  assert.deepEqual(Object.keys(chorewheel).sort(), [
    'ConfigurationError',
    'TriggerError',
    'parseLabels',
    'parseTrigger',
  ]);
});

test('parseLabels gives jobs with names, flags, the service and problems', () => {
  const parsed = parseLabels(
    {
      'ns.a.command': 'run it',
      'ns.a.interval': 'daily',
      'ns.b.interval': 'daily',
      'ns.options.flags': 'noservice',
      z: '1',
      y: '2',
    },
    { env: { LABEL_NAMESPACE: 'ns', SERVICE_ID_LABELS: 'z,y', JOB_POOL_SIZE: 'not looked at' } },
  );
  assert.deepEqual(
    parsed.jobs.map(({ name, words }) => [name, words]),
    [['a', ['run', 'it']]],
  );
  assert.deepEqual(parsed.flags, ['image']);
  assert.deepEqual(parsed.serviceId, ['y=2', 'z=1']);
  assert.deepEqual(
    parsed.problems.map(({ job, severity }) => [job, severity]),
    [['b', 'rejected']],
  );
});

test('image labels count, whether Docker merged them already or not', () => {
  const image = { 'deck-chores.i.command': 'c', 'deck-chores.i.interval': '1h' };
  const names = (labels: Readonly<Record<string, string>>): readonly string[] =>
    parseLabels(labels, { imageLabels: image }).jobs.map(({ name }) => name);
  assert.deepEqual(names({}), ['i']);
  assert.deepEqual(names(image), ['i']);
  assert.deepEqual(names({ ...image, 'deck-chores.options.flags': 'noimage' }), []);
});

test("the process' own environment is not looked at", (t) => {
  process.env.LABEL_NAMESPACE = 'other';
  t.after(() => delete process.env.LABEL_NAMESPACE);
  assert.equal(parseLabels({ 'deck-chores.j.command': 'c', 'deck-chores.j.interval': '1h' }).jobs.length, 1);
});

test('a variable that can not be understood throws, with all mistakes', () => {
  assert.throws(
    () => parseLabels({}, { env: { TIMEZONE: 'nowhere', DEFAULT_MAX: '0' } }),
    (error) =>
      error instanceof ConfigurationError &&
      error.code === 'ERR_CHOREWHEEL_CONFIGURATION' &&
      error.mistakes.length === 2,
  );
});

test('parseTrigger answers when a trigger fires next, strictly later', () => {
  const midnight = parseTrigger({ cron: '0 0 0' }, { timezone: 'Europe/Berlin' });
  const at = Date.UTC(2026, 0, 1, 23);
  assert.equal(midnight.next(at - 1), at);
  assert.equal(midnight.next(at), at + 86_400_000);
  assert.equal(parseTrigger({ interval: '10s' }, { anchor: 5000 }).next(5000), 15_000);
  assert.equal(parseTrigger({ date: '2026-01-01' }).next(at), undefined);
});

test('parseTrigger throws for a text that is no trigger, and says why', () => {
  assert.throws(
    () => parseTrigger({ cron: '* * * * fri-mon 0 0 0' }),
    (error) => error instanceof TriggerError && error.problem.hint !== undefined,
  );
});

test('labels and parseTrigger give the very same trigger', () => {
  const { jobs } = parseLabels({ 'deck-chores.j.command': 'c', 'deck-chores.j.cron': '3 0 0' });
  assert.equal(jobs[0]?.trigger, parseTrigger({ cron: '3 0 0' }));
});
