import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level } from '../src/configuration.ts';
import type { ContainerId, ExecutionId, JobId, WallMs } from '../src/ids.ts';
import type { Log, LogRecord } from '../src/log.ts';
import { OutputLog } from '../src/output-log.ts';
import type { Execution } from '../src/scheduling/events.ts';
import { job } from './support/builders.ts';

function execution(id: string): Execution {
  return {
    id: id as ExecutionId,
    job: `job-${id}` as JobId,
    definition: job('job'),
    container: 'c' as ContainerId,
    containerName: id,
    service: undefined,
    fireTime: 0 as WallMs,
    latenessMs: 0,
    startedAt: 0 as WallMs,
    cause: 'schedule',
  };
}

/** A log that costs 0.1 ms a record on a clock of its own, and turns that pass when the test says so. */
function bench(limit?: number, lowest?: 'INFO') {
  const records: LogRecord[] = [];
  const state = { now: 0, pending: 0 };
  const turns: (() => void)[] = [];
  const log: Log = Object.assign(
    (record: LogRecord) => {
      state.now += 0.1;
      records.push(record);
    },
    {
      enabled: (level: Level) => lowest === undefined || level !== 'DEBUG',
      batch: (work: () => void) => work(),
      pending: () => state.pending,
      flush: () => true,
    },
  );
  const output = new OutputLog(log, {
    now: () => state.now,
    later: (work) => turns.push(work),
    ...(limit !== undefined && { limit }),
  });
  const turn = (): number => {
    const before = records.length;
    for (const work of turns.splice(0)) work();
    return records.length - before;
  };
  const messages = (): readonly string[] => records.map((record) => record.message);
  return { output, records, state, turn, turns, messages };
}

const a = execution('a');
const b = execution('b');

function say(output: OutputLog, of: Execution, text: string): void {
  output.line(of, { execution: of.id, stream: 'stdout', text });
}

function end(output: OutputLog, of: Execution): void {
  output.tell({
    kind: 'execution ended',
    execution: of,
    outcome: { kind: 'exited', exitCode: 0 },
    durationMs: 5,
  });
}

test('a line is written at once, with job, container, execution and stream', () => {
  const { output, records } = bench();
  output.line(a, { execution: a.id, stream: 'stderr', text: 'hello', cut: 7 });
  assert.deepEqual(records, [
    {
      level: 'INFO',
      event: 'output',
      prefix: 'job in a: stderr: ',
      message: 'hello … (7 bytes more)',
      fields: {
        job: 'job',
        job_id: 'job-a',
        container: 'a',
        container_id: 'c',
        service: undefined,
        execution: 'a',
        stream: 'stderr',
        cut_bytes: 7,
      },
    },
  ]);
});

test('a flood is written for half a millisecond a turn, in order, and its end comes last', () => {
  const { output, turn, turns, messages } = bench();
  for (let count = 0; count < 100; count++) say(output, a, `line ${count}`);
  assert.ok(messages().length <= 6, 'the first turn');
  end(output, a);
  while (turns.length > 0) assert.ok(turn() <= 8);
  assert.deepEqual(messages(), [
    ...Array.from({ length: 100 }, (_, count) => `line ${count}`),
    'job in a ended with exit code 0 after 5 ms',
  ]);
  assert.equal(output.pending, 0);
});

test('what exceeds its share of the queue is dropped and counted, and takes nothing from others', () => {
  const { output, turn, turns, messages } = bench(10_000);
  for (let count = 0; count < 1000; count++) say(output, a, 'x');
  say(output, b, 'from b');
  end(output, a);
  assert.ok(output.pending <= 10_000);
  while (turns.length > 0) turn();
  const written = messages().filter((message) => message === 'x').length;
  assert.ok(messages().includes('from b'));
  assert.ok(
    messages().includes(
      `job in a: ${1000 - written} lines of its output not logged, since the log could not keep up`,
    ),
  );
  assert.ok(written >= 20);
  assert.equal(messages().at(-1), 'job in a ended with exit code 0 after 5 ms');
});

test('ten thousand decisions in one turn are all written, some a turn', () => {
  const { output, turn, turns, messages } = bench();
  for (let count = 0; count < 10_000; count++) output.tell({ kind: 'execution started', execution: a });
  assert.ok(messages().length < 10);
  while (turns.length > 0) assert.ok(turn() <= 8);
  assert.equal(messages().length, 10_000);
});

test('what the log does not show takes no room in the queue', () => {
  const { output, records, turns } = bench(undefined, 'INFO');
  output.record({ level: 'DEBUG', event: 'test', message: 'm' });
  assert.deepEqual([records.length, turns.length], [0, 0]);
});

test('output waits while the reader of the log stalls, and goes on when it reads', () => {
  const { output, state, turn, messages } = bench();
  state.pending = 1 << 20;
  say(output, a, 'kept');
  assert.equal(turn(), 0);
  assert.equal(turn(), 0);
  state.pending = 0;
  assert.equal(turn(), 1);
  assert.deepEqual(messages(), ['kept']);
});

test('lines that are dropped after their execution ended are counted, too', () => {
  const { output, records, state, turn } = bench();
  state.pending = 1 << 20;
  for (let line = 0; line < 5; line++) say(output, a, `line ${line}`);
  end(output, a);
  // So many decisions wait that lines make room for them.
  for (let count = 0; count < 50_001; count++) end(output, b);
  turn();
  state.pending = 0;
  while (turn() > 0);
  const dropped = records.filter(({ event }) => event === 'output_dropped');
  assert.deepEqual(
    dropped.map(({ fields }) => [fields?.execution, fields?.lines]),
    [['a', 5]],
  );
});

test('a flush writes all that waits, and tells what was dropped', () => {
  const { output, state, messages } = bench(4000);
  state.pending = 1 << 20;
  for (let count = 0; count < 20; count++) say(output, a, 'x');
  output.flush();
  assert.equal(messages().length, 10);
  assert.equal(
    messages().at(-1),
    'job in a: 11 lines of its output not logged, since the log could not keep up',
  );
  assert.equal(output.pending, 0);
});

test('what OUTPUT_LIMIT left out is told once, before the end', () => {
  const { output, messages } = bench();
  output.omitted(a, 3, 300);
  output.omitted(a, 5, 512);
  end(output, a);
  assert.deepEqual(messages(), [
    'job in a: 5 lines (512 bytes) of its output not logged, since it is more than OUTPUT_LIMIT',
    'job in a ended with exit code 0 after 5 ms',
  ]);
});
