/** What the labels of one container ask for, after parsing: complete, read-only, nothing optional left open. */
import type { Trigger } from '../triggers/trigger.ts';

/** One job as its labels ask for it. Equal label sets give the very same object (parsing is remembered). */
export interface JobDefinition {
  readonly name: string;
  /** The label's text. */
  readonly command: string;
  /** The text split into words as a POSIX shell does; never empty. */
  readonly words: readonly string[];
  readonly trigger: Trigger;
  /** Longest random delay in milliseconds; 0 = none. */
  readonly jitterMs: number;
  /** At least 1: executions of this job at once. */
  readonly max: number;
  readonly overlap: 'skip' | 'queue';
  /** How late an execution may start, in milliseconds; Infinity = unlimited. */
  readonly graceMs: number;
  /** After this many milliseconds the command is stopped; Infinity = never. */
  readonly timeoutMs: number;
  readonly catchUp: 'skip' | 'once' | 'all';
  /** User (`name|id[:group]`) for the exec; empty = the engine's own default. */
  readonly user: string;
  /** Absolute path; empty = the image's. */
  readonly workdir: string;
  /** `NAME=value` entries for the exec, in the labels' order. Values are secrets: never to be printed. */
  readonly environment: readonly string[];
}

/** A user's mistake, as a value. `message` and `hint` hold no value of an `env.*` label and no control character. */
export interface Problem {
  /** The job at fault; undefined when the mistake is not in one job (options, namespace). */
  readonly job: string | undefined;
  /** The labels at fault, whole keys. */
  readonly labels: readonly string[];
  /** What is wrong and what was expected. */
  readonly message: string;
  /** What to write instead, where that can be told. */
  readonly hint?: string;
  /** `rejected`: the job does not run. `warning`: it runs as written, or nothing depended on it. */
  readonly severity: 'rejected' | 'warning';
}

/** Everything that the labels of a container say to us. */
export interface ContainerDefinition {
  readonly jobs: readonly JobDefinition[];
  /** Effective flags: whether image labels count, and whether the service carries the jobs. */
  readonly flags: { readonly image: boolean; readonly service: boolean };
  /** Values of the service labels in their configured order; empty = no service. */
  readonly serviceId: readonly string[];
  readonly problems: readonly Problem[];
}
