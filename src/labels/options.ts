/** `NS.options.*`, and labels of ours that belong to no job. */

import { nearest } from '../near-miss.ts';
import { isAttribute, readUser } from './attributes.ts';
import type { Problem } from './definition.ts';
import { warning } from './faults.ts';
import { unknownFlag } from './flags.ts';
import type { JobContext } from './job.ts';
import { clip } from './text.ts';

/** Option and text. */
export type Options = ReadonlyMap<string, string>;

/** The user that jobs run as which name none. */
export function readOptions(options: Options, namespace: string): Pick<JobContext, 'user'> {
  const text = options.get('user');
  if (text === undefined) return { user: undefined };
  const label = `${namespace}.options.user`;
  const user = readUser(text);
  return { user: user.ok ? { label, text } : { label, text: '', fault: user.message } };
}

/** What is to be said of labels that no job has. */
export function leftovers(
  jobless: readonly string[],
  options: Options,
  unknownFlags: readonly string[],
  namespace: string,
): Problem[] {
  const problems: Problem[] = [];
  const shown = clip(namespace, 64);
  if (jobless.length > 0) problems.push(joblessWarning(jobless, namespace));
  for (const word of unknownFlags.slice(0, 3)) {
    const { message, hint } = unknownFlag(word);
    problems.push(warning([`${namespace}.options.flags`], message, hint));
  }
  if (options.size === 0) return problems;
  const unknown = [...options.keys()].filter((option) => option !== 'user' && option !== 'flags');
  if (unknown.length > 0) {
    const meant = nearest(unknown[0] ?? '', ['user', 'flags'], 2);
    const attribute = unknown.find(isAttribute);
    problems.push(
      warning(
        unknown.map((option) => `${namespace}.options.${option}`),
        `only ${shown}.options.user and ${shown}.options.flags are options, and options is no name for a job`,
        attribute !== undefined
          ? `Give the job another name: ${shown}.JOB.${attribute}`
          : meant && `Did you mean ${shown}.options.${meant}?`,
      ),
    );
  }
  return problems;
}

function joblessWarning(keys: readonly string[], namespace: string): Problem {
  const shown = clip(namespace, 64);
  const rest = keys.map((key) => key.slice(namespace.length + 1)).find(isAttribute);
  return warning(
    keys,
    `a label must name its job: ${shown}.JOB.ATTRIBUTE`,
    rest === undefined ? undefined : `Write ${shown}.JOB.${rest}, with a name of your choice for JOB`,
  );
}
