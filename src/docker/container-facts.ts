/**
 * What never changes about a container: what its labels ask for, and whether it may carry jobs at all. A small LRU
 * remembers it, so that unchanged containers are not parsed again; with a smaller one, or none, it is worked out
 * again, to the same result.
 *
 * Most containers need no request. Two kinds need one, and only if they have jobs: those that look like a step of an
 * image build (image given as a bare id), and those whose flags tell to leave out labels inherited from the image.
 */
import { LRUCache } from 'lru-cache';
import type { ContainerId, ImageId } from '../ids.ts';
import type { ContainerDefinition } from '../labels/definition.ts';
import type { Labels } from './answers.ts';
import type { Engine } from './engine.ts';
import { describeFailure, type EngineFailure } from './failure.ts';

/** Limit of a request for one container's facts, milliseconds: the rest of the list doesn't wait longer. */
const FACT_LIMIT_MS = 10_000;
/** Requests for facts in flight at once. */
const FACTS_AT_ONCE = 8;
/** Containers whose oddity was told already; beyond it some may be told again. */
const TOLD_LIMIT = 1024;

/**
 * The very function that the daemon parses labels with; `imageLabels` only where they matter, `name` of the
 * container so that `H` in a crontab differs between containers.
 */
export type LabelParser = (labels: Labels, imageLabels?: Labels, name?: string) => ContainerDefinition;

export interface Facts {
  readonly definition: ContainerDefinition;
  /** Why it never carries jobs; undefined = it may. */
  readonly excluded: string | undefined;
  /** Holds for ever. If not, the engine could not be asked, and the next list asks again. */
  readonly settled: boolean;
}

/** What the list or an event says of a container. */
export interface FactSource {
  readonly id: ContainerId;
  readonly name: string;
  readonly image: string;
  /** The list knows it, an event doesn't. */
  readonly imageId: ImageId | undefined;
  readonly labels: Labels;
}

export interface FactSettings {
  readonly engine: Pick<Engine, 'inspect' | 'imageLabels'>;
  readonly parse: LabelParser;
  /** CONTAINER_CACHE_SIZE: entries, 0 = none. */
  readonly cacheSize: number;
  readonly warn: (message: string) => void;
}

export interface ContainerFacts {
  /** At once where no request is needed. The promise never rejects. */
  of(source: FactSource): Facts | Promise<Facts>;
}

export function createContainerFacts({ engine, parse, cacheSize, warn }: FactSettings): ContainerFacts {
  const known = createCache<ContainerId, Facts>(cacheSize);
  const images = createCache<ImageId, Labels>(cacheSize);
  const pending = new Map<ContainerId, Promise<Facts>>();
  const askingImages = new Map<ImageId, ReturnType<Engine['imageLabels']>>();
  const told = new LRUCache<string, true>({ max: TOLD_LIMIT });
  const place = createPlaces(FACTS_AT_ONCE);

  function of(source: FactSource): Facts | Promise<Facts> {
    const remembered = known.get(source.id);
    if (remembered !== undefined) return remembered;
    const definition = parse(source.labels, undefined, source.name);
    const excluded = oneOff(source.labels);
    const needs = excluded === undefined ? needsOf(source, definition) : undefined;
    if (needs === undefined) return remember(source.id, { definition, excluded, settled: true });
    const asked =
      pending.get(source.id) ?? ask(source, definition, needs).finally(() => pending.delete(source.id));
    pending.set(source.id, asked);
    return asked;
  }

  function remember(id: ContainerId, facts: Facts): Facts {
    known.set(id, facts);
    return facts;
  }

  async function ask(source: FactSource, definition: ContainerDefinition, needs: Needs): Promise<Facts> {
    let { imageId } = source;
    if (needs.inspection) {
      const inspected = await place(() => engine.inspect(source.id, FACT_LIMIT_MS));
      if (!inspected.ok) return unreadable(source, definition, 'it', inspected.failure);
      const { image, logType } = inspected.value;
      if (image.startsWith('sha256:') && logType === 'none') return imageBuild(source, definition);
      imageId = inspected.value.imageId;
    }
    if (!needs.imageLabels || imageId === undefined) {
      return remember(source.id, { definition, excluded: undefined, settled: true });
    }
    const inherited = await labelsOf(imageId);
    if (inherited.ok) {
      return remember(source.id, {
        definition: parse(source.labels, inherited.value, source.name),
        excluded: undefined,
        settled: true,
      });
    }
    if (!isGone(inherited.failure)) return unreadable(source, definition, 'its image', inherited.failure);
    tell(source, 'its image is gone from the engine: labels inherited from it count as its own');
    return remember(source.id, { definition, excluded: undefined, settled: true });
  }

  async function labelsOf(image: ImageId): ReturnType<Engine['imageLabels']> {
    const remembered = images.get(image);
    if (remembered !== undefined) return { ok: true, value: remembered };
    const asking =
      askingImages.get(image) ??
      place(() => engine.imageLabels(image, FACT_LIMIT_MS)).finally(() => askingImages.delete(image));
    askingImages.set(image, asking);
    const answer = await asking;
    if (answer.ok) images.set(image, answer.value);
    return answer;
  }

  function imageBuild(source: FactSource, definition: ContainerDefinition): Facts {
    tell(source, 'it belongs to an image build and carries no jobs');
    return remember(source.id, { definition, excluded: 'it belongs to an image build', settled: true });
  }

  /** Not remembered: the next list asks again. Half understood, it carries no jobs. */
  function unreadable(
    source: FactSource,
    definition: ContainerDefinition,
    what: string,
    failure: EngineFailure,
  ): Facts {
    const reason = `${what} can't be inspected: ${describeFailure(failure)}`;
    if (failure.kind !== 'closed' && !(what === 'it' && isGone(failure))) tell(source, reason);
    return { definition, excluded: reason, settled: false };
  }

  function tell({ id, name }: FactSource, text: string): void {
    const key = `${id} ${text}`;
    if (told.has(key)) return;
    told.set(key, true);
    warn(`container ${name}: ${text}`);
  }

  return { of };
}

interface Needs {
  readonly inspection: boolean;
  readonly imageLabels: boolean;
}

function needsOf(source: FactSource, definition: ContainerDefinition): Needs | undefined {
  const { jobs, problems, flags } = definition;
  if (jobs.length === 0 && problems.length === 0) return undefined;
  const imageLabels = !flags.image;
  const suspicious = source.image.startsWith('sha256:');
  if (!imageLabels && !suspicious) return undefined;
  return { inspection: suspicious || source.imageId === undefined, imageLabels };
}

/** `docker compose run` makes these; they take the service's labels with them. */
function oneOff(labels: Labels): string | undefined {
  return labels['com.docker.compose.oneoff']?.toLowerCase() === 'true'
    ? 'it is a one-off container of compose'
    : undefined;
}

const isGone = (failure: EngineFailure): boolean => failure.kind === 'refused' && failure.status === 404;

interface Cache<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** lru-cache itself refuses a size of 0. */
function createCache<K extends object | string, V extends object>(size: number): Cache<K, V> {
  if (size > 0) return new LRUCache<K, V>({ max: size });
  return { get: () => undefined, set: () => undefined };
}

/** Runs at most `places` at once, in order of arrival. */
function createPlaces(places: number): <T>(run: () => Promise<T>) => Promise<T> {
  let free = places;
  const queue: (() => void)[] = [];
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await run();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
