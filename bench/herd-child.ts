/** One herd on one scheduler in a fresh process: `herd-child SUBJECT COUNT`. Sends what it measured. */
import { cpuMs, percentile } from './harness.ts';
import { SUBJECTS } from './herd-subjects.ts';

export interface HerdResult {
  /** Milliseconds after the instant. */
  readonly p50: number;
  readonly p99: number;
  readonly greatest: number;
  /** Negative if any was called before its instant. */
  readonly earliest: number;
  readonly missing: number;
  readonly cpuMs: number;
  readonly armingMs: number;
}

/** The longest wait for the last one. */
const PATIENCE_MS = 60_000;

async function main(): Promise<void> {
  const [name = '', countText = '0'] = process.argv.slice(2);
  const facts = SUBJECTS[name];
  if (facts === undefined) throw new Error(`no such scheduler: ${name}`);
  const count = Number(countText);
  const due = Math.ceil((Date.now() + count * facts.armingMs + 2500) / 1000) * 1000;
  const called = new Float64Array(count);
  let calls = 0;
  let cpuAtInstant = 0;
  let tellDone = (): void => {};
  const done = new Promise<void>((resolve) => {
    tellDone = resolve;
  });
  const fire = (): void => {
    if (calls < count) called[calls] = performance.timeOrigin + performance.now();
    calls += 1;
    if (calls === count) tellDone();
  };
  const startedAt = performance.now();
  const end = await facts.subject(count, due, fire);
  const armingMs = performance.now() - startedAt;
  if (Date.now() > due - 100) throw new Error(`${name} was not armed in time: it took ${armingMs} ms`);
  setTimeout(
    () => {
      cpuAtInstant = cpuMs();
    },
    due - Date.now() - 50,
  );
  const patience = setTimeout(tellDone, due - Date.now() + PATIENCE_MS);
  await done;
  clearTimeout(patience);
  const lateness = called.subarray(0, Math.min(calls, count)).map((moment) => moment - due);
  const result: HerdResult = {
    p50: percentile(lateness, 0.5),
    p99: percentile(lateness, 0.99),
    greatest: percentile(lateness, 1),
    earliest: percentile(lateness, 0),
    missing: Math.max(0, count - calls),
    cpuMs: cpuMs() - cpuAtInstant,
    armingMs,
  };
  end();
  process.send?.(result, () => process.exit(0));
}

await main();
