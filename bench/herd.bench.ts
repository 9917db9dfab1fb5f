/** All jobs due on one second: how long until the last of them is handed on? */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type BenchRow, program, type Scenario } from './harness.ts';
import type { HerdResult } from './herd-child.ts';
import { SUBJECTS } from './herd-subjects.ts';

async function herd(subject: string, count: number): Promise<HerdResult> {
  const child = fork(program('./herd-child'), [subject, String(count)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [result] = await Promise.race([
    once(child, 'message') as Promise<[HerdResult]>,
    once(child, 'exit').then(() => Promise.reject(new Error(`the herd of ${subject} did not come home`))),
  ]);
  return result;
}

const OWN = 'chorewheel';

const scenario: Scenario = {
  name: 'herd',
  title: 'Herd: all jobs due on one second',
  about:
    'Milliseconds from the instant until the call of a job, 99th percentile; a fresh process for each. `direct` is the floor: an array of functions, called at the instant. Herds that would take a library minutes or gigabytes are left out.',
  async run({ short }) {
    const rows: BenchRow[] = [];
    for (const count of short ? [100] : [1000, 10_000, 100_000]) {
      for (const [name, { limit }] of Object.entries(SUBJECTS)) {
        if (count > limit || (short && name !== OWN && name !== 'direct')) continue;
        const result = await herd(name, count);
        const peer = name === OWN ? {} : { peer: true };
        rows.push({
          measure: `p99, ${count} jobs, ${name}`,
          value: result.p99,
          unit: 'ms',
          better: 'lower',
          ...peer,
        });
        if (result.missing > 0)
          rows.push({
            measure: `not called, ${count} jobs, ${name}`,
            value: result.missing,
            unit: '',
            ...peer,
          });
        if (result.earliest < 0)
          rows.push({
            measure: `earliest, ${count} jobs, ${name}`,
            value: result.earliest,
            unit: 'ms',
            ...peer,
          });
      }
    }
    return rows;
  },
};
export default scenario;
