/**
 * Signals: the first SIGTERM or SIGINT asks for an orderly end, the second for one at once, further ones are heard
 * and change nothing. SIGUSR1 asks for a list of the jobs.
 */

/** Exit status when running executions were left behind, by a second signal or after STOP_TIMEOUT. */
export const STATUS_LEFT_BEHIND = 2;

export interface SignalHandlers {
  /** The first request to stop; called once. */
  stop(signal: NodeJS.Signals): void;
  /** The second one; called once. */
  stopAtOnce(): void;
  list(): void;
}

/** Installs the handlers, for the rest of the process's life. */
export function handleSignals(handlers: SignalHandlers): void {
  let asked = 0;
  const onStop = (signal: NodeJS.Signals): void => {
    asked += 1;
    if (asked === 1) handlers.stop(signal);
    else if (asked === 2) handlers.stopAtOnce();
  };
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
  process.on('SIGUSR1', () => handlers.list());
}
