/** The small readers: words, durations, patterns of names, positions, near misses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDuration } from '../../src/labels/duration.ts';
import { createMemo } from '../../src/labels/memo.ts';
import { type NamePattern, readNamePattern } from '../../src/labels/name-pattern.ts';
import { splitWords } from '../../src/labels/words.ts';
import { editDistance, nearest } from '../../src/near-miss.ts';
import { fillPositions } from '../../src/triggers/cron.ts';
import { pick, seededRandom, testSeed, whole } from '../support/random.ts';

const commands: readonly (readonly [string, readonly string[]])[] = [
  ['a', ['a']],
  ['  a \t b\nc ', ['a', 'b', 'c']],
  ["a 'b c' d", ['a', 'b c', 'd']],
  ['a "b c"d', ['a', 'b cd']],
  ['a\'b\'"c"', ['abc']],
  ['\'\' "" x', ['', '', 'x']],
  ['a\\ b', ['a b']],
  ['"a\\"b" "\\$x" "\\`" "\\\\" "\\n"', ['a"b', '$x', '`', '\\', '\\n']],
  ["'a\\b'", ['a\\b']],
  ['a\\\nb', ['ab']],
  ['"a\\\nb"', ['ab']],
  ['a \\\n b', ['a', 'b']],
  [
    'echo $HOME ~ *.txt #x && | > `y` $(z)',
    ['echo', '$HOME', '~', '*.txt', '#x', '&&', '|', '>', '`y`', '$(z)'],
  ],
  ['"a\nb"', ['a\nb']],
  ['ü 日本 🎉', ['ü', '日本', '🎉']],
];

for (const [command, words] of commands) {
  test(`the command ${JSON.stringify(command)} has the words ${JSON.stringify(words)}`, () =>
    assert.deepEqual(splitWords(command), { ok: true, value: words }));
}

const durations: readonly (readonly [string, number | undefined])[] = [
  ['600', 600_000],
  ['0', 0],
  ['1.5', 1500],
  ['90s', 90_000],
  ['0.5 day', 43_200_000],
  ['2m', 120_000],
  ['0.25s', 250],
  ['1h 30m', 5_400_000],
  ['1h30m', 5_400_000],
  ['1 week, 2 days', 777_600_000],
  ['2 Hours', 7_200_000],
  ['', undefined],
  ['-5', undefined],
  ['+5', undefined],
  ['1e3', undefined],
  ['.5', undefined],
  ['5 xongs', undefined],
  ['h', undefined],
  ['some', undefined],
  ['5h 3', undefined],
  ['2 months', undefined],
  ['10ms', undefined],
  ['Infinity', undefined],
  ['٣s', undefined],
];

for (const [text, ms] of durations) {
  test(`${JSON.stringify(text)} ${ms === undefined ? 'is no duration' : `lasts ${ms} ms`}`, () => {
    const result = readDuration({ least: 0 })(text);
    assert.equal(result.ok ? result.value : undefined, ms);
  });
}

function pattern(source: string): NamePattern {
  const result = readNamePattern(source);
  return result.ok ? result.value : assert.fail(`${source}: ${result.message}`);
}

const sources = [
  ...[
    '[a-z0-9-]+',
    'a',
    'a|b',
    '(a|b)*c',
    'a?b+',
    'a{2}',
    'a{1,3}b',
    'a{2,}',
    '(?:ab)+',
    '^ab$',
    '',
    'a|',
    '\\w+',
  ],
  ...[
    '[^b]+',
    '\\.',
    'a.c',
    '(a*)*',
    '(a|ab)(c|bcd)',
    '\\x61+',
    '[\\]a]+',
    '(?<n>a)b',
    '(a?){3}',
    'a+?b',
    '\\d*',
  ],
];

test('a pattern of names matches what the same RegExp matches whole', () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (const source of sources) {
    const own = pattern(source);
    const whole_ = new RegExp(`^(?:${source})$`);
    for (let round = 0; round < 400; round++) {
      const name = Array.from({ length: whole(random, 7) }, () =>
        pick(random, ['a', 'b', 'c', 'd', '.', '1', ']']),
      ).join('');
      assert.equal(own.test(name), whole_.test(name), `/${source}/ on ${name}, seed ${seed}`);
    }
  }
});

test('patterns that would need backtracking are refused with a reason', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['(a)\\1', /\\1 is not understood/],
    ['a(?=b)', /look-around/],
    ['a(?<!b)', /look-around/],
    ['a$b', /stands within/],
    ['\\bx', /\\b is not understood/],
    ['(', /Unterminated group/],
    ['a{5000}', /too large/],
    [`${'('.repeat(60)}a${')'.repeat(60)}`, /nested too deeply/],
  ];
  for (const [source, reason] of refused) {
    const result = readNamePattern(source);
    assert.match(result.ok ? 'accepted' : result.message, reason, source);
  }
});

test('a position and its weekday are one field of a short cron text', () => {
  const filled: readonly (readonly [string, string])[] = [
    ['last sun * * 3 0 0', '* * last sun * * 3 0 0'],
    ['2nd FRI * * 3 0 0', '* * 2nd FRI * * 3 0 0'],
    ['* * 2nd fri * * 3 0 0', '* * 2nd fri * * 3 0 0'],
    ['last * * 3 0 0', 'last * * 3 0 0'],
    ['sun 3 0 0', 'sun 3 0 0'],
    ['last  sun', '* * * * * * * last sun'],
  ];
  for (const [given, expected] of filled) assert.equal(fillPositions(given), expected);
});

test('edits are counted up to a limit, swapped neighbours as one', () => {
  assert.equal(editDistance('comand', 'command', 3), 1);
  assert.equal(editDistance('tiemout', 'timeout', 3), 1);
  assert.equal(editDistance('kitten', 'sitting', 9), 3);
  assert.equal(editDistance('abc', 'xyz', 2), 2);
  assert.equal(editDistance('x'.repeat(1e6), 'command', 3), 3);
  assert.equal(nearest('usre', ['workdir', 'user'], 2), 'user');
  assert.equal(nearest('zzz', ['workdir', 'user'], 2), undefined);
});

test('a memo tells lists apart that would be equal when joined, and an absent text from every text', () => {
  const memo = createMemo<{ list: string }>();
  const lists = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc'],
    ['bc', 'a'],
    [],
    [undefined],
    [''],
    ['', undefined],
    [undefined, ''],
  ];
  const add = (list: readonly (string | undefined)[]): void => {
    memo.begin();
    for (const text of list) memo.add(text);
  };
  for (const list of lists) {
    add(list);
    assert.equal(memo.get(), undefined, JSON.stringify(list));
    memo.set({ list: JSON.stringify(list) });
  }
  for (const list of lists) {
    add(list);
    assert.equal(memo.get()?.list, JSON.stringify(list));
  }
});

test('a memo knows no list with a text that is long', () => {
  const memo = createMemo<object>();
  for (let round = 0; round < 2; round++) {
    memo.begin();
    memo.add('x'.repeat(5000));
    assert.equal(memo.get(), undefined);
    memo.set({});
  }
});
