/** The daemon's own knowledge of labels, set up by the variables that change what labels mean. */
import { readConfig } from '../config.ts';
import { labelVariables } from '../label-settings.ts';
import { parseContainerLabels } from '../labels/container.ts';
import { describeTrigger } from '../triggers/describe.ts';
import type { Knowledge } from './check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type KnowledgeResult =
  | { readonly ok: true; readonly knowledge: Knowledge }
  | { readonly ok: false; readonly message: string };

/** Knowledge under the variables of one compose file; the same ones give the very same knowledge. */
export type KnowledgeSource = (fileEnvironment: Environment) => KnowledgeResult;

/** `overrides` wins over a file's own environment, and that over `env`. */
export function createKnowledge(env: Environment, overrides: Environment): KnowledgeSource {
  const known = new Map<string, KnowledgeResult>();
  return (fileEnvironment) => {
    const key = JSON.stringify(fileEnvironment);
    const found = known.get(key);
    if (found !== undefined) return found;
    const result = makeKnowledge({ ...env, ...fileEnvironment, ...overrides });
    known.set(key, result);
    return result;
  };
}

/** Nothing of the machine matters to labels. */
const machine = { cores: 1, fileExists: (): boolean => false };

/** Only what counts for labels: other mistakes of the environment are the daemon's own affair. */
function makeKnowledge(env: Environment): KnowledgeResult {
  const read = readConfig(
    Object.fromEntries(Object.keys(labelVariables).map((name) => [name, env[name]])),
    machine,
  );
  if (!read.ok) return { ok: false, message: read.mistakes.join('\n') };
  const settings = read.config.labels;
  return {
    ok: true,
    knowledge: {
      namespace: settings.namespace,
      parse: (labels, imageLabels, name) => parseContainerLabels(labels, imageLabels, settings, name),
      describe: describeTrigger,
    },
  };
}
