/** What every history must do, in memory or on disk: one suite, run for each implementation. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { History, HistoryQuery, HistoryRow } from '../../src/history/history.ts';
import type { ExecId } from '../../src/ids.ts';
import { execution, executionId, notRun, start, type Wanted, wall } from './builders.ts';

export type OpenHistory = (t: TestContext) => Promise<History>;

export function historyCases(name: string, open: OpenHistory): void {
  describe(`the history ${name}`, () => {
    recordingCases(open);
    queryCases(open);
    statisticsCases(open);
  });
}

function run(history: History, id: string, exitCode: number, wanted: Wanted = {}, durationMs = 50): void {
  const started = execution(id, wanted);
  history.recordStarted(started);
  history.recordEnded(
    started,
    { kind: 'exited', exitCode },
    wall(started.startedAt + durationMs),
    durationMs,
  );
}

async function ids(history: History, query: Partial<HistoryQuery> = {}): Promise<string[]> {
  const page = await history.executions({ limit: 100, ...query });
  return page.rows.map((row) => row.execution);
}

function recordingCases(open: OpenHistory): void {
  test('shows an execution as running until it ended, with its output so far', async (t) => {
    const history = await open(t);
    const started = execution('a');
    history.recordStarted(started);
    history.recordCreated(started.id, 'exec-1' as ExecId);
    history.recordOutput(started.id, 'one');
    history.recordOutput(started.id, 'two');
    const running = await history.execution(started.id);
    assert.equal(running?.outcome, 'running');
    assert.equal(running?.output, 'one\ntwo');
    assert.equal(running?.endedAt, undefined);
    history.recordEnded(started, { kind: 'exited', exitCode: 7 }, wall(start + 900), 897.4);
    const expected: HistoryRow = {
      execution: started.id,
      job: started.job,
      jobName: 'backup',
      container: started.container,
      containerName: 'shop-db-1',
      service: 'shop/db',
      fireTime: wall(start),
      startedAt: wall(start + 3),
      endedAt: wall(start + 900),
      outcome: 'exited',
      exitCode: 7,
      reason: undefined,
      latenessMs: 3,
      durationMs: 897,
      output: 'one\ntwo',
    };
    assert.deepEqual({ ...(await history.execution(started.id)) }, expected);
  });

  test('keeps the reason of every outcome that has one', async (t) => {
    const history = await open(t);
    const outcomes = [
      { kind: 'failed to start', reason: 'no such user' },
      { kind: 'timeout', stopped: true, exitCode: 143, detail: 'after 5 s' },
      { kind: 'cancelled', stopped: false, detail: 'by a person' },
      { kind: 'container gone', exitCode: 137 },
      { kind: 'worker lost', reason: 'out of memory' },
      { kind: 'unknown', reason: 'the engine forgot it' },
    ] as const;
    for (const [index, outcome] of outcomes.entries()) {
      const started = execution(`e${index}`);
      history.recordStarted(started);
      history.recordEnded(started, outcome, wall(start + 10), 10);
    }
    const rows = await Promise.all(
      outcomes.map(async (_, index) => history.execution(executionId(`e${index}`))),
    );
    assert.deepEqual(
      rows.map((row) => [row?.outcome, row?.exitCode, row?.reason]),
      [
        ['failed to start', undefined, 'no such user'],
        ['timeout', 143, 'after 5 s'],
        ['cancelled', undefined, 'by a person'],
        ['container gone', 137, undefined],
        ['worker lost', undefined, 'out of memory'],
        ['unknown', undefined, 'the engine forgot it'],
      ],
    );
  });

  test('keeps fire times that did not become executions', async (t) => {
    const history = await open(t);
    for (const outcome of ['skipped', 'misfired', 'missed', 'abandoned'] as const)
      history.recordNotRun(notRun(outcome));
    const { rows } = await history.executions({ limit: 10 });
    assert.deepEqual(
      rows.map((row) => row.outcome),
      ['abandoned', 'missed', 'misfired', 'skipped'],
    );
    const first = rows[0];
    assert.equal(first?.reason, 'because of the test');
    assert.equal(first?.startedAt, undefined);
    assert.deepEqual({ ...(await history.execution(executionId(first?.execution ?? ''))) }, { ...first });
  });

  test('records the end of an execution whose start it was not told', async (t) => {
    const history = await open(t);
    history.recordEnded(execution('adopted'), { kind: 'exited', exitCode: 0 }, wall(start + 5), 2);
    assert.equal((await history.execution(executionId('adopted')))?.outcome, 'exited');
  });

  test('keeps the first and last lines of much output and tells how many are left out', async (t) => {
    const history = await open(t);
    const started = execution('chatty');
    history.recordStarted(started);
    for (let line = 0; line < 5000; line += 1) history.recordOutput(started.id, `line ${line}`);
    history.recordOutput(started.id, 'x'.repeat(100_000));
    history.recordOutput(started.id, 'ünïcödé \u0000 end');
    history.recordEnded(started, { kind: 'exited', exitCode: 0 }, wall(start + 10), 10);
    const output = (await history.execution(started.id))?.output ?? '';
    assert.match(output, /^line 0\nline 1\n/);
    assert.match(output, /\n\[… \d+ lines left out …\]\n/);
    assert.match(output, /ünïcödé .* end$/);
    assert.ok(output.length <= 4096 + 12_288 + 100, `${output.length} characters`);
  });

  test('answers nothing for an execution it does not know', async (t) => {
    const history = await open(t);
    assert.equal(await history.execution(executionId('never')), undefined);
    assert.deepEqual(await history.executions({ limit: 5, job: 'never' }), { rows: [], next: undefined });
    assert.deepEqual(await history.statistics('never'), []);
  });
}

function queryCases(open: OpenHistory): void {
  test('lists the newest fire time first, running ones among them, without output', async (t) => {
    const history = await open(t);
    run(history, 'b', 0, { fireTime: start + 2000 });
    run(history, 'a', 0, { fireTime: start + 1000 });
    const running = execution('c', { fireTime: start + 1500 });
    history.recordStarted(running);
    history.recordOutput(running.id, 'text');
    const { rows } = await history.executions({ limit: 10 });
    assert.deepEqual(
      rows.map((row) => [row.execution, row.output]),
      [
        ['b', ''],
        ['c', ''],
        ['a', ''],
      ],
    );
  });

  test('filters by job, outcome and time', async (t) => {
    const history = await open(t);
    for (let index = 0; index < 12; index += 1) {
      const wanted = { job: index % 2 === 0 ? 'even' : 'odd', fireTime: start + index * 1000 };
      run(history, `e${index}`, index % 3, wanted);
    }
    history.recordNotRun(notRun('skipped', { job: 'odd', fireTime: start + 3500 }));
    assert.deepEqual(await ids(history, { job: 'even' }), ['e10', 'e8', 'e6', 'e4', 'e2', 'e0']);
    assert.deepEqual(await ids(history, { from: start + 2000, to: start + 4000, outcome: ['exited'] }), [
      'e3',
      'e2',
    ]);
    assert.equal((await ids(history, { outcome: ['skipped', 'missed'] })).length, 1);
    assert.deepEqual(await ids(history, { outcome: ['succeeded'] }), ['e9', 'e6', 'e3', 'e0']);
    assert.equal((await ids(history, { outcome: ['nonzero'] })).length, 8);
    assert.deepEqual(await ids(history, { outcome: ['nonzero'], job: 'even', to: start + 5000 }), [
      'e4',
      'e2',
    ]);
    assert.equal((await ids(history, { job: 'odd', from: start + 3000, to: start + 5000 })).length, 2);
    assert.deepEqual(await ids(history, { outcome: [] }), []);
  });

  test('pages through everything once, with equal fire times and rows added meanwhile', async (t) => {
    const history = await open(t);
    for (let index = 0; index < 25; index += 1)
      run(history, `e${index}`, 0, { fireTime: start + (index % 4) });
    history.recordStarted(execution('running', { fireTime: start + 1 }));
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await history.executions({ limit: 4, ...(before === undefined ? {} : { before }) });
      seen.push(...page.rows.map((row) => row.execution));
      before = page.next;
      run(history, `later${seen.length}`, 0, { fireTime: start + 1000 });
    } while (before !== undefined);
    assert.equal(seen.length, 26);
    assert.equal(new Set(seen).size, 26);
  });
}

function statisticsCases(open: OpenHistory): void {
  test('tells success rate, percentiles and the longest lateness of each job', async (t) => {
    const history = await open(t);
    for (let index = 1; index <= 100; index += 1) {
      run(history, `a${index}`, index <= 25 ? 1 : 0, { job: 'a', latenessMs: index }, index * 10);
    }
    run(history, 'b', 0, { job: 'b' }, 5);
    history.recordNotRun(notRun('skipped', { job: 'a' }));
    history.recordStarted(execution('running', { job: 'a' }));
    const [a, b] = await history.statistics();
    assert.equal(a?.job, 'a');
    assert.equal(a?.executions, 100);
    assert.equal(a?.successRate, 0.75);
    assert.equal(a?.longestLatenessMs, 100);
    assert.equal(a?.durationMs?.max, 1000);
    const { p50 = 0, p95 = 0 } = a?.durationMs ?? {};
    assert.ok(p50 >= 500 && p50 <= 550, `p50 ${p50}`);
    assert.ok(p95 >= 950 && p95 <= 1000, `p95 ${p95}`);
    assert.deepEqual(await history.statistics('b'), [b]);
    assert.equal(b?.durationMs?.max, 5);
  });

  test('counts a failure to start as no success and leaves its duration out', async (t) => {
    const history = await open(t);
    const started = execution('a');
    history.recordStarted(started);
    history.recordEnded(started, { kind: 'failed to start', reason: 'no' }, wall(start), 0);
    const [statistics] = await history.statistics('shop/backup');
    assert.equal(statistics?.successRate, 0);
    assert.equal(statistics?.durationMs, undefined);
  });
}
