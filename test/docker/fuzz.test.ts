/** Hostile and broken input: whatever an engine sends is understood, or refused as garbage; nothing else happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  readErrorMessage,
  readImageLabels,
  readInspected,
  readListed,
  readVersion,
} from '../../src/docker/answers.ts';
import { createLineSplitter, parseEvent } from '../../src/docker/event-lines.ts';
import { GarbageError } from '../../src/docker/failure.ts';
import { createArraySplitter } from '../../src/docker/json-array.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { eventLine } from './watching.ts';

const SEED = Number(process.env.CHOREWHEEL_FUZZ_SEED ?? 20_261_126);
const ROUNDS = Number(process.env.CHOREWHEEL_FUZZ_ROUNDS ?? 3_000);

const VALUES = [
  'null',
  '7',
  '-1e999',
  '""',
  '"\\u0000\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"x":1}}',
  'true',
];

const container = JSON.stringify({
  Id: 'a'.repeat(64),
  Names: ['/web', '/other/alias'],
  Image: 'busybox',
  ImageID: 'sha256:1',
  State: 'running',
  Labels: { 'deck-chores.x.command': 'date', note: '"]},{"' },
  HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none' } },
  Config: { Image: 'busybox', Labels: { a: 'b' } },
  Version: '1',
  message: 'words',
});

/** Cuts, doubles, swaps and replaces parts of a text, with an eye on JSON. */
function mutate(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const length = Math.floor(random() * 12);
  const piece = VALUES[Math.floor(random() * VALUES.length)] ?? '';
  switch (Math.floor(random() * 6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random() * 300) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + text.slice(Math.max(0, at - length));
    case 4:
      return text.slice(0, at) + piece + text.slice(at);
    default:
      return text.replace(/:("(?:[^"\\]|\\.)*"|\d+|\{[^{}]*\})/g, (whole) =>
        random() < 0.2 ? `:${piece}` : whole,
      );
  }
}

function onlyGarbage(run: () => unknown, input: string): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof GarbageError, `${String(error)} for ${input}`);
  }
}

test('a broken event is an event or garbage', (t) => {
  t.diagnostic(`seed ${SEED}, ${ROUNDS} rounds`);
  const random = seededRandom(SEED);
  const whole = eventLine('start', 'c1', { 'deck-chores.x.command': 'date "$HOME"' }).trim();
  for (let round = 0; round < ROUNDS; round += 1) {
    let line = whole;
    for (let times = 1 + random() * 3; times > 0; times -= 1) line = mutate(line, random);
    onlyGarbage(() => parseEvent(line), line);
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('a broken answer is an answer or garbage', (t) => {
  t.diagnostic(`seed ${SEED}, ${ROUNDS} rounds`);
  const random = seededRandom(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    let text = container;
    for (let times = 1 + random() * 3; times > 0; times -= 1) text = mutate(text, random);
    for (const read of [readListed, readInspected, readImageLabels, readVersion]) {
      onlyGarbage(() => read(text), text);
    }
    assert.equal(typeof readErrorMessage(text), 'string');
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('a broken list gives elements or is garbage, and bytes at random too', (t) => {
  t.diagnostic(`seed ${SEED}, ${ROUNDS} rounds`);
  const random = seededRandom(SEED);
  const whole = `[${[container, container, '{}'].join(',')}]`;
  for (let round = 0; round < ROUNDS / 3; round += 1) {
    const text =
      round % 4 === 0 ? String.fromCharCode(...Array.from({ length: 60 }, () => random() * 256)) : whole;
    const bytes = Buffer.from(mutate(text, random));
    const splitter = createArraySplitter(2_000);
    const lines = createLineSplitter(
      100,
      () => {},
      () => {},
    );
    onlyGarbage(() => {
      for (let at = 0; at < bytes.length; at += 37) {
        lines.write(bytes.subarray(at, at + 37));
        for (const element of splitter.write(bytes.subarray(at, at + 37))) {
          if (element !== undefined) onlyGarbage(() => readListed(element), element);
        }
      }
      splitter.end();
    }, text);
  }
});
