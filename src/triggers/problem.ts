/** How a text that is no trigger is refused: a value with a reason, never an exception. */
import type { TriggerProblem } from './trigger.ts';

export interface Rejection {
  readonly ok: false;
  readonly problem: TriggerProblem;
}

/** No trigger text that means something comes near this length, in UTF-16 units. */
const MAX_TEXT = 2048;

export function reject(message: string, hint?: string): Rejection {
  return { ok: false, problem: hint === undefined ? { message } : { message, hint } };
}

/** The text for a message: in quotes, at most 60 characters of it, printable ASCII as it is, the rest escaped. */
export function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  const escaped = shown.replace(
    /[^\x20-\x7e…]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}

/** A rejection when a text is too long to be looked at. */
export function rejectTooLong(text: string): Rejection | undefined {
  if (text.length <= MAX_TEXT) return undefined;
  return reject(`the text has ${text.length} characters, more than the ${MAX_TEXT} that any trigger needs`);
}
