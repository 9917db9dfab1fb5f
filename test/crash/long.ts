/**
 * The long form of the crash test: `npm run test:crash -- --points 1000 --seed 1`. Rounds of 20 kills, each with a
 * folder and an engine of its own; a round that fails is told with its seed (`SEED=… CHOREWHEEL_CRASH_POINTS=20`).
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startBusy } from './busy.ts';
import { judge } from './judge.ts';

const ROUND = 20;

async function round(seed: number, points: number): Promise<number> {
  const cleanups: (() => unknown)[] = [];
  const t = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
  try {
    const busy = await startBusy(t, temporaryFolder(t), seededRandom(seed));
    for (let point = 0; point < points; point += 1) await busy.liveAndDie();
    const status = await busy.liveAndStop();
    const { faults, summary } = judge(busy);
    console.log(`seed ${seed}, ${points} kills: ${summary}; status ${status}, ${faults.length} faults`);
    for (const fault of faults) console.log(`  ${fault}`);
    return faults.length + (status === 0 ? 0 : 1);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

const { values } = parseArgs({
  options: { points: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const points = Number(values.points);
let faults = 0;
for (let done = 0; done < points; done += ROUND)
  faults += await round(Number(values.seed) + done / ROUND, Math.min(ROUND, points - done));
console.log(`${points} kills, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
