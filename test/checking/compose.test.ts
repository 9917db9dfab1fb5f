// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of compose are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCompose } from '../../src/checking/compose.ts';
import { interpolate } from '../../src/checking/interpolation.ts';
import { readLabelSets } from '../../src/checking/label-sets.ts';

const variables = { SET: 'value', EMPTY: '' };

/** text | as compose gives it | unknown variables */
const interpolations: readonly (readonly [string, string, readonly string[]])[] = [
  ['plain', 'plain', []],
  ['echo $$HOME $${x}', 'echo $HOME ${x}', []],
  ['$SET ${SET}!', 'value value!', []],
  ['$SETTER.x', '.x', ['SETTER']],
  ['${NO:-default}', 'default', []],
  ['${EMPTY:-default}|${EMPTY-default}', 'default|', []],
  ['${NO:-a ${SET} ${ALSO:-b}}', 'a value b', []],
  ['${SET:+other}|${NO:+other}', 'other|', []],
  ['${NO:?must be set}|${SET?}', '|value', ['NO']],
  ['${toString}$constructor', '', ['toString', 'constructor']],
];

for (const [text, expected, unknown] of interpolations) {
  test(`compose makes "${expected}" of ${text}`, () => {
    assert.deepEqual(interpolate(text, variables), { text: expected, unknown });
  });
}

for (const text of ['a $ b', '${', '${1x}', '${SET!}', '${NO:-'.repeat(30)]) {
  test(`compose refuses ${text.slice(0, 20)}`, () => assert.ok(interpolate(text, variables).mistake));
}

test('a hostile value with many variables takes no time', () => {
  const from = performance.now();
  for (const part of ['$', '${', '${A:-', '$A', '${A}']) interpolate(part.repeat(20_000), variables);
  assert.ok(performance.now() - from < 5000);
});

function labelsOf(text: string, service = 'web'): Readonly<Record<string, string>> {
  const file = readCompose(text, variables);
  assert.equal(file.error, undefined);
  const labels = file.services.find(({ name }) => name === service)?.labels ?? new Map();
  return Object.fromEntries([...labels].map(([key, value]) => [key, value.text]));
}

test('labels are read as a map, with scalars as they are written', () => {
  const text = `
services:
  web:
    image: nginx
    labels:
      a.max: 2
      a.number: 0123
      a.yes: yes
      a.date: 2026-01-01
      a.empty:
      a.quoted: "12 'x'"
      a.long: >-
        two
        words
`;
  assert.deepEqual(labelsOf(text), {
    'a.max': '2',
    'a.number': '0123',
    'a.yes': 'yes',
    'a.date': '2026-01-01',
    'a.empty': '',
    'a.quoted': "12 'x'",
    'a.long': 'two words',
  });
});

test('labels are read as a list, split at the first equals sign', () => {
  assert.deepEqual(labelsOf('services: {web: {labels: ["a.command=env A=1", "a.flag", "a.set=$SET"]}}'), {
    'a.command': 'env A=1',
    'a.flag': '',
    'a.set': 'value',
  });
});

test('anchors and merge keys are followed', () => {
  const text = `
x-jobs: &jobs {a.max: 2, a.command: "true"}
services:
  base: &base
    labels: {<<: *jobs, a.max: 3}
  web:
    <<: *base
`;
  assert.deepEqual(labelsOf(text), { 'a.max': '3', 'a.command': 'true' });
});

test('a label knows its line', () => {
  const file = readCompose('services:\n  web:\n    labels:\n      a.b: c\n      d.e: f\n', {});
  const lines = [...(file.services[0]?.labels.values() ?? [])].map((value) => value.line);
  assert.deepEqual(lines, [4, 5]);
});

test('labels under deploy are kept apart', () => {
  const [service] = readCompose('services: {web: {deploy: {labels: {a.b: c}}}}', {}).services;
  assert.equal(service?.labels.size, 0);
  assert.deepEqual([...(service?.deployLabels.keys() ?? [])], ['a.b']);
});

test('the environment of a scheduler in the same file is read where it changes what labels mean', () => {
  for (const environment of ['{TIMEZONE: Asia/Tokyo, DEBUG: 1}', '[TIMEZONE=Asia/Tokyo, DEBUG=1]']) {
    for (const image of ['ghcr.io/x/deck-chores:1', 'chorewheel', 'me/chorewheel@sha256:1']) {
      const text = `services: {web: {}, officer: {image: "${image}", environment: ${environment}}}`;
      assert.deepEqual(readCompose(text, {}).environment, { TIMEZONE: 'Asia/Tokyo' });
    }
  }
  assert.deepEqual(
    readCompose('services: {web: {image: not-deck-chores-at-all, environment: {TIMEZONE: X}}}', {})
      .environment,
    {},
  );
});

test('what is left out is noted', () => {
  const { notes } = readCompose(
    'include: [a.yml]\nservices: {web: {extends: {service: b}, label_file: l}}',
    {},
  );
  assert.equal(notes.length, 3);
});

const unreadable: readonly (readonly [string, RegExp])[] = [
  ['services: [', /at line 1/],
  ['a: 1', /no map of services/],
  ['', /no map of services/],
  ['services: [web]', /no map of services/],
  ['services: {web: *nowhere}', /nowhere/],
  [`a: &a [x]\n${'b: &a [*a, *a, *a]\n'.repeat(30)}services: {}`, /unique|alias/i],
];

for (const [text, message] of unreadable) {
  test(`the file ${JSON.stringify(text.slice(0, 30))} is refused with a reason`, () => {
    assert.match(readCompose(text, {}).error ?? '', message);
  });
}

test('odd shapes of services and labels have no labels and harm nobody', () => {
  for (const web of [
    '',
    'text',
    '[]',
    '{labels: text}',
    '{labels: [[a], {b: c}]}',
    '{deploy: x}',
    '{labels: {a: [b]}}',
  ]) {
    const file = readCompose(`services: {web: ${web}, other: {labels: {a: b}}}`, {});
    assert.equal(file.services.find(({ name }) => name === 'other')?.labels.get('a')?.text, 'b');
  }
});

test('label sets are read as JSON lines, bare or with a name', () => {
  const text = '{"a.b":"c"}\n\n{"name":"web","labels":{"d":"e"},"imageLabels":{"f":"g"}}\r\n';
  assert.deepEqual(readLabelSets(text), [
    { name: 'line 1', labels: { 'a.b': 'c' } },
    { name: 'web', labels: { d: 'e' }, imageLabels: { f: 'g' } },
  ]);
});

test('a line that is no label set is told with its number', () => {
  const errors = readLabelSets('nonsense\n[]\n{"a":1}\nnull').map(({ name, error }) => [
    name,
    error !== undefined,
  ]);
  assert.deepEqual(errors, [
    ['line 1', true],
    ['line 2', true],
    ['line 3', true],
    ['line 4', true],
  ]);
});
