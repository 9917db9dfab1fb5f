/** A spread load on another scheduler in a fresh process: `spread-child SUBJECT COUNT SECONDS`. Sends what it measured. */
import { pause } from './daemon-process.ts';
import { cpuMs } from './harness.ts';
import { SUBJECTS } from './herd-subjects.ts';

export interface SpreadResult {
  /** Milliseconds after the second that a job is due, for each call. */
  readonly lateness: readonly number[];
  readonly cpuMs: number;
}

async function main(): Promise<void> {
  const [name = '', count, seconds] = process.argv.slice(2);
  const facts = SUBJECTS[name];
  if (facts === undefined) throw new Error(`no such scheduler: ${name}`);
  const [jobs, span] = [Number(count), Number(seconds)];
  const first = Math.ceil((Date.now() + jobs * facts.armingMs * 3 + 2500) / 1000) * 1000;
  const lateness: number[] = [];
  const ends: (() => void)[] = [];
  for (let second = 0; second < span; second += 1) {
    const due = first + second * 1000;
    const fire = (): void => {
      lateness.push(performance.timeOrigin + performance.now() - due);
    };
    ends.push(await facts.subject(jobs / span, due, fire));
  }
  if (Date.now() > first - 200) throw new Error(`${name} was not armed in time`);
  await pause(first - 200 - Date.now());
  const before = cpuMs();
  await pause(Math.max(0, first + span * 1000 - Date.now()));
  const result: SpreadResult = { lateness, cpuMs: cpuMs() - before };
  for (const end of ends) end();
  process.send?.(result, () => process.exit(0));
}

await main();
