/** Every label, variable, command, option, route and metric that the documentation names exists, and the reverse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { Command } from 'commander';
import { createApi } from '../../src/api/api.ts';
import { openApi } from '../../src/api/openapi.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { program } from '../../src/cli/program.ts';
import { readConfig, variableNames } from '../../src/config.ts';
import { attributesSchema } from '../../src/labels/attributes.ts';
import { instance, jobView } from '../api/parts.ts';
import { execution } from '../history/builders.ts';
import { codeBlocks, codeWords, guides, section, tableRows, textOf } from './documents.ts';

const readme = textOf('README.md');
const unquoted = (cell: string): string => cell.replaceAll('`', '');
const firstCells = (text: string): string[] => tableRows(text).map(([cell = '']) => unquoted(cell));

/** Variables of other programs, and of the examples. */
const notOurs = new Set(['DOCKER_GROUP', 'NODE_OPTIONS', 'NO_COLOR', 'FORCE_COLOR']);

test('each variable is in the table of the README, and no other', () => {
  assert.deepEqual(firstCells(section(readme, 'Environment')), [...variableNames].sort());
});

test('each default in that table is the default', () => {
  const machine = { cores: 2, fileExists: () => false };
  const plain = readConfig({}, machine);
  for (const [name = '', value = ''] of tableRows(section(readme, 'Environment'))) {
    if (!/^`.*`$/.test(value)) continue;
    const read = readConfig({ [unquoted(name)]: unquoted(value) }, machine);
    // By what can be seen of it: it holds functions.
    assert.equal(inspect(read, { depth: 9 }), inspect(plain, { depth: 9 }), name);
  }
});

test('the documents name no variable that does not exist', () => {
  for (const path of guides)
    for (const word of codeWords(textOf(path))) {
      const [name] = /^[A-Z]+(?:_[A-Z]+)+(?==|$)/.exec(word) ?? [];
      if (name !== undefined && !notOurs.has(name))
        assert.ok(variableNames.includes(name), `${path}: ${name}`);
    }
});

test('each variable is in the help of the command line', () => {
  const help = helpText();
  for (const name of variableNames) assert.ok(help.includes(name), name);
});

test('each attribute of a job is in the table of the README, and no other', () => {
  const documented = firstCells(section(readme, 'Labels'));
  assert.deepEqual(documented.sort(), [...Object.keys(attributesSchema.entries), 'env.NAME'].sort());
});

test('the documents name no label that does not exist', () => {
  const known = new Set(Object.keys(attributesSchema.entries));
  for (const path of guides)
    for (const [, job, attribute = ''] of textOf(path).matchAll(/deck-chores\.([A-Za-z-]+)\.([a-z-]+)/g))
      assert.ok(
        job === 'options'
          ? ['user', 'flags'].includes(attribute)
          : known.has(attribute) || attribute === 'env',
        `${path}: ${job}.${attribute}`,
      );
});

test('each metric is in the table of the operations, and no other', async () => {
  const response = await api().fetch(new Request('http://localhost/metrics'));
  const told = [...(await response.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
  const documented = firstCells(section(textOf('docs/operations.md'), 'Metrics'));
  assert.deepEqual(documented.sort(), told.sort());
});

test('the documents name no metric that does not exist', async () => {
  const told = await (await api().fetch(new Request('http://localhost/metrics'))).text();
  for (const path of guides)
    for (const [name] of textOf(path).matchAll(/\bchorewheel_[a-z_]+/g))
      assert.ok(told.includes(`# TYPE ${name} `), `${path}: ${name}`);
});

test('each route is in the operations, and no other, and is answered', async () => {
  const described = Object.entries(openApi('1').paths as Readonly<Record<string, object>>);
  const documented = [...section(textOf('docs/operations.md'), 'API').matchAll(/`(\/[^`]*)`/g)].map(
    ([, route = '']) => route,
  );
  const routes = described.map(([route]) => route.replaceAll(/\{[^}]*\}/g, 'ID'));
  assert.deepEqual([...new Set(documented)].sort(), routes.sort());
  for (const [route, methods] of described) {
    const path = route.replaceAll('{id}', encodeURIComponent(route.includes('jobs') ? 'a' : 'run-1'));
    for (const method of Object.keys(methods)) {
      const query = route === '/api/timeline' ? '?from=0&to=1' : '';
      const asked = new Request(`http://localhost${path}${query}`, { method: method.toUpperCase() });
      const { status, body } = await api().fetch(asked);
      await body?.cancel();
      assert.ok(status < 400, `${method} ${route}: ${status}`);
    }
  }
});

test('each command is in the documents with its options, and no other', () => {
  const text = textOf('docs/command-line.md');
  for (const command of program(context).commands) {
    assert.match(text, new RegExp(`\`(?:chorewheel )?${command.name()}\\b|chorewheel ${command.name()}\\b`));
    for (const { long, short } of command.options)
      assert.ok(
        [long, short].some((name) => name != null && text.includes(name)),
        `${command.name()} ${long}`,
      );
  }
});

test('the documents name no command and no option that does not exist', () => {
  const commands = program(context).commands;
  for (const path of guides)
    for (const line of chorewheelCalls(textOf(path))) {
      const [word = ''] = line;
      const command = commands.find((each) => each.name() === word);
      assert.ok(command !== undefined, `${path}: chorewheel ${word}`);
      const known = ['--help', ...command.options.flatMap(({ long, short }) => [long, short])];
      for (const option of line.filter((each) => /^--?[a-z]/.test(each)))
        assert.ok(known.includes(option), `${path}: chorewheel ${word} ${option}`);
    }
});

/** The words after `chorewheel`, wherever it is called: in code, not in prose. */
function chorewheelCalls(text: string): string[][] {
  const code = [...codeWords(text), ...codeBlocks(text, 'sh').flatMap((block) => block.split('\n'))];
  return code
    .map((line) => /(?:^|[|] ?|officer )chorewheel ((?:--?)?[a-z][^#|]*)/.exec(line)?.[1] ?? '')
    .map((rest) => rest.trim().split(/[\s[\]]+/))
    .filter(([word = '']) => word !== '' && !word.startsWith('-'));
}

const context: CliContext = {
  env: {},
  version: '1.2.3',
  out: () => {},
  drained: async () => {},
  err: () => {},
  colour: false,
  input: async () => '',
  now: () => 0,
  signal: new AbortController().signal,
  run: async () => 0,
};

function helpText(): string {
  let text = '';
  const root: Command = program({ ...context, out: (more) => (text += more) });
  root.outputHelp();
  return text;
}

function api(): ReturnType<typeof createApi> {
  const parts = instance([jobView('a')]);
  parts.history.recordStarted(execution('run-1'));
  return createApi(parts, { kind: 'owner' }, new Map());
}
