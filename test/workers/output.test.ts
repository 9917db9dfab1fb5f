import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FromWorker, OutputLine } from '../../src/execution/protocol.ts';
import type { ExecutionId } from '../../src/ids.ts';
import { createDemultiplexer } from '../../workers/demultiplexer.ts';
import { characterBorder, LINE_LIMIT } from '../../workers/lines.ts';
import { createOutbox } from '../../workers/outbox.ts';
import { Output } from '../../workers/output.ts';
import { createTail } from '../../workers/tail.ts';
import { frame } from '../execution/fake-engine.ts';
import { seededRandom } from '../support/random.ts';

const ID = 'e' as ExecutionId;

/** An output whose lines are collected at once. */
function collect(limit: number) {
  const lines: OutputLine[] = [];
  const other: FromWorker[] = [];
  const output = new Output(ID, limit, {
    line(line) {
      lines.push(line);
      return true;
    },
    tell: (message) => void other.push(message),
    credit: () => undefined,
  });
  return { output, lines, other };
}

function push(output: Output, bytes: Buffer, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size));
    output.push(piece, 0, piece.length);
    piece.fill(0);
  }
}

test('lines of both streams are the same however frames and chunks are split', () => {
  const bytes = Buffer.concat([
    frame(1, 'one\ntw'),
    frame(2, 'err'),
    frame(1, 'o\r\n\nw'),
    frame(2, 'or\n'),
    frame(1, Buffer.from([0xc3])),
    frame(1, Buffer.from([0xa4, 0x0a, 0xff, 0x0a])),
    frame(1, 'open'),
  ]);
  for (const size of [1, 2, 3, 5, 8, 11, 1000]) {
    const { output, lines, other } = collect(1_000_000);
    push(output, bytes, size);
    output.end();
    const of = (stream: string) => lines.filter((line) => line.stream === stream).map((line) => line.text);
    assert.deepEqual(of('stdout'), ['one', 'two', '', 'wä', '\ufffd', 'open']);
    assert.deepEqual(of('stderr'), ['error']);
    assert.deepEqual(other, []);
  }
});

test('what is not framed is passed on as it is', () => {
  const { output, lines } = collect(1_000_000);
  push(output, Buffer.from('<html>a proxy says no</html>\n'), 4);
  output.end();
  assert.deepEqual(
    lines.map((line) => line.text),
    ['<html>a proxy says no</html>'],
  );
});

test('a line is cut at 16 KiB, at a border of a character, and what was cut is counted', () => {
  const { output, lines } = collect(1_000_000);
  push(output, frame(1, `${'ä'.repeat(LINE_LIMIT)}x\nnext\n`), 1000);
  output.end();
  assert.equal(lines[0]?.text, 'ä'.repeat(LINE_LIMIT / 2));
  assert.equal(lines[0]?.cut, LINE_LIMIT + 1);
  assert.equal(lines[1]?.text, 'next');
});

test('the border of a character is found in any bytes', () => {
  const text = Buffer.from('aé€😀');
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((end) => characterBorder(text, 0, end)),
    [1, 1, 3, 3, 3, 6, 6, 6, 6, 10],
  );
  assert.equal(characterBorder(Buffer.from([0x80, 0x80, 0x80, 0x80]), 0, 4), 4);
});

test('of more than the limit beginning and end are told, and all that lies between is counted', () => {
  for (const size of [7, 100, 5000]) {
    const limit = 8_000;
    const { output, lines, other } = collect(limit);
    const all = Array.from({ length: 5_000 }, (_, i) => `line ${i}`);
    push(output, frame(1, `${all.join('\n')}\n`), size);
    output.end();
    const [omitted] = other;
    assert.ok(omitted?.kind === 'omitted');
    const texts = lines.map((line) => line.text);
    const told = texts.reduce((sum, text) => sum + text.length + 1, 0);
    assert.ok(told <= limit, `${told} bytes`);
    assert.equal(texts[0], 'line 0');
    assert.equal(texts.at(-1), 'line 4999');
    assert.equal(texts.length + omitted.lines, all.length);
    assert.equal(told + omitted.bytes, all.join('\n').length + 1);
  }
});

test('a limit of 0 tells nothing and counts everything', () => {
  const { output, lines, other } = collect(0);
  push(output, frame(1, 'a\nbc\n'), 3);
  output.end();
  assert.deepEqual(lines, []);
  assert.deepEqual(other, [{ kind: 'omitted', execution: ID, lines: 2, bytes: 5 }]);
});

test('words of the engine can be taken back while nothing else came, however late', async () => {
  const { output, lines } = collect(1000);
  push(output, frame(1, 'OCI runtime exec failed\n'), 100);
  await delay(300);
  assert.equal(output.takeEngineWords(), 'OCI runtime exec failed');
  output.end();
  assert.deepEqual(lines, []);
});

test('output that does not sound like an engine is told soon, and is never taken for its words', async () => {
  const { output, lines } = collect(1000);
  push(output, frame(1, 'not OCI runtime\n'), 100);
  assert.deepEqual(lines, [], 'held back for a moment');
  while (lines.length === 0) await delay(10);
  assert.equal(output.takeEngineWords(), undefined);
});

test('a tail keeps the last whole lines of any sequence of pushes', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round += 1) {
    const capacity = 16 + Math.floor(random() * 64);
    const tail = createTail(capacity);
    let all = '';
    for (let i = 0; i < 20; i += 1) {
      const text = `${'x'.repeat(Math.floor(random() * 20))}${random() < 0.5 ? '\n' : ''}`;
      all += text;
      tail.push(Buffer.from(text), 0, text.length);
    }
    const { bytes, omittedBytes } = tail.close();
    assert.ok(bytes.length <= capacity);
    assert.equal(bytes.toString(), all.slice(omittedBytes));
    if (omittedBytes > 0 && bytes.length < capacity) assert.equal(all[omittedBytes - 1], '\n');
  }
});

test('a flood of bytes in tiny frames is taken apart', () => {
  let bytes = 0;
  const demultiplexer = createDemultiplexer((_stream, _chunk, start, end) => {
    bytes += end - start;
  });
  const flood = Buffer.concat(Array.from({ length: 7_000 }, () => frame(2, 'y')));
  for (let i = 0; i < 20; i += 1) demultiplexer.push(flood, 0, flood.length);
  assert.equal(bytes, 140_000);
});

test('an outbox keeps the order, waits for credit, and refuses output beyond its backlog', async () => {
  const posted: FromWorker[] = [];
  const outbox = createOutbox((messages) => posted.push(...messages));
  const line = { execution: ID, stream: 'stdout', text: 'x'.repeat(10_000) } as const;
  let accepted = 0;
  while (outbox.line(line)) accepted += 1;
  assert.ok(accepted * 10_000 < 6_000_000, `${accepted} lines`);
  outbox.tell({ kind: 'warning', execution: ID, message: 'behind the lines' });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  const bytes = () =>
    posted.reduce((sum, message) => sum + (message.kind === 'output' ? message.bytes : 0), 0);
  assert.ok(bytes() < 100_000, 'only a window of it is under way');
  for (let given = 0; posted.at(-1)?.kind !== 'warning'; ) {
    outbox.credit(bytes() - given);
    given = bytes();
    await turn();
  }
  const lines = posted.flatMap((message) => (message.kind === 'output' ? message.lines : []));
  assert.equal(lines.length, accepted);
  assert.ok(outbox.line(line), 'there is room again');
});
