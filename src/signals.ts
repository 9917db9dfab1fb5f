/**
 * Signals: the first SIGTERM or SIGINT asks for an orderly end, the second ends the process at once, a third can't
 * hang anything. SIGUSR1 asks for a list of the jobs.
 */

/** Exit status when running executions were left behind, by a second signal or after STOP_TIMEOUT. */
export const STATUS_LEFT_BEHIND = 2;

export interface SignalHandlers {
  /** The first request to stop; called once. */
  stop(signal: NodeJS.Signals): void;
  list(): void;
}

/** Installs the handlers; returns a function that removes them. */
export function handleSignals(handlers: SignalHandlers): () => void {
  let asked = false;
  const onStop = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(STATUS_LEFT_BEHIND);
    asked = true;
    handlers.stop(signal);
  };
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
  process.on('SIGUSR1', handlers.list);
  return () => {
    process.off('SIGTERM', onStop);
    process.off('SIGINT', onStop);
    process.off('SIGUSR1', handlers.list);
  };
}
