/** The public way to a trigger: throws where the text is none. */
import { compileTrigger, type TriggerInput } from './compile.ts';
import type { Trigger, TriggerProblem } from './trigger.ts';

export interface ParseTriggerOptions {
  /** Name of the tz database; `UTC` if not given. */
  readonly timezone?: string;
  /** Epoch milliseconds from which an interval's grid is counted; 0 if not given. */
  readonly anchor?: number;
  /** Decides what `H` in a crontab text stands for. */
  readonly seed?: string;
}

/** Thrown by `parseTrigger`; `code` is stable, `problem` says what is wrong and what to write instead. */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
  readonly code = 'INVALID_TRIGGER';
  readonly problem: TriggerProblem;

  constructor(problem: TriggerProblem) {
    super(problem.hint === undefined ? problem.message : `${problem.message} (${problem.hint})`);
    this.problem = problem;
  }
}

/**
 * The trigger of a text, exactly one of `cron`, `crontab`, `date` and `interval`, as the labels of these names have it.
 * A position in a cron text (`2nd fri`) needs all eight fields here. Equal texts in equal zones give the same object.
 * Throws a TriggerError for a text that is no trigger.
 */
export function parseTrigger(input: TriggerInput, options: ParseTriggerOptions = {}): Trigger {
  const result = compileTrigger(input, { ...options, timezone: options.timezone ?? 'UTC' });
  if (!result.ok) throw new TriggerError(result.problem);
  return result.trigger;
}
