/**
 * Runs the benchmarks: `npm run bench -- [NAME…] [--short] [--runs N] [--against PATH] [--list]`.
 *
 * Every run of a scenario is a fresh process; what is told is the median of all runs and their spread. A full
 * run of all scenarios writes `docs/benchmarks.md`; a full run of a scenario draws its plots in `docs/plots/`.
 * `--against PATH` runs the same scenarios of another checkout (built there) in turn with ours and prints the
 * ratio pair by pair; where all pairs agree by more than a tenth, it says which way it went. `--short` proves in a few seconds that every scenario works; its figures mean little.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchRow, Scenario } from './harness.ts';
import { type Comparison, compareTable, type Result, resultTable, writePage, writePlots } from './results.ts';

const self = fileURLToPath(import.meta.url);
const folder = fileURLToPath(new URL('.', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    runs: { type: 'string' },
    against: { type: 'string' },
    list: { type: 'boolean', default: false },
    /** Milliseconds for one run of one scenario. */
    limit: { type: 'string', default: '600000' },
    /** Ours: run this scenario here and send its rows to the parent. */
    child: { type: 'string' },
  },
});
const runs = Number(values.runs ?? (values.short ? 1 : 5));

async function load(name: string): Promise<Scenario> {
  const ending = self.endsWith('.ts') ? 'ts' : 'js';
  const module = (await import(pathToFileURL(join(folder, `${name}.bench.${ending}`)).href)) as {
    default: Scenario;
  };
  return module.default;
}

function names(): string[] {
  const all = readdirSync(folder)
    .filter((file) => /\.bench\.[tj]s$/.test(file))
    .map((file) => file.replace(/\.bench\.[tj]s$/, ''))
    .sort();
  if (positionals.length === 0) return all;
  const chosen = all.filter((name) => positionals.some((word) => name.includes(word)));
  if (chosen.length === 0)
    throw new Error(`no scenario fits ${positionals.join(' ')}; there are: ${all.join(' ')}`);
  return chosen;
}

let running: ChildProcess | undefined;

/** One run in a fresh process of `runner`; throws if it fails or takes too long. */
function runOnce(runner: string, name: string): Promise<BenchRow[]> {
  const args = ['--child', name, ...(values.short ? ['--short'] : [])];
  const child = fork(runner, args, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running = child;
  const timer = setTimeout(() => child.kill('SIGKILL'), Number(values.limit));
  let rows: BenchRow[] | undefined;
  child.on('message', (message) => {
    rows = message as BenchRow[];
  });
  return new Promise((resolveRows, reject) => {
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      running = undefined;
      if (rows !== undefined && code === 0) resolveRows(rows);
      else reject(new Error(`scenario ${name} ended with ${signal ?? code}`));
    });
  });
}

async function runScenario(name: string): Promise<Result> {
  const { title, about, plots } = await load(name);
  const samples: BenchRow[][] = [];
  for (let run = 0; run < runs; run += 1) {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: run ${run + 1} of ${runs} \u001b[K`);
    samples.push(await runOnce(self, name));
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (!values.short) for (const path of writePlots(plots?.(samples) ?? [])) console.log(`written: ${path}`);
  return { name, title, about, samples };
}

/** Ours and theirs in turn, first the one and then the other, so that both meet the same moods of the machine. */
async function runAgainst(name: string, other: string): Promise<Comparison | undefined> {
  const runner = join(resolve(other), 'dist/bench/run.js');
  if (!existsSync(runner)) throw new Error(`${other} is not built: there is no ${runner}`);
  if (!existsSync(join(resolve(other), 'dist/bench', `${name}.bench.js`))) return undefined;
  const pairs: Comparison['pairs'][number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = run % 2 === 0 ? await runOnce(self, name) : undefined;
    const theirs = await runOnce(runner, name);
    pairs.push({ ours: before ?? (await runOnce(self, name)), theirs });
  }
  return { name, title: (await load(name)).title, pairs };
}

async function asChild(name: string): Promise<void> {
  const rows = await (await load(name)).run({ short: values.short });
  process.send?.(rows, () => process.exit(0));
}

async function main(): Promise<void> {
  if (values.child !== undefined) return asChild(values.child);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      running?.kill('SIGTERM');
      process.exit(130);
    });
  if (values.list) {
    for (const name of names()) console.log(`${name.padEnd(24)} ${(await load(name)).title}`);
    return;
  }
  const results: Result[] = [];
  const failures: string[] = [];
  for (const name of names()) {
    try {
      if (values.against !== undefined) {
        const comparison = await runAgainst(name, values.against);
        if (comparison === undefined) console.log(`${name}: ${values.against} has no such scenario\n`);
        else console.log(compareTable(comparison));
      } else {
        const result = await runScenario(name);
        results.push(result);
        console.log(resultTable(result));
      }
    } catch (error) {
      failures.push(String(error));
      console.error(`✖ ${name}: ${error}`);
    }
  }
  if (failures.length > 0) process.exitCode = 1;
  else if (!values.short && values.against === undefined && positionals.length === 0)
    console.log(`written: ${writePage(results, runs)}`);
}

await main();
