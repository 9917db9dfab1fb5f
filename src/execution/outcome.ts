/** How an execution ended. The end of its output stream proves nothing; see `workers/exec.ts`. */
export type Outcome =
  /** It ran to its end; 128+n for a signal. */
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** The engine could not start it (no such command, user, directory; 409, 404): its words. */
  | { readonly kind: 'failed to start'; readonly reason: string }
  /** Its `timeout` passed; `stopped` tells whether the processes with its mark are verified gone. */
  | {
      readonly kind: 'timeout';
      readonly stopped: boolean;
      readonly exitCode?: number;
      readonly detail: string;
    }
  /** Stopped at a person's or the daemon's wish. */
  | { readonly kind: 'cancelled'; readonly stopped: boolean; readonly detail: string }
  /** Its container died or was removed while it ran. */
  | { readonly kind: 'container gone'; readonly exitCode?: number }
  /** The worker that carried it was lost, and so was its result. */
  | { readonly kind: 'worker lost'; readonly reason: string }
  /** The engine can't say how it ended (it forgot the exec, its stream was cut, …). */
  | { readonly kind: 'unknown'; readonly reason: string };
