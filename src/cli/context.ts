/** What a command works with. It comes in by argument, so that commands are tested without a process of their own. */

/** Exit statuses of the commands; `run` has those of the daemon. */
export const status = {
  ok: 0,
  /** Mistakes were found, a check failed, or what was asked for isn't there. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** No running instance answers. */
  unreachable: 3,
} as const;

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Writes to standard output as it is given. */
  readonly out: (text: string) => void;
  /** Resolves when standard output takes more: to be awaited between many writes. */
  readonly drained: () => Promise<void>;
  /** Writes to standard error as it is given. */
  readonly err: (text: string) => void;
  /** Whether standard output is a terminal that wants colours. */
  readonly colour: boolean;
  /** All of standard input, as text. */
  readonly input: () => Promise<string>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Aborted when the person wants to stop (Ctrl-C) or the reader of standard output is gone. */
  readonly signal: AbortSignal;
  /** Runs the daemon; resolves with the exit status. */
  readonly run: (env: Readonly<Record<string, string | undefined>>) => Promise<number>;
}

/** A command can't do what was asked: its message for the person, and the exit status. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: 'CHOREWHEEL_CLI' = 'CHOREWHEEL_CLI';
  readonly status: number;

  constructor(message: string, exitStatus: number, options?: ErrorOptions) {
    super(message, options);
    this.status = exitStatus;
  }
}
