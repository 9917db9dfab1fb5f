/** The command line's context in a real process: its streams, its environment, its clock. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { version } from '../version.ts';
import type { CliContext } from './context.ts';

/**
 * Makes the context of this process. When the reader of standard output goes away (`| head`), the signal is
 * aborted and what is still written goes nowhere.
 */
export function processContext(run: CliContext['run']): CliContext {
  const gone = new AbortController();
  let watched = false;
  return {
    env: process.env,
    version,
    out(written) {
      // Only commands write here: the daemon's log has its own way to the streams, which must stay untouched.
      if (!watched) {
        watched = true;
        process.stdout.on('error', () => gone.abort());
      }
      if (!gone.signal.aborted) process.stdout.write(written);
    },
    async drained() {
      if (!process.stdout.writableNeedDrain || gone.signal.aborted) return;
      await once(process.stdout, 'drain', { signal: gone.signal }).catch(() => {});
    },
    err: (written) => void process.stderr.write(written),
    get colour() {
      return wantsColour(process.env, process.stdout.isTTY === true);
    },
    input: () => text(process.stdin),
    now: Date.now,
    signal: gone.signal,
    run,
  };
}

/** NO_COLOR and FORCE_COLOR, as most programs have it; else whether it is a terminal. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}
