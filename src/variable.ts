/** Environment variables as valibot schemas: text or absent in, a value or a mistake out. */
import * as v from 'valibot';
import { type Reading, reading } from './labels/reading.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is read by `read`; absent or empty it is `fallback`. */
export function variable<T>(fallback: string, read: (text: string) => Reading<T>) {
  return variableOrEmpty(fallback, (text) => read(text.trim() === '' ? fallback : text));
}

/** A variable for which being empty means something else than being absent. */
export function variableOrEmpty<T>(fallback: string, read: (text: string) => Reading<T>) {
  return v.pipe(v.optional(v.string(), fallback), reading(read));
}

/** One line for each mistake: the variable, what it holds, what is accepted. */
export function mistakesOf(issues: readonly v.BaseIssue<unknown>[]): string[] {
  return issues.map((issue) => {
    const name = v.getDotPath(issue) ?? 'environment';
    const hint = issue.kind === 'transformation' && issue.expected !== null ? ` (${issue.expected})` : '';
    return `${name}: ${issue.message}${hint}`;
  });
}
