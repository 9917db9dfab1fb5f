/** `npm run flood -- [--gigabytes N]`: the floods at full length on a private engine, with their figures. */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { daemonTest } from '../support/engine.ts';
import { FLOODS, figuresText, runFlood } from './floods.ts';

const { values } = parseArgs({ options: { gigabytes: { type: 'string', default: '10' } } });
const LIMIT_MS = 3_600_000;
const GROWTH_MB = 64;

for (const flood of FLOODS) {
  // The promise for a line and for noise is a gigabyte.
  const gigabytes =
    flood.name === 'short lines' ? Number(values.gigabytes) : Math.min(1, Number(values.gigabytes));
  const bytes = gigabytes * 1e9;
  daemonTest(
    `${flood.name}: ${gigabytes} GB`,
    async (t, start) => {
      const figures = await runFlood(t, await start(), flood, bytes);
      console.log(figuresText(flood.name, bytes, figures));
      assert.ok(figures.growthMb < GROWTH_MB, `memory grew by ${figures.growthMb} MiB`);
    },
    { timeout: LIMIT_MS },
  );
}
