import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLineSplitter, parseEvent, sinceWithOverlap } from '../../src/docker/event-lines.ts';
import { GarbageError } from '../../src/docker/failure.ts';
import { seededRandom } from '../support/random.ts';
import { eventLine } from './watching.ts';

function split(chunks: readonly Buffer[], limit = 1000): { lines: string[]; tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const splitter = createLineSplitter(
    limit,
    (line) => lines.push(line),
    () => {
      tooLong += 1;
    },
  );
  for (const chunk of chunks) splitter.write(chunk);
  return { lines, tooLong };
}

test('lines come out whole wherever the chunks end, within a character of several bytes too', (t) => {
  const seed = 20_261_126;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const wanted = ['{"a":1}', '{"name":"Grüße 🚢"}', 'x', '{"b":"ä"}'];
  const bytes = Buffer.from(`${wanted.join('\n')}\n\r\n\n`);
  for (let round = 0; round < 300; round += 1) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + Math.floor(random() * 9);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(split(chunks), { lines: wanted, tooLong: 0 });
  }
});

test('a line beyond the limit is reported once and its neighbours are whole', () => {
  const bytes = Buffer.from(`first\n${'x'.repeat(5000)}\nlast\n`);
  assert.deepEqual(split([bytes], 100), { lines: ['first', 'last'], tooLong: 1 });
  const single = [...bytes].map((byte) => Buffer.from([byte]));
  assert.deepEqual(split(single, 100), { lines: ['first', 'last'], tooLong: 1 });
  assert.deepEqual(split([Buffer.from(`${'y'.repeat(100)}\n`)], 100).tooLong, 0);
});

test('a last line without its end is kept back', () => {
  assert.deepEqual(split([Buffer.from('whole\nhal')]).lines, ['whole']);
});

test('a start event gives name, image and labels', () => {
  const event = parseEvent(eventLine('start', 'c1', { job: 'x', name: '/web' }, '1795736050826373932'));
  assert.deepEqual(event, {
    kind: 'life',
    action: 'start',
    container: 'c1',
    timeNano: '1795736050826373932',
    name: 'web',
    image: 'busybox',
    labels: { job: 'x' },
  });
});

test("Podman's names mean the same", () => {
  const cases: [string, string][] = [
    ['remove', 'destroy'],
    ['died', 'die'],
    ['start', 'start'],
  ];
  for (const [given, expected] of cases) {
    const event = parseEvent(eventLine(given, 'c1'));
    assert.equal(event?.kind === 'life' && event.action, expected, given);
  }
  const died = parseEvent(eventLine('exec_died', 'c1', { execID: 'e1' }));
  assert.equal(died?.kind === 'exec died' && died.exec, 'e1');
  assert.equal(died?.kind === 'exec died' && died.exitCode, undefined);
});

test('exec_die gives the exit code, but only a number counts as one', () => {
  const code = (exitCode: string): unknown => {
    const event = parseEvent(eventLine('exec_die', 'c1', { execID: 'e1', exitCode }));
    return event?.kind === 'exec died' ? event.exitCode : 'no event';
  };
  assert.equal(code('0'), 0);
  assert.equal(code('137'), 137);
  assert.equal(code('1e3'), undefined);
  assert.equal(code(''), undefined);
  assert.equal(parseEvent(eventLine('exec_die', 'c1')), undefined);
});

test('events of other kinds are none of ours', () => {
  assert.equal(parseEvent(eventLine('exec_create: sh -c date', 'c1')), undefined);
  assert.equal(parseEvent(eventLine('start', 'c1').replace('"container"', '"network"')), undefined);
});

test('garbage is refused with a reason that quotes nothing of it', () => {
  const garbage = [
    '{"secret',
    '[]',
    '7',
    'null',
    '{"Action":"start"}',
    '{"Action":"start","Actor":{"ID":7}}',
  ];
  for (const line of garbage) {
    assert.throws(
      () => parseEvent(line),
      (error) => error instanceof GarbageError && !error.message.includes('secret'),
      line,
    );
  }
});

test('labels named like members of objects do no harm', () => {
  const line = eventLine('start', 'c1').replace(
    '"image":"busybox"',
    '"image":"busybox","__proto__":"p","constructor":"c"',
  );
  const event = parseEvent(line);
  assert.equal(event?.kind === 'life' && event.image, 'busybox');
  assert.equal(({} as Record<string, unknown>).p, undefined);
});

test('the digits of the time are exact, and a label that imitates them is not taken for them', () => {
  const hostile = eventLine(
    'start',
    'c1',
    { note: '"timeNano":11111111111', timeNano: '22222222222' },
    '1795736050826373932',
  );
  assert.equal(parseEvent(hostile)?.timeNano, '1795736050826373932');
  assert.equal(parseEvent(hostile.replace(/,"timeNano":1795736050826373932/, ''))?.timeNano, '');
});

test('since goes back by one second and keeps the digits', () => {
  assert.equal(sinceWithOverlap('1795736050826373932'), '1795736049.826373932');
  assert.equal(sinceWithOverlap('1795736050000000001'), '1795736049.000000001');
  assert.equal(sinceWithOverlap(''), undefined);
});
