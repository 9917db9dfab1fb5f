/** `parseLabels` for other programs: the very function that the daemon reads labels with. */
import * as v from 'valibot';
import type { LabelSettings } from './configuration.ts';
import { labelSettingsOf, labelVariables } from './label-settings.ts';
import { parseContainerLabels } from './labels/container.ts';
import type { JobDefinition, Problem } from './labels/definition.ts';
import { createMemo } from './labels/memo.ts';
import { type Environment, mistakesOf } from './variable.ts';

export interface ParseLabelsOptions {
  /** Labels of the container's image. They count as labels of the container, unless its flags say `noimage`. */
  readonly imageLabels?: Readonly<Record<string, string>>;
  /**
   * Variables as the daemon reads them from its environment, as text. `DEFAULT_FLAGS`, `DEFAULT_MAX`,
   * `JOB_NAME_REGEX`, `LABEL_NAMESPACE`, `MISFIRE_GRACE`, `SERVICE_ID_LABELS` and `TIMEZONE` matter, others are
   * ignored; the process' own environment is not looked at.
   */
  readonly env?: Environment;
  /** A container's name, the seed of `H` in crontabs of containers that belong to no service. */
  readonly containerName?: string;
}

/** What the labels of a container ask for. */
export interface ParsedLabels {
  /** The jobs that would run, in the order of the labels. */
  readonly jobs: readonly JobDefinition[];
  /** Effective flags, sorted: of `image` and `service` those that are on. */
  readonly flags: readonly ('image' | 'service')[];
  /** `label=value` for each label that tells the service, sorted; empty = the container belongs to none. */
  readonly serviceId: readonly string[];
  /** Every mistake: a job that has one of severity `rejected` is not in `jobs`. */
  readonly problems: readonly Problem[];
}

/** Variables in `env` that can't be understood: `mistakes` has a line for each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'ERR_CHOREWHEEL_CONFIGURATION';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`the configuration has mistakes: ${mistakes.join('; ')}`);
    this.mistakes = mistakes;
  }
}

/**
 * Reads the labels of one container as the engine reports them (image labels merged in; merging them again by
 * `imageLabels` does no harm). Mistakes in labels are in `problems`; the labels never make it throw.
 *
 * @throws ConfigurationError if a variable in `env` can't be understood
 */
export function parseLabels(
  labels: Readonly<Record<string, string>>,
  { imageLabels = {}, env = {}, containerName = '' }: ParseLabelsOptions = {},
): ParsedLabels {
  const settings = settingsOf(env);
  const { jobs, flags, serviceId, problems } = parseContainerLabels(
    labels,
    imageLabels,
    settings,
    containerName,
  );
  return {
    jobs,
    flags: (['image', 'service'] as const).filter((flag) => flags[flag]),
    serviceId: serviceId.map((value, index) => `${settings.serviceIdLabels[index]}=${value}`).sort(),
    problems,
  };
}

const names = Object.keys(labelVariables) as (keyof typeof labelVariables)[];
const schema = v.object(labelVariables);
/** One settings object per environment, so that parsed labels are remembered between calls. */
const known = createMemo<LabelSettings>();

function settingsOf(env: Environment): LabelSettings {
  known.begin();
  for (const name of names) known.add(env[name]);
  const remembered = known.get();
  if (remembered !== undefined) return remembered;
  const read = v.safeParse(schema, { ...env });
  if (!read.success) throw new ConfigurationError(mistakesOf(read.issues));
  const settings = labelSettingsOf(read.output);
  known.set(settings);
  return settings;
}
