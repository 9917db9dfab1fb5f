/** The command line inside the test's own process: what it is asked, and what it says. */
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';

type Call = (
  words: readonly string[],
  more?: Partial<CliContext>,
) => Promise<{ readonly exit: number; readonly out: string; readonly err: string }>;

/** Runs commands at `now` (epoch milliseconds), with an empty environment and input unless `more` says otherwise. */
export function commandLine(now: number): Call {
  return async (words, more = {}) => {
    let out = '';
    let err = '';
    const exit = await runCommandLine(words, {
      env: {},
      version: '1.2.3',
      out: (text) => {
        out += text;
      },
      drained: async () => {},
      err: (text) => {
        err += text;
      },
      colour: false,
      input: async () => '',
      now: () => now,
      signal: new AbortController().signal,
      run: async () => 0,
      ...more,
    });
    return { exit, out, err };
  };
}
