/** Containers and images of the simulated host: what they hold, and the states they can be in. */
import { EngineError } from './errors.ts';
import type { Exec } from './execution.ts';

export interface FleetImage {
  readonly id: string;
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `busybox` -> `busybox:latest` */
export function tagged(reference: string): string {
  return reference.includes(':') ? reference : `${reference}:latest`;
}

/** What a container is made of. */
export interface ContainerSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Tag or id of a known image; the first known one if left out. */
  readonly image?: string;
  readonly state?: ContainerState;
  readonly command?: readonly string[];
  /** `HostConfig.LogConfig.Type`; `none` marks containers of image builds. */
  readonly logType?: string;
  readonly env?: readonly string[];
}

export type ContainerState = 'created' | 'running' | 'paused' | 'exited';

export interface FleetContainer {
  readonly id: string;
  name: string;
  readonly image: FleetImage;
  /** The image as it was named at creation. */
  readonly imageName: string;
  /** Image labels and own ones, merged. */
  readonly labels: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly logType: string;
  readonly env: readonly string[];
  readonly createdNs: number;
  startedNs: number;
  exitCode: number;
  state: ContainerState;
  /** Execs that were created and not yet ended. */
  readonly execs: Set<Exec>;
  /** Remembered JSON of the list entry; dropped with each change. */
  listed: string | undefined;
}

export function isUp(container: FleetContainer): boolean {
  return container.state === 'running' || container.state === 'paused';
}

/** The refusals of exec create and start; the engine repeats the reference it was given. */
export function refuseUnlessRunning(container: FleetContainer, reference: string): void {
  if (container.state === 'paused')
    throw new EngineError(409, `Container ${reference} is paused, unpause the container before exec`);
  if (container.state !== 'running') throw new EngineError(409, `Container ${container.id} is not running`);
}

/** Created, not yet started; the image's labels and the spec's are merged. */
export function makeContainer(
  spec: ContainerSpec,
  image: FleetImage,
  imageName: string,
  id: string,
  ns: number,
): FleetContainer {
  return {
    id,
    name: spec.name,
    image,
    imageName,
    labels: { ...image.labels, ...spec.labels },
    command: spec.command ?? ['tail', '-f', '/dev/null'],
    logType: spec.logType ?? 'json-file',
    env: spec.env ?? [],
    createdNs: ns,
    startedNs: 0,
    exitCode: 0,
    state: 'created',
    execs: new Set(),
    listed: undefined,
  };
}
