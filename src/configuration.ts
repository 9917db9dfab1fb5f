/** The configuration once it is read: complete and typed. `config.ts` makes it from the environment. */

import type { NamePattern } from './labels/name-pattern.ts';

/** Where the engine listens; `config.ts` has made sure that it can be spoken to. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls: TlsFiles | undefined;
    };

/** Paths of PEM files; they are read when the connection is made, so that a renewal needs no restart of ours. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly assertHostname: boolean;
  /** Lowest version, in Node's words; undefined = Node's default. */
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
}

export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** What label parsing needs; also all that the public `parseLabels` reads from its `env`. */
export interface LabelSettings {
  readonly namespace: string;
  readonly defaultFlags: { readonly image: boolean; readonly service: boolean };
  readonly defaultMax: number;
  /** Whole names must match; a RegExp without a `g` flag fits, too. */
  readonly jobName: NamePattern;
  readonly serviceIdLabels: readonly string[];
  readonly timezone: string;
  /** Milliseconds; Infinity = unlimited. */
  readonly grace: number;
}

/** All durations in milliseconds. */
export interface Config {
  readonly labels: LabelSettings;
  readonly engine: EngineAddress;
  readonly clientTimeoutMs: number;
  readonly containerCacheSize: number;
  readonly jobPoolSize: number;
  readonly workerThreads: number;
  readonly stopTimeoutMs: number;
  readonly resyncIntervalMs: number;
  readonly outputLimit: number;
  readonly debug: boolean;
  /** `json`, or the text of a LOG_FORMAT template that `log-format.ts` accepted. */
  readonly logFormat: string;
  /** Python's numeric level: records at or above go to stderr; Infinity (NOTSET) = none do. */
  readonly stderrLevel: number;
  /** Folder of the persistent history; undefined = memory only. */
  readonly stateDir: string | undefined;
  readonly historyMaxAgeMs: number;
  readonly historyMaxBytes: number;
  /** Path of the owner's control socket; undefined = none. */
  readonly controlSocket: string | undefined;
  readonly http:
    | { readonly host: string; readonly port: number; readonly token: string | undefined }
    | undefined;
}
