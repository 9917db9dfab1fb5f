/** Reads the labels of containers from the engine, for `chorewheel check --container`. */
import { existsSync } from 'node:fs';
import { readConfig } from '../config.ts';
import type { ListedContainer } from '../docker/answers.ts';
import { createEngine, type Engine } from '../docker/engine.ts';
import { describeFailure, type EngineFailure } from '../docker/failure.ts';
import { CliError, status } from './context.ts';

export interface ContainerLabels {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageLabels: Readonly<Record<string, string>>;
}

/** `wanted` are names, ids or their beginnings. Throws CliError when the engine or a container can't be had. */
export async function readContainers(
  env: Readonly<Record<string, string | undefined>>,
  wanted: readonly string[],
): Promise<{ readonly engine: string; readonly containers: readonly ContainerLabels[] }> {
  const read = readConfig(env, { cores: 1, fileExists: existsSync });
  if (!read.ok) throw new CliError(read.mistakes.join('\n'), status.failed);
  const engine = createEngine(read.config.engine, read.config.clientTimeoutMs);
  try {
    const listed: ListedContainer[] = [];
    const answer = await engine.list(
      (container) => listed.push(container),
      () => {},
    );
    if (!answer.ok) throw unreachable(engine, answer.failure);
    const found = wanted.map((name) => findContainer(listed, name));
    const limitMs = read.config.clientTimeoutMs;
    const containers: ContainerLabels[] = [];
    for (const container of found) {
      const labels = await engine.imageLabels(container.imageId, limitMs);
      if (!labels.ok) throw unreachable(engine, labels.failure);
      containers.push({ name: container.name, labels: container.labels, imageLabels: labels.value });
    }
    return { engine: engine.address, containers };
  } finally {
    engine.close();
  }
}

function findContainer(listed: readonly ListedContainer[], wanted: string): ListedContainer {
  const found =
    listed.find(({ name, id }) => name === wanted || id === wanted) ??
    (/^[0-9a-f]{4,64}$/.test(wanted) ? listed.find(({ id }) => id.startsWith(wanted)) : undefined);
  if (found === undefined) throw new CliError(`the engine has no container "${wanted}"`, status.failed);
  return found;
}

function unreachable(engine: Engine, failure: EngineFailure): CliError {
  return new CliError(`engine ${engine.address}: ${describeFailure(failure)}`, status.unreachable);
}
