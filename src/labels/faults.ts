/** Several mistakes of one job become one problem, so that each job has one warning, however much is wrong. */
import type { Problem } from './definition.ts';
import { clip } from './text.ts';

/** What is wrong with one label. */
export interface Fault {
  /** The whole key, as it was given. */
  readonly label: string;
  readonly message: string;
  readonly hint?: string;
}

const mostTold = 8;
/** Keys of at most 256 characters are whole; longer ones are at fault for their length. */
const longestLabel = 300;
const longestMessage = 400;

/** The rejection of `job` for all of `faults`, at least one. */
export function rejection(job: string, faults: readonly Fault[]): Problem {
  const told = faults.slice(0, mostTold);
  const more = faults.length - told.length;
  const messages = told.map(({ label, message }) => `${clip(label, 100)}: ${clip(message, longestMessage)}`);
  if (more > 0) messages.push(`and ${more} more`);
  const hints = [
    ...new Set(told.flatMap(({ hint }) => (hint === undefined ? [] : [clip(hint, longestMessage)]))),
  ];
  return {
    job: clip(job, 64),
    labels: [...new Set(told.map(({ label }) => clip(label, longestLabel)))],
    message: messages.join('; '),
    ...(hints.length === 0 ? {} : { hint: hints.join(' · ') }),
    severity: 'rejected',
  };
}

/** A mistake that is not in one job; `labels` may be many, a few are named. */
export function warning(labels: readonly string[], message: string, hint?: string): Problem {
  const named = labels.slice(0, mostTold).map((label) => clip(label, longestLabel));
  const more = labels.length > mostTold ? ` (and ${labels.length - mostTold} more such labels)` : '';
  return {
    job: undefined,
    labels: named,
    message: message + more,
    ...(hint === undefined ? {} : { hint }),
    severity: 'warning',
  };
}
