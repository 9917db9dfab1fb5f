/**
 * Branded types for ids and times, so that a container's id is never taken for a job's and a moment of the
 * wall clock never for one of the monotonic clock. They cost nothing at run time.
 */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The engine's id of a container: 64 hexadecimal digits. */
export type ContainerId = Brand<string, 'ContainerId'>;
/** The engine's id of an image, with its `sha256:` prefix. */
export type ImageId = Brand<string, 'ImageId'>;
/** The engine's id of an exec. */
export type ExecId = Brand<string, 'ExecId'>;
/** Our id of an armed job: readable, unique, and the same after a restart. */
export type JobId = Brand<string, 'JobId'>;
/** Our id of a service: the values of its identifying labels, joined without ambiguity. */
export type ServiceId = Brand<string, 'ServiceId'>;
/** Our id of one execution; also the value of the mark `CHOREWHEEL_EXECUTION` in its environment. */
export type ExecutionId = Brand<string, 'ExecutionId'>;

/** A moment of the wall clock, in milliseconds since the epoch. */
export type WallMs = Brand<number, 'WallMs'>;
/** A moment of the monotonic clock, in milliseconds since an arbitrary origin; steps of the wall clock do not move it. */
export type MonoMs = Brand<number, 'MonoMs'>;

/** One reading of both clocks; the only way in which time enters the pure core. */
export interface Now {
  readonly wall: WallMs;
  readonly mono: MonoMs;
}

/** Ends a switch over a tagged union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
