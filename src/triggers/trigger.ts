/**
 * What a trigger is. It answers one question: the first fire time strictly after an instant, or none.
 * Triggers are immutable and shared: one compiled trigger serves every job with the same text and zone.
 */

/** The words of a cron, crontab, date or interval text, compiled. */
export type Trigger = CronTrigger | DateTrigger | IntervalTrigger;

interface TriggerBase {
  /** The text it was compiled from, for people. */
  readonly text: string;
  /** Name of the tz database. */
  readonly timezone: string;
  /**
   * The first fire time strictly later than `after`; both in epoch milliseconds. Fire times are whole seconds
   * but for an interval, which keeps the millisecond of its anchor. `undefined` when it never fires again.
   */
  next(after: number): number | undefined;
}

/** Fires by the calendar and the clock of its zone. */
export interface CronTrigger extends TriggerBase {
  readonly kind: 'cron' | 'crontab';
  /** A cron text that reads like classic crontab (SPEC section 3): what to tell its author, in words. */
  readonly caution?: string;
}

/** Fires once. */
export interface DateTrigger extends TriggerBase {
  readonly kind: 'date';
  /** The instant, epoch milliseconds. */
  readonly at: number;
}

/** Fires on a grid of equal periods; the daemon keeps the grid on the monotonic clock. */
export interface IntervalTrigger extends TriggerBase {
  readonly kind: 'interval';
  /** Milliseconds, more than 0. */
  readonly periodMs: number;
  /** Epoch milliseconds from which `next` counts; the daemon counts from registration instead. */
  readonly anchor: number;
}

/** A text that is no trigger: why, and what to write instead, where that can be guessed. */
export interface TriggerProblem {
  readonly message: string;
  readonly hint?: string;
}

export type TriggerResult =
  | { readonly ok: true; readonly trigger: Trigger }
  | { readonly ok: false; readonly problem: TriggerProblem };
