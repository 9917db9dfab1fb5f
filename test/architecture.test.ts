/** The map of STYLE as a test: who may import whom, what a pure file may not know, and how long things may be. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The sources lie beside package.json, also when this file runs compiled. */
const root = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}

function sources(folder: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}

interface Import {
  readonly file: string;
  readonly line: number;
  /** A file of ours (from the root), a package or a module of node. */
  readonly target: string;
}

const IMPORT = /(?:^|[\s}])from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/;

function imports(file: string): Import[] {
  return text(file).flatMap((line, index) => {
    const match = IMPORT.exec(line);
    const target = match?.[1] ?? match?.[2] ?? match?.[3];
    if (target === undefined || /^\s*(\*|\/\/)/.test(line)) return [];
    const path = target.startsWith('.') ? normalize(join(dirname(file), target)) : target;
    return [{ file, line: index + 1, target: path.replaceAll('\\', '/') }];
  });
}

function text(file: string): string[] {
  return readFileSync(join(root, file), 'utf8').split('\n');
}

/** Small types and pure helpers at the top of `src/` that everyone may know. */
const LEAVES = ['src/ids.ts', 'src/configuration.ts', 'src/escape.ts', 'src/near-miss.ts', 'src/words.ts'];

/** What each folder of the core may import beside itself, the leaves and (if not pure) node. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/triggers': ['cron-parser'],
  'src/labels': ['src/triggers', 'valibot'],
  'src/wheel': [],
  'src/scheduling': ['src/labels', 'src/triggers', 'src/wheel', 'src/execution/outcome.ts'],
  'src/docker': ['dockerode', 'lru-cache', 'valibot', 'src/labels', 'src/scheduling'],
  'src/execution': ['piscina', 'src/docker', 'src/scheduling'],
  'src/history': ['libsql', 'src/execution', 'src/scheduling', 'src/labels', 'src/triggers'],
  workers: ['src/execution', 'src/docker', 'src/history', 'libsql'],
};
const PURE = ['src/triggers', 'src/labels', 'src/wheel', 'src/scheduling'];

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

function strangers(folder: string): string[] {
  const allowed = [...(MAY_IMPORT[folder] ?? []), folder, ...LEAVES];
  return sources(folder)
    .flatMap(imports)
    .filter(({ target }) => !allowed.some((place) => within(target, place)))
    .filter(({ target }) => !target.startsWith('node:') || PURE.includes(folder))
    .map(({ file, line, target }) => `${file}:${line} imports ${target}`);
}

for (const folder of Object.keys(MAY_IMPORT).filter((name) => existsSync(join(root, name)))) {
  test(`${folder} imports only what the map allows`, () => assert.deepEqual(strangers(folder), []));
}

test('one file knows cron-parser, and only the engine side knows dockerode', () => {
  const users = (name: string): string[] => [
    ...new Set(
      [...sources('src'), ...sources('workers')]
        .flatMap(imports)
        .filter(({ target }) => target === name)
        .map(({ file }) => file),
    ),
  ];
  assert.ok(users('cron-parser').length <= 1, users('cron-parser').join(' '));
  assert.deepEqual(
    users('dockerode').filter((file) => !within(file, 'src/docker')),
    [],
  );
});

test('nothing in src or workers imports a test, and nothing but a command imports the bench', () => {
  const wrong = [...sources('src'), ...sources('workers')]
    .flatMap(imports)
    .filter(
      ({ file, target }) => within(target, 'test') || (within(target, 'bench') && !within(file, 'src/cli')),
    );
  assert.deepEqual(wrong, []);
});

/** Words by which a file would ask for the time, for chance or for the world. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bhrtime\b|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\bcrypto\b|\bprocess\.|\bconsole\./;

test('a pure file asks neither for the time nor for chance, and touches nothing outside', () => {
  const wrong = PURE.filter((folder) => existsSync(join(root, folder)))
    .flatMap(sources)
    .flatMap((file) =>
      text(file).map((line, index) => ({ file, line: index + 1, code: withoutComment(line) })),
    )
    .filter(({ code }) => IMPURE.test(code))
    .map(({ file, line, code }) => `${file}:${line} ${code.trim()}`);
  assert.deepEqual(wrong, []);
});

function withoutComment(line: string): string {
  return /^\s*(\*|\/\*)/.test(line)
    ? ''
    : line.replace(/(^|\s)\/\/.*$/, '').replace(/'(?:[^'\\]|\\.)*'/g, "''");
}

const OURS = ['src', 'workers', 'bench', 'test'];

test('no file is longer than 300 lines, but for tables of cases in tests', () => {
  const long = OURS.filter((folder) => existsSync(join(root, folder)))
    .flatMap(sources)
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({ file, lines: text(file).length - 1 }))
    .filter(({ lines }) => lines > 300);
  assert.deepEqual(long, []);
});

test('no function has more than 60 lines of its own', () => {
  const long = OURS.filter((folder) => existsSync(join(root, folder)))
    .flatMap(sources)
    .flatMap((file) => functions(text(file)).map((found) => ({ file, ...found })))
    .filter(({ own }) => own > 60);
  assert.deepEqual(long, []);
});

/** Lines that open the body of a function, as the formatter lays them out. */
const OPENS =
  /^\s*(?:export )?(?:default )?(?:async )?function\b.*\{$|=> \{$|^\s*\)(?:: .+)? \{$|^\s*(?:async |static |override |get |set |\*)*[#\w]+(?:<.*>)?\(.*\)(?:: .+)? \{$/;
const NO_FUNCTION = /^\s*(?:\} )?(?:if|for|while|switch|catch|else)\b/;

/**
 * Start line and own lines of each function: those of functions inside it count as one each, since a factory
 * that returns an object of functions reads like a class. Relies on the formatter's indentation: a body ends at
 * the first line with a closing brace that stands as far left as the line that opened it.
 */
function functions(lines: readonly string[]): { line: number; own: number }[] {
  const found: { line: number; own: number }[] = [];
  const open: { line: number; indent: number; inner: number }[] = [];
  lines.forEach((line, index) => {
    const indent = line.search(/\S/);
    const last = open.at(-1);
    if (last !== undefined && indent === last.indent && line.trimStart().startsWith('}')) {
      open.pop();
      const total = index - last.line + 1;
      found.push({ line: last.line + 1, own: total - last.inner });
      const outer = open.at(-1);
      if (outer !== undefined) outer.inner += total - 1;
    }
    if (OPENS.test(line) && !NO_FUNCTION.test(line)) open.push({ line: index, indent, inner: 0 });
  });
  return found;
}

test('the length of a function is counted without those inside it', () => {
  const sample = [
    'function outer() {',
    '  const inner = () => {',
    '    work();',
    '  };',
    '  if (a) {',
    '    b();',
    '  }',
    '}',
  ];
  assert.deepEqual(functions(sample), [
    { line: 2, own: 3 },
    { line: 1, own: 6 },
  ]);
});
