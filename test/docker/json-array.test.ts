import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GarbageError } from '../../src/docker/failure.ts';
import { createArraySplitter } from '../../src/docker/json-array.ts';
import { seededRandom } from '../support/random.ts';

function elements(text: string, sizes: () => number, limit = 1000): (string | undefined)[] {
  const bytes = Buffer.from(text);
  const splitter = createArraySplitter(limit);
  const found: (string | undefined)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = sizes();
    found.push(...splitter.write(bytes.subarray(at, at + size)));
    at += size;
  }
  splitter.end();
  return found;
}

const items = [
  { a: '[{]}"\\', b: [[], [{ c: '\\"' }]] },
  {},
  { 'Grüße 🚢': { x: null, y: -1.5e3, z: true }, q: 'tail\\' },
  [1, 'x"', []],
];

test('each element comes out whole, wherever the chunks end and however it is spaced', (t) => {
  const seed = 4711;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  for (const text of [JSON.stringify(items), JSON.stringify(items, null, 2), `${JSON.stringify(items)}\n`]) {
    for (let round = 0; round < 100; round += 1) {
      const found = elements(text, () => 1 + Math.floor(random() * 7));
      assert.deepEqual(
        found.map((element) => JSON.parse(element ?? 'null') as unknown),
        items,
      );
    }
  }
});

test('an empty list has no elements', () => {
  assert.deepEqual(
    elements(' [ ]\n', () => 1),
    [],
  );
});

test('an element beyond the limit is left out, its neighbours are not', () => {
  const text = JSON.stringify([{ a: 1 }, { b: 'x'.repeat(500) }, { c: 2 }]);
  for (const size of [1, 7, 64, 10_000]) {
    assert.deepEqual(
      elements(text, () => size, 100),
      ['{"a":1}', undefined, '{"c":2}'],
    );
  }
});

test('what is no list of objects is refused', () => {
  for (const text of ['{"message":"x"}', 'null', '"[{}]"', '[1,2]', '["x"]', '[{}]]', '[{}][', '<html>']) {
    assert.throws(() => elements(text, () => 3), GarbageError, text);
  }
});

test('a list that is cut off is refused, wherever it was cut', () => {
  const text = JSON.stringify(items);
  for (let length = 0; length < Buffer.byteLength(text); length += 1) {
    const cut = Buffer.from(text).subarray(0, length);
    const splitter = createArraySplitter(1000);
    splitter.write(cut);
    assert.throws(() => splitter.end(), GarbageError);
  }
});
