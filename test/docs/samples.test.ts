/** What the documents tell to write or to run is run. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseLabels } from '../../src/index.ts';
import { projectFile } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { codeBlocks, documents, tableRows, textOf } from './documents.ts';

const run = promisify(execFile);
const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
/** As this test runs: as a source, or compiled. */
const source = (name: string): URL => new URL(`../../src/${name}.${ending}`, import.meta.url);
const main = fileURLToPath(source('main'));
const env = { PATH: process.env.PATH, TIMEZONE: 'UTC' };
const readme = textOf('README.md');

test('each service in YAML passes the check', async (t) => {
  const folder = temporaryFolder(t);
  for (const path of documents)
    for (const [index, block] of codeBlocks(textOf(path), 'yaml').entries()) {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, block);
      await run(process.execPath, [main, 'check', '--strict', file], { env });
    }
});

test('the sample of the library runs as it is', async (t) => {
  const [sample = ''] = codeBlocks(readme, 'js');
  const file = join(temporaryFolder(t), 'sample.mjs');
  const code = sample.replace("'chorewheel'", JSON.stringify(source('index').href));
  assert.notEqual(code, sample);
  writeFileSync(
    file,
    `${code}\nconsole.log(JSON.stringify([jobs.length, problems.length, new Date(next)]));`,
  );
  const { stdout } = await run(process.execPath, [file], { env });
  assert.match(stdout, /^\[1,0,"\d{4}-\d\d-\d\dT0[12]:00:00\.000Z"\]\n$/);
});

test('each `next` and each `check` of the command line does what it is for', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'compose.yaml'), codeBlocks(readme, 'yaml')[0] ?? '');
  const lines = documents
    .flatMap((path) => codeBlocks(textOf(path), 'sh'))
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*/, ''))
    .filter((line) => /^chorewheel (next|check$)/.test(line));
  assert.ok(lines.length >= 4);
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const { stdout } = await run(process.execPath, [main, ...words.slice(1)], { env, cwd: folder });
    assert.match(stdout, /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, line);
  }
});

test('the first command of the README shows the page', { timeout: 90_000 }, async (t) => {
  const [first = ''] = codeBlocks(readme, 'sh');
  assert.match(first, /node dist\/src\/main\.js demo\n$/);
  const child = spawn(process.execPath, [main, 'demo', '--listen', '127.0.0.1:0'], {
    env: { PATH: env.PATH, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stderr });
  const [url] = await new Promise<RegExpExecArray>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /http:\S+/.exec(line);
      if (found !== null) resolve(found);
    });
    lines.once('close', () => reject(new Error('the demonstration ended')));
  });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) break;
  child.stdout.resume();
  const page = await fetch(url);
  assert.match(await page.text(), /<title>chorewheel<\/title>/);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});

test('the names in the scripts of the README exist in the package', () => {
  const { scripts, bin } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8'));
  for (const block of codeBlocks(readme, 'sh'))
    for (const [, name = ''] of block.matchAll(/npm (?:run (?:--silent )?)?([a-z:]+)/g))
      assert.ok(name === 'ci' || name in scripts, name);
  assert.equal(bin.chorewheel, 'dist/src/main.js');
});

test('each label that stands in place of one of Ofelia is understood', () => {
  const values: Readonly<Record<string, string>> = {
    command: 'x',
    user: 'root',
    workdir: '/srv',
    'env.VARIABLE': 'y',
  };
  let seen = 0;
  for (const [theirs = '', ours = ''] of tableRows(textOf('docs/from-ofelia.md')))
    for (const [, attribute = '', value] of ours.matchAll(
      /`deck-chores\.NAME\.([a-zA-Z.-]+)(?:: "?([^"`]+)"?)?`/g,
    )) {
      seen += 1;
      const text = value ?? values[attribute] ?? '';
      const others = /^(?:cron|crontab|interval)$/.test(attribute)
        ? {}
        : { 'deck-chores.name.interval': 'daily' };
      const labels = { 'deck-chores.name.command': 'x', ...others, [`deck-chores.name.${attribute}`]: text };
      const { jobs, problems } = parseLabels(labels);
      assert.deepEqual([jobs.length, problems], [1, []], `${theirs}: ${attribute}`);
    }
  assert.ok(seen >= 8);
});
