import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { History, HistoryRow } from '../../src/history/history.ts';
import { jobId, start, wall } from './builders.ts';
import { defer, openIn, stateFolder } from './folders.ts';

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const childFile = fileURLToPath(new URL(`./busy-child.${ending}`, import.meta.url));

interface Busy {
  readonly child: ChildProcess;
  /** Numbers that were acknowledged. */
  readonly safe: number[];
  kill(): Promise<void>;
}

async function startBusy(t: TestContext, folder: string, first: number): Promise<Busy> {
  const child = spawn(process.execPath, [childFile, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  defer(t, () => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const safe: number[] = [];
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => (line === 'ready' ? resolve() : safe.push(Number(line))));
    child.once('exit', () => reject(new Error('the child ended before it was ready')));
  });
  await ready;
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  return { child, safe, kill };
}

async function everything(history: History): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  let before: string | undefined;
  do {
    const page = await history.executions({ limit: 1000, ...(before === undefined ? {} : { before }) });
    rows.push(...page.rows);
    before = page.next;
  } while (before !== undefined);
  return rows;
}

/** Small, seeded: kills happen at the same moments when the machine is as fast. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('nothing that was acknowledged is lost or told twice, whenever the process is killed', async (t) => {
  const kills = Number(process.env.CHOREWHEEL_TEST_KILLS ?? 20);
  const seed = Number(process.env.CHOREWHEEL_TEST_SEED ?? 7);
  t.diagnostic(`seed ${seed}, ${kills} kills`);
  const random = createRandom(seed);
  const folder = stateFolder(t);
  const safe = new Set<number>();
  let first = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const busy = await startBusy(t, folder, first);
    await new Promise((resolve) => setTimeout(resolve, random() * 80));
    await busy.kill();
    for (const number of busy.safe) safe.add(number);
    first += 100_000;
  }
  const { history, warnings } = await openIn(t, folder);
  for (const { execution } of history.recovered.unfinished)
    history.recordLost(execution, 'killed', wall(start));
  const rows = await everything(history);
  const ids = new Set<string>(rows.map((row) => row.execution));
  assert.equal(ids.size, rows.length, 'no row twice');
  const unfinished = new Set<string>(history.recovered.unfinished.map(({ execution }) => execution));
  for (const number of safe)
    assert.ok(ids.has(`e${number}`) || unfinished.has(`e${number}`), `e${number} is lost`);
  assertMemories(history, safe);
  const statistics = await history.statistics();
  const counted = statistics.reduce((sum, job) => sum + job.executions, 0);
  assert.equal(counted, (await everything(history)).length);
  assert.deepEqual(warnings, []);
  t.diagnostic(
    `${safe.size} acknowledged, ${rows.length} rows, ${unfinished.size} unfinished after the last`,
  );
});

/** What a job handled is never behind what was acknowledged of it. */
function assertMemories(history: History, safe: ReadonlySet<number>): void {
  for (let job = 0; job < 7; job += 1) {
    const newest = Math.max(-1, ...[...safe].filter((number) => number % 7 === job));
    if (newest < 0) continue;
    const until = history.recovered.memories.get(jobId(`job-${job}`))?.handledUntil ?? 0;
    assert.ok(until >= start + newest, `job-${job} forgot that it handled ${newest}`);
  }
}

test('a second process is refused with the name of the first, and welcome the moment the first is killed', async (t) => {
  const folder = stateFolder(t);
  const busy = await startBusy(t, folder, 0);
  await assert.rejects(openIn(t, folder), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'STATE_FOLDER_IN_USE');
    assert.ok(error.message.includes(folder));
    assert.match(error.message, new RegExp(`process ${busy.child.pid} on .+, which started at \\d{4}-`));
    return true;
  });
  await busy.kill();
  const { history, warnings } = await openIn(t, folder);
  assert.equal(history.health().degraded, undefined);
  assert.deepEqual(warnings, []);
});

test('a second history in the same process is refused too, until the first is closed', async (t) => {
  const folder = stateFolder(t);
  const first = await openIn(t, folder);
  await assert.rejects(openIn(t, folder), { code: 'STATE_FOLDER_IN_USE' });
  await first.history.close();
  const second = await openIn(t, folder);
  assert.equal(second.history.health().degraded, undefined);
});
