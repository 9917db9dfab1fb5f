/**
 * Runs the tests: `node dist/test/run.js [WORD…] [--concurrency N] [--limit SECONDS]`.
 *
 * A WORD is a folder of `test/` (`triggers`, `engine`), `unit` (all that need no engine), or a part of a path.
 * Every file is a process of its own. The files that need no engine run two at a time; then those that do, one
 * at a time, on one private Docker daemon that they share. A file that takes too long is ended with all of its
 * children. A file that fails is run once more, alone, after the rest: both results are printed, and the run
 * fails if the second one fails as well.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Daemon, daemonObstacle, startDaemon } from './support/daemon.ts';

/** Folders whose files run one at a time, after the others: they need an engine or the whole machine. */
const SERIAL = new Set(['engine', 'image', 'page', 'chaos']);
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const;

type Counts = Record<(typeof COUNTS)[number], number>;

interface FileResult {
  readonly file: string;
  readonly ok: boolean;
  readonly counts: Counts;
  readonly output: string;
  readonly seconds: number;
}

const root = fileURLToPath(new URL('.', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '2' },
    /** Seconds for one file. */
    limit: { type: 'string', default: '420' },
  },
});

const notes: string[] = [];
/** Process groups of the files that run now. */
const groups = new Set<number>();

function findFiles(): string[] {
  const ending = import.meta.url.endsWith('.ts') ? '.test.ts' : '.test.js';
  return (readdirSync(root, { recursive: true }) as string[])
    .filter((name) => name.endsWith(ending))
    .filter((name) => positionals.length === 0 || positionals.some((word) => isWanted(name, word)))
    .sort();
}

function isWanted(name: string, word: string): boolean {
  if (word === 'unit') return !isSerial(name);
  if (existsSync(join(root, word))) return name === word || name.startsWith(word + sep);
  return name.includes(word);
}

function isSerial(name: string): boolean {
  return SERIAL.has(name.split(sep)[0] as string);
}

/** Settings of the machine that would lead a test elsewhere are kept from it. */
function environment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const {
    DOCKER_HOST: _,
    DOCKER_TLS_VERIFY: __,
    DOCKER_CERT_PATH: ___,
    NODE_TEST_CONTEXT: ____,
    ...rest
  } = process.env;
  return { ...rest, ...extra, NO_COLOR: '1' };
}

function runFile(file: string, extra: Readonly<Record<string, string>>): Promise<FileResult> {
  const startedAt = performance.now();
  const limitMs = Number(values.limit) * 1000;
  const child = spawn(process.execPath, ['--test-reporter=spec', join(root, file)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(extra),
    // A group of its own, so that its children can be ended with it.
    detached: true,
  });
  if (child.pid !== undefined) groups.add(child.pid);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    endGroup(child.pid);
  }, limitMs);
  return new Promise((resolve) => {
    let closing: NodeJS.Timeout | undefined;
    // Children that outlive the file hold its output open: they are ended after a moment.
    child.once('exit', () => {
      closing = setTimeout(() => endGroup(child.pid), 3000);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(closing);
      groups.delete(child.pid ?? -1);
      let output = Buffer.concat(chunks).toString();
      if (overdue) output += `\n✖ ${file} took longer than ${values.limit} s and was ended\n`;
      else if (signal !== null) output += `\n✖ ${file} was ended by ${signal}\n`;
      const seconds = (performance.now() - startedAt) / 1000;
      resolve({ file, output, seconds, ...judge(output, code) });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}

/** The closing counts of node's own reporter; a file that ends badly without them counts as one failed test. */
function judge(output: string, code: number | null): { ok: boolean; counts: Counts } {
  const counts = Object.fromEntries(
    COUNTS.map((name) => [
      name,
      Number([...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0),
    ]),
  ) as Counts;
  const ok = code === 0 && counts.fail === 0 && counts.cancelled === 0 && counts.tests > 0;
  if (ok || counts.fail + counts.cancelled > 0) return { ok, counts };
  return { ok, counts: { ...counts, tests: counts.tests + 1, fail: 1 } };
}

function print(result: FileResult, note = ''): void {
  const body = result.output.replace(
    /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) .*\n?/gm,
    '',
  );
  console.log(`▶ ${result.file}${note} (${result.seconds.toFixed(1)} s)\n${body.trimEnd()}\n`);
}

async function runAll(
  files: readonly string[],
  lanes: number,
  extra: Readonly<Record<string, string>>,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const queue = [...files];
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, extra);
      print(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** Runs the failed ones again, alone; gives the results that count. */
async function secondTry(
  results: readonly FileResult[],
  extra: Readonly<Record<string, string>>,
): Promise<FileResult[]> {
  const final: FileResult[] = [];
  for (const result of results) {
    if (result.ok) {
      final.push(result);
      continue;
    }
    const again = await runFile(result.file, extra);
    print(again, ': second try, alone');
    if (again.ok) notes.push(`${result.file} failed in the crowd and passed alone`);
    final.push(again);
  }
  return final;
}

let engineInUse: Daemon | undefined;

async function runEngineFiles(files: readonly string[]): Promise<FileResult[]> {
  if (files.length === 0) return [];
  if (process.env.CHOREWHEEL_TEST_SOCKET !== undefined) return secondTry(await runAll(files, 1, {}), {});
  let daemon: Daemon | undefined;
  let obstacle = daemonObstacle();
  if (obstacle === undefined)
    daemon = await startDaemon().catch((error: Error) => {
      obstacle = error.message;
      return undefined;
    });
  const extra: Record<string, string> =
    daemon === undefined
      ? { CHOREWHEEL_TEST_OBSTACLE: obstacle ?? '' }
      : { CHOREWHEEL_TEST_SOCKET: daemon.socketPath };
  if (daemon === undefined) notes.push(`NO DOCKER ENGINE, its tests could not run: ${obstacle}`);
  engineInUse = daemon;
  try {
    return await secondTry(await runAll(files, 1, extra), extra);
  } finally {
    engineInUse = undefined;
    await daemon?.destroy();
  }
}

/** Told to stop: nothing of ours is left behind. */
async function abort(): Promise<void> {
  for (const pid of groups) endGroup(pid);
  await engineInUse?.destroy();
  process.exit(130);
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void abort());
  const startedAt = performance.now();
  const files = findFiles();
  const unit = await runAll(
    files.filter((file) => !isSerial(file)),
    Number(values.concurrency),
    {},
  );
  const results = [...(await secondTry(unit, {})), ...(await runEngineFiles(files.filter(isSerial)))];
  for (const note of notes) console.log(`# ${note}`);
  for (const { file } of results.filter(({ ok }) => !ok)) console.log(`# FAILED ${file}`);
  for (const name of COUNTS)
    console.log(`# ${name} ${results.reduce((sum, { counts }) => sum + counts[name], 0)}`);
  console.log(`# duration_ms ${Math.round(performance.now() - startedAt)}`);
  if (results.length === 0) console.log('# no test file fits');
  process.exitCode = results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

await main();
