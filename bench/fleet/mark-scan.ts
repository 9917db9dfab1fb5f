/**
 * Stands in for a shell that looks for marked processes: an exec whose words are
 * `sh -c SCRIPT sh NAME=VALUE [SIGNAL]` and whose script looks into /proc. The script itself is not interpreted;
 * what it would find is known here: the execs of the container that run with that entry in their environment.
 * They end with 128 + signal, but for the command `stubborn`, which only KILL ends.
 */
import type { Behaviour } from './behaviour.ts';
import type { FleetContainer } from './container.ts';
import type { Exec } from './execution.ts';

const EXIT_CODES: Readonly<Record<string, number>> = { TERM: 143, KILL: 137 };

/** Carries out the scan and gives what it prints; undefined if `exec` is no such scan. */
export function scanForMark(exec: Exec, container: FleetContainer): Behaviour | undefined {
  const [shell, option, script, , mark, signal = ''] = exec.ask.words;
  if (shell !== 'sh' || option !== '-c' || mark === undefined || script?.includes('/proc/') !== true)
    return undefined;
  const found = [...container.execs].filter(
    (other) => other !== exec && other.state === 'running' && other.ask.env.includes(mark),
  );
  const code = EXIT_CODES[signal];
  for (const other of found)
    if (code !== undefined && !(other.ask.words[0] === 'stubborn' && signal === 'TERM')) other.kill(code);
  const bytes = Buffer.from(`processes=${found.length}\n`);
  return { kind: 'runs', steps: [{ kind: 'write', stream: 1, bytes }], code: 0 };
}
