/** Labels made to do harm: whatever they are, nothing throws, grows, leaks or steers a terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabels } from '../../src/parse-labels.ts';
import { pick, type Random, seededRandom, testSeed, whole } from '../support/random.ts';

/** More by command: `npm run fuzz`. */
const ROUNDS = Number(process.env.CHOREWHEEL_FUZZ_ROUNDS ?? 5000);
const canary = 'canary-7f3a';
const attributes = [
  ...[
    'command',
    'cron',
    'crontab',
    'date',
    'interval',
    'jitter',
    'max',
    'overlap',
    'grace',
    'timeout',
    'catch-up',
  ],
  ...['timezone', 'user', 'workdir', 'comand', 'Cron', 'env', 'environment', '', '.', '__proto__', 'x.env.A'],
];
const names = [
  'j',
  'a-b',
  'Bad',
  'under_score',
  '',
  '__proto__',
  'constructor',
  'options',
  'env',
  'n'.repeat(70),
  '\u001b[2J',
];
const spaces = [
  'deck-chores',
  'deck-chores',
  'deck-chores',
  'deck-chore',
  'DECK-CHORES',
  'chorewheel',
  'deck-chores.',
  '',
  '.',
];
const values = [
  ...[
    '',
    ' ',
    'c',
    '1h',
    '0 0 0',
    '5 4 * * *',
    '2031-01-01',
    '0',
    '-1',
    '1e999',
    'NaN',
    '0x10',
    'queue',
    'once',
  ],
  ...[
    'Europe/Berlin',
    'europe/berlin',
    '/srv',
    'srv',
    'a:b',
    "'",
    '"',
    '\\',
    '\0',
    '\u001b[31m',
    '\r\n',
    '\u202e',
  ],
  ...[
    '\ud800',
    '\u2028',
    '9'.repeat(400),
    'x'.repeat(40_000),
    'last sun * * 3 0 0',
    '* '.repeat(500),
    'H H * * *',
  ],
];

function label(random: Random): [string, string] {
  if (random() < 0.2)
    return [`${pick(random, spaces)}.${pick(random, names)}.env.${variable(random)}`, canary];
  if (random() < 0.1)
    return [
      `deck-chores.options.${pick(random, ['user', 'flags', 'flag', '__proto__'])}`,
      pick(random, values),
    ];
  return [`${pick(random, spaces)}.${pick(random, names)}.${pick(random, attributes)}`, value(random)];
}

function variable(random: Random): string {
  return pick(random, ['A', '', 'B=C', 'LD_PRELOAD', '\0', 'W.X', 'V'.repeat(300), '\u001b', 'é']);
}

function value(random: Random): string {
  return random() < 0.9
    ? pick(random, values)
    : Array.from({ length: 8 }, () => String.fromCharCode(whole(random, 65_536))).join('');
}

/** All that may break a line or steer a terminal, halves of pairs included. */
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

test('random label sets: no throw, bounded and harmless messages, no secret in them', (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const labels = Object.fromEntries(Array.from({ length: 1 + whole(random, 12) }, () => label(random)));
    const imageLabels = random() < 0.3 ? Object.fromEntries([label(random), label(random)]) : {};
    const { jobs, problems } = parseLabels(labels, { imageLabels });
    const context = JSON.stringify({ labels, imageLabels }).slice(0, 500);
    for (const { job, labels: keys, message, hint } of problems) {
      for (const text of [job ?? '', ...keys, message, hint ?? '']) {
        assert.ok(!unsafe.test(text), `${JSON.stringify(text)} of ${context}`);
        assert.ok(text.length < 6000, `${text.length} characters for ${context}`);
        assert.ok(!text.includes(canary), `${text} of ${context}`);
      }
    }
    for (const { words, max } of jobs) assert.ok(words.length > 0 && max >= 1, context);
  }
  assert.deepEqual(
    Object.getOwnPropertyNames(Object.prototype).filter((name) => name.includes('x')),
    [],
  );
  assert.equal(({} as Record<string, unknown>).command, undefined);
});

test('each job is either run or rejected, exactly once', () => {
  const random = seededRandom(testSeed() + 1);
  for (let round = 0; round < ROUNDS / 5; round++) {
    const labels = Object.fromEntries(Array.from({ length: 8 }, () => label(random)));
    const { jobs, problems } = parseLabels(labels);
    const told = [
      ...jobs.map(({ name }) => name),
      ...problems.flatMap(({ job, severity }) => (severity === 'rejected' && job !== undefined ? [job] : [])),
    ];
    assert.equal(new Set(told).size, told.length, told.join());
  }
});

test('values of twenty million characters cost next to nothing', () => {
  const huge = 'x'.repeat(20_000_000);
  const { jobs, problems } = parseLabels({
    'deck-chores.a.command': huge,
    'deck-chores.a.interval': huge,
    [`deck-chores.${huge}.command`]: 'c',
    'deck-chores.options.flags': huge,
    'deck-chores.b.command': 'c',
    'deck-chores.b.interval': '1h',
  });
  assert.deepEqual(
    jobs.map(({ name }) => name),
    ['b'],
  );
  assert.equal(problems.filter(({ severity }) => severity === 'rejected').length, 2);
  assert.ok(JSON.stringify(problems).length < 5000);
});
