/**
 * A process that records without end in the folder it is given, to be killed: starts and ends, some of both in
 * flight at any time. It prints `ready`, and `<number>` once a start is acknowledged as safe.
 */
import { openStore } from '../../src/history/store.ts';
import type { ExecutionId } from '../../src/ids.ts';
import { execution, jobId, memory, start, wall } from './builders.ts';

const [folder = '', first = '0'] = process.argv.slice(2);
const history = await openStore({ folder, maxAgeMs: 1e15, maxBytes: 1e9 }, (message) => {
  process.stderr.write(`${message}\n`);
});
for (const { execution: id } of history.recovered.unfinished) history.recordLost(id, 'killed', wall(start));
process.stdout.write('ready\n');

async function one(number: number): Promise<void> {
  const job = `job-${number % 7}`;
  const started = execution(`e${number}`, { job, fireTime: start + number });
  history.recordStarted(started);
  history.remember(jobId(job), memory({ handledUntil: wall(start + number) }));
  await history.acknowledged(started.id as ExecutionId);
  process.stdout.write(`${number}\n`);
  history.recordOutput(started.id, `output of ${number}`);
  history.recordEnded(started, { kind: 'exited', exitCode: number % 3 }, wall(start + number + 9), 6);
}

for (let number = Number(first); ; number += 5) {
  await Promise.all([0, 1, 2, 3, 4].map((offset) => one(number + offset)));
}
