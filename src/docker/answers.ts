/** The engine's answers, checked and cut down to what we use. The only file that knows the JSON of the API's objects. */
import * as v from 'valibot';
import type { ContainerId, ImageId } from '../ids.ts';
import type { ContainerState } from '../scheduling/events.ts';
import { GarbageError } from './failure.ts';

export type Labels = Readonly<Record<string, string>>;

/** A container as the list describes it. */
export interface ListedContainer {
  readonly id: ContainerId;
  /** Without the leading slash; the id's first twelve digits where the engine gives no name. */
  readonly name: string;
  readonly state: ContainerState;
  /** The image as its creator named it, or a bare `sha256:` id. */
  readonly image: string;
  readonly imageId: ImageId;
  /** Labels of the image are merged in, as the engine does at creation. */
  readonly labels: Labels;
}

/** What only an inspection tells of a container. */
export interface InspectedContainer {
  readonly imageId: ImageId;
  /** The image as its creator named it. */
  readonly image: string;
  /** `none` for the containers of an image build. */
  readonly logType: string;
}

/** What an inspection tells of a container that seems to be a chorewheel. Nothing else of its environment is kept. */
export interface InspectedInstance {
  readonly running: boolean;
  /** As the engine writes it; empty if it was never started. */
  readonly startedAt: string;
  readonly hostname: string;
  /** Entry point and command. */
  readonly words: readonly string[];
  readonly variables: Readonly<Partial<Record<InstanceVariable, string>>>;
}

const instanceVariables = ['LABEL_NAMESPACE', 'DOCKER_HOST'] as const;
type InstanceVariable = (typeof instanceVariables)[number];

export interface EngineVersion {
  /** Of the engine, such as `20.10.24`. */
  readonly version: string;
  /** Of its API, such as `1.41`. */
  readonly api: string;
}

/** An object whose members are all text. Written by hand: a container may have tens of thousands of labels. */
export const textsShape = v.nullish(v.custom<Labels>(isTexts), {});

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = value as Readonly<Record<string, unknown>>;
  for (const key in members) if (typeof members[key] !== 'string') return false;
  return true;
}

const id = v.pipe(v.string(), v.minLength(1));

const listedShape = v.object({
  Id: id,
  Names: v.nullish(v.array(v.string()), []),
  Image: v.nullish(v.string(), ''),
  ImageID: v.nullish(v.string(), ''),
  State: v.nullish(v.string(), ''),
  Labels: textsShape,
});

const inspectedShape = v.object({
  Image: v.string(),
  Config: v.nullish(v.object({ Image: v.nullish(v.string(), '') }), { Image: '' }),
  HostConfig: v.nullish(
    v.object({ LogConfig: v.nullish(v.object({ Type: v.nullish(v.string(), '') }), { Type: '' }) }),
    { LogConfig: { Type: '' } },
  ),
});

const texts = v.nullish(v.array(v.string()), []);

const instanceShape = v.object({
  State: v.object({ Running: v.nullish(v.boolean(), false), StartedAt: v.nullish(v.string(), '') }),
  Config: v.object({ Hostname: v.nullish(v.string(), ''), Env: texts, Entrypoint: texts, Cmd: texts }),
});

const imageShape = v.object({ Config: v.nullish(v.object({ Labels: textsShape }), { Labels: {} }) });

const versionShape = v.object({
  Version: v.nullish(v.string(), 'unknown'),
  ApiVersion: v.nullish(v.string(), 'unknown'),
});

/** @throws GarbageError, as do the other readers here. */
export function readListed(text: string): ListedContainer {
  const item = check(listedShape, text, 'container');
  // Links of other containers appear as further names with a second slash.
  const own = item.Names.find((name) => name.lastIndexOf('/') <= 0) ?? item.Names[0];
  return {
    id: item.Id as ContainerId,
    name: own === undefined || own === '' ? item.Id.slice(0, 12) : own.replace(/^\//, ''),
    state: toState(item.State),
    image: item.Image,
    imageId: item.ImageID as ImageId,
    labels: item.Labels,
  };
}

export function readInspected(text: string): InspectedContainer {
  const item = check(inspectedShape, text, 'container');
  return {
    imageId: item.Image as ImageId,
    image: item.Config.Image,
    logType: item.HostConfig.LogConfig.Type,
  };
}

export function readInstance(text: string): InspectedInstance {
  const { State, Config } = check(instanceShape, text, 'container');
  const variables = instanceVariables.flatMap((name) => {
    const line = Config.Env.find((entry) => entry.startsWith(`${name}=`));
    return line === undefined ? [] : [[name, line.slice(name.length + 1)]];
  });
  return {
    running: State.Running,
    startedAt: State.StartedAt,
    hostname: Config.Hostname,
    words: [...Config.Entrypoint, ...Config.Cmd],
    variables: Object.fromEntries(variables),
  };
}

export function readImageLabels(text: string): Labels {
  return check(imageShape, text, 'image').Config.Labels;
}

export function readVersion(text: string): EngineVersion {
  const item = check(versionShape, text, 'version');
  return { version: item.Version, api: item.ApiVersion };
}

/** The engine's own words in the body of an error, or the beginning of whatever it is. */
export function readErrorMessage(text: string): string {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ message: v.string() })), text);
  const words = parsed.success ? parsed.output.message : text;
  return words.slice(0, 1000).trim();
}

function toState(text: string): ContainerState {
  return text === 'running' || text === 'paused' ? text : 'other';
}

function check<const S extends v.GenericSchema>(shape: S, text: string, what: string): v.InferOutput<S> {
  const parsed = v.safeParse(shape, parseJson(text, what));
  if (parsed.success) return parsed.output;
  const path = v.getDotPath(parsed.issues[0]) ?? 'its shape';
  // The message names the place and never the content: labels carry secrets.
  throw new GarbageError(`a ${what} with a wrong ${path.slice(0, 100)}`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new GarbageError(`a ${what} that is no JSON`);
  }
}
