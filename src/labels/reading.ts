/** What comes of reading one text that a person wrote: a value, or what is wrong with it. */
import * as v from 'valibot';
import { nearest } from '../near-miss.ts';
import { quote } from './text.ts';

/** `message` begins with what was found, quoted, and says what is expected; `hint` says what to write instead. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** The schema step that applies `read`; a hint travels in the issue's `expected`. */
export function reading<T>(read: (text: string) => Reading<T>): v.RawTransformAction<string, T> {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    const result = read(dataset.value);
    if (result.ok) return result.value;
    addIssue({ message: result.message, ...(result.hint === undefined ? {} : { expected: result.hint }) });
    return NEVER;
  });
}

/** A whole number within bounds, in decimal digits. */
export function readWhole(least: number, most: number): (text: string) => Reading<number> {
  const expected =
    most === Number.MAX_SAFE_INTEGER
      ? `of at least ${least}`
      : `from ${least} to ${most.toLocaleString('en')}`;
  return (text) => {
    const digits = text.trim();
    const value = /^\+?\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
    if (value >= least && value <= most) return { ok: true, value };
    return { ok: false, message: `${quote(text)} is not a whole number ${expected}` };
  };
}

/** One of a few words, in lower case. */
export function readWord<const Word extends string>(words: readonly Word[]): (text: string) => Reading<Word> {
  return (text) => {
    const found = words.find((word) => word === text.trim());
    if (found !== undefined) return { ok: true, value: found };
    const meant = nearest(text.trim().toLowerCase(), words, text.length < 5 ? 1 : 2);
    return {
      ok: false,
      message: `${quote(text)} is not one of ${words.join(', ')}`,
      ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
    };
  };
}
