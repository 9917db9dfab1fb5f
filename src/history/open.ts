/** The way into the history: on disk if there is a state folder, else in memory. */
import type { Config } from '../configuration.ts';
import type { History } from './history.ts';
import { createMemoryHistory } from './memory.ts';
import { openStore } from './store.ts';

export { StateFolderInUse } from './delivery.ts';

/**
 * Opens the history that the configuration asks for, within some 5 seconds whatever the file system does. Rejects
 * with `StateFolderInUse` (its message names the process that holds the folder); every other trouble is told to
 * `warn`, at most once a minute, and shows in `health()`.
 */
export function openHistory(
  config: Pick<Config, 'stateDir' | 'historyMaxAgeMs' | 'historyMaxBytes'>,
  warn: (message: string) => void,
): Promise<History> {
  const { stateDir, historyMaxAgeMs, historyMaxBytes } = config;
  if (stateDir === undefined) return Promise.resolve(createMemoryHistory());
  return openStore({ folder: stateDir, maxAgeMs: historyMaxAgeMs, maxBytes: historyMaxBytes }, warn);
}
