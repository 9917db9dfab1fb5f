import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakeStream, fakeEngine, frame } from './fake-engine.ts';
import { startPool, texts } from './pool-harness.ts';

/** Sends a frame again and again, as fast as it is taken. */
function flood(stream: FakeStream, bytes: Buffer, times: number): void {
  let left = times;
  const go = (): void => {
    while (left > 0) {
      left -= 1;
      if (!stream.write(bytes)) return;
    }
    if (left === 0) stream.end(frame(1, 'the end\n'));
    left = -1;
  };
  stream.onDrain(go);
  go();
}

const FLOODS = [
  { name: 'short lines', payload: Buffer.from('y\n'.repeat(16_384)) },
  { name: 'one line', payload: Buffer.alloc(32_768, 0x61) },
  {
    name: 'bytes of all kinds',
    payload: Buffer.from(Array.from({ length: 32_768 }, (_, i) => (i * 7919) % 256)),
  },
];
const TIMES = 10_000;

for (const { name, payload } of FLOODS)
  test(`a flood of ${TIMES * 32} KiB (${name}) is drained to its end in little memory`, async (t) => {
    const bytes = frame(1, payload);
    const engine = await fakeEngine(t, {
      start(_exec, stream) {
        flood(stream, bytes, TIMES);
        return undefined;
      },
    });
    const pool = await startPool(t, engine.address);
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    t.after(() => clearInterval(watch));
    const ended = await pool.run(['flood']);
    assert.deepEqual(ended.outcome, { kind: 'exited', exitCode: 0 });
    const growth = (peak - before) / 2 ** 20;
    t.diagnostic(`memory grew by ${growth.toFixed(0)} MiB`);
    assert.ok(growth < 128, `memory grew by ${growth} MiB`);
    if (name === 'one line') assert.equal(ended.lines[0]?.cut, TIMES * 32_768 - 16_384 + 'the end'.length);
    else assert.ok(texts(ended).at(-1)?.endsWith('the end'));
  });
