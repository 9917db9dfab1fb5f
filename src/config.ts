/**
 * The environment -> the configuration, or every mistake in it at once. Pure: what must be known of the machine
 * comes in by argument. Variables that are not ours are ignored; an empty variable counts as absent, but for the
 * two lists that may be empty (`DEFAULT_FLAGS`, `SERVICE_ID_LABELS`).
 */
import * as v from 'valibot';
import type { Config, TlsFiles } from './configuration.ts';
import { engineVariables, readEngineAddress, type TlsSettings } from './engine-address.ts';
import { labelSettingsOf, labelVariables } from './label-settings.ts';
import { readDuration } from './labels/duration.ts';
import { type Reading, readWhole } from './labels/reading.ts';
import { clip, quote } from './labels/text.ts';
import { defaultLogFormat, parseLogFormat } from './log-format.ts';
import { nearest } from './near-miss.ts';
import { type Environment, mistakesOf, variable } from './variable.ts';

/** What the configuration depends on beside the environment. */
export interface Machine {
  /** Processor cores that may be used, at least 1. */
  readonly cores: number;
  /** Whether a file can be seen at an absolute path; asked for certificates only. */
  readonly fileExists: (path: string) => boolean;
}

export type ConfigResult =
  /** `notes`: what is accepted, but probably not what was meant. */
  | { readonly ok: true; readonly config: Config; readonly notes: readonly string[] }
  /** One line each: the variable, its value (never the token's), what is accepted. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** As far as timers reach, in whole days; a longer one would fire at once. */
const longestWait = 24 * 86_400_000;

const variables = v.object({
  ...labelVariables,
  ASSERT_HOSTNAME: variable('no', readSwitch),
  CLIENT_TIMEOUT: variable('60', readDuration({ least: 1, most: longestWait })),
  CONTAINER_CACHE_SIZE: variable('128', readWhole(0, 10_000_000)),
  CONTROL_SOCKET: v.optional(v.string()),
  DEBUG: variable('no', readSwitch),
  HISTORY_MAX_AGE: variable('30d', readDuration({ least: 1, unlimited: ['unlimited'] })),
  HISTORY_MAX_SIZE: variable('256 MB', readSize),
  HTTP_LISTEN: variable('off', readListen),
  HTTP_TOKEN: variable('', readToken),
  JOB_POOL_SIZE: variable('10', readWhole(1, 100_000)),
  LOG_FORMAT: variable(defaultLogFormat, readLogFormat),
  OUTPUT_LIMIT: variable('1 MiB', readSize),
  RESYNC_INTERVAL: variable('60s', readDuration({ least: 100, most: longestWait })),
  SSL_VERSION: variable('TLS', readTlsVersion),
  STDERR_LEVEL: variable('NOTSET', readLevel),
  STATE_DIR: v.optional(v.string()),
  STOP_TIMEOUT: variable('10s', readDuration({ least: 0, most: longestWait })),
  WORKER_THREADS: variable('auto', readThreads),
});

type Variables = v.InferOutput<typeof variables>;

/** Every variable that is read. */
export const variableNames: readonly string[] = [...Object.keys(variables.entries), ...engineVariables];

/** Reads every variable of chorewheel. */
export function readConfig(env: Environment, machine: Machine): ConfigResult {
  const read = v.safeParse(variables, { ...env });
  const tls = tlsSettings(read.success ? read.output : undefined);
  const engine = readEngineAddress(env, tls, machine.fileExists);
  if (!read.success || !engine.ok) {
    const mistakes = read.success ? [] : mistakesOf(read.issues);
    if (!engine.ok)
      mistakes.push(engine.hint === undefined ? engine.message : `${engine.message} (${engine.hint})`);
    return { ok: false, mistakes: mistakes.sort() };
  }
  const config = configOf(read.output, engine.value, env, machine.cores);
  return { ok: true, config, notes: notesOf(config, read.output, env) };
}

function tlsSettings(read: Variables | undefined): TlsSettings {
  return { assertHostname: read?.ASSERT_HOSTNAME ?? false, minVersion: read?.SSL_VERSION };
}

function configOf(read: Variables, engine: Config['engine'], env: Environment, cores: number): Config {
  const { HTTP_LISTEN: listen, HTTP_TOKEN: token } = read;
  return {
    labels: labelSettingsOf(read),
    engine,
    clientTimeoutMs: read.CLIENT_TIMEOUT,
    containerCacheSize: read.CONTAINER_CACHE_SIZE,
    jobPoolSize: read.JOB_POOL_SIZE,
    workerThreads: read.WORKER_THREADS ?? Math.max(1, Math.min(cores, read.JOB_POOL_SIZE, 4)),
    stopTimeoutMs: read.STOP_TIMEOUT,
    resyncIntervalMs: read.RESYNC_INTERVAL,
    outputLimit: read.OUTPUT_LIMIT,
    debug: read.DEBUG,
    logFormat: read.LOG_FORMAT,
    stderrLevel: read.STDERR_LEVEL,
    stateDir: read.STATE_DIR === '' ? undefined : read.STATE_DIR,
    historyMaxAgeMs: read.HISTORY_MAX_AGE,
    historyMaxBytes: read.HISTORY_MAX_SIZE,
    controlSocket: controlSocket(read.CONTROL_SOCKET, env),
    http: listen === undefined ? undefined : { ...listen, token },
  };
}

/** A path, or `off`; by default in the user's run-time folder if there is one, else in the system's. */
function controlSocket(given: string | undefined, env: Environment): string | undefined {
  if (given === 'off') return undefined;
  if (given !== undefined && given !== '') return given;
  const { XDG_RUNTIME_DIR: folder } = env;
  return folder === undefined || folder === '' ? '/run/chorewheel/control.sock' : `${folder}/chorewheel.sock`;
}

const loopback = /^(?:127\.|::1$|localhost$)/;

function notesOf({ engine, http }: Config, read: Variables, env: Environment): string[] {
  const notes: string[] = [];
  if (read.HTTP_TOKEN !== undefined && http === undefined) {
    notes.push('HTTP_TOKEN is set, but without HTTP_LISTEN nothing is served');
  }
  if (http !== undefined && !loopback.test(http.host)) {
    notes.push(
      `HTTP_LISTEN: whoever can reach ${http.host} can read jobs and their output, without the token, too`,
    );
  }
  if (engine.kind === 'unix' && (env.DOCKER_TLS_VERIFY || env.DOCKER_CERT_PATH)) {
    notes.push('DOCKER_TLS_VERIFY and DOCKER_CERT_PATH mean nothing for a unix socket');
  }
  if (/^(?:0|no|off|false)$/i.test(env.DOCKER_TLS_VERIFY ?? '')) {
    notes.push(
      'DOCKER_TLS_VERIFY: any value turns TLS on, as with Docker itself; leave it empty to turn it off',
    );
  }
  if (engine.kind === 'tcp' && engine.tls === undefined && !loopback.test(engine.host)) {
    notes.push(`DOCKER_HOST: the connection to ${engine.host} is not encrypted`);
  }
  return notes;
}

function readSwitch(text: string): Reading<boolean> {
  const word = text.trim().toLowerCase();
  if (/^(?:on|true|yes|1)$/.test(word)) return { ok: true, value: true };
  if (/^(?:off|false|no|0)$/.test(word)) return { ok: true, value: false };
  return { ok: false, message: `${quote(text)} is neither of on, true, yes, 1 nor of off, false, no, 0` };
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** Bytes: a number, or one with a unit as in `256 MB` or `1 MiB`. */
function readSize(text: string): Reading<number> {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)\s*([kmg]i?|)b?$/i.exec(text.trim()) ?? [];
  const factor = units[unit.toLowerCase()];
  if (number !== undefined && factor !== undefined)
    return { ok: true, value: Math.round(Number(number) * factor) };
  return {
    ok: false,
    message: `${quote(text)} is not a size: bytes, or a number with a unit as in 256 MB, 1 MiB`,
  };
}

const levels = {
  NOTSET: Number.POSITIVE_INFINITY,
  DEBUG: 10,
  INFO: 20,
  WARNING: 30,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
  FATAL: 50,
} as const;

function readLevel(text: string): Reading<number> {
  const word = text.trim().toUpperCase();
  if (Object.hasOwn(levels, word)) return { ok: true, value: levels[word as keyof typeof levels] };
  const meant = nearest(word, Object.keys(levels), 2);
  return {
    ok: false,
    message: `${quote(text)} is not one of NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL`,
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  };
}

const tlsVersions: ReadonlyMap<string, TlsFiles['minVersion']> = new Map([
  ['TLS', undefined],
  ['TLS_CLIENT', undefined],
  ['TLSV1', 'TLSv1'],
  ['TLSV1_1', 'TLSv1.1'],
  ['TLSV1_2', 'TLSv1.2'],
  ['TLSV1_3', 'TLSv1.3'],
]);

/** Python's names; `TLS` leaves the choice to Node. */
function readTlsVersion(text: string): Reading<TlsFiles['minVersion']> {
  const name = text
    .trim()
    .toUpperCase()
    .replace(/^PROTOCOL_/, '')
    .replaceAll('.', '_');
  if (tlsVersions.has(name)) return { ok: true, value: tlsVersions.get(name) };
  return { ok: false, message: `${quote(text)} is not one of TLS, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3` };
}

function readLogFormat(text: string): Reading<string> {
  const parsed = parseLogFormat(text);
  if (!parsed.ok) return { ok: false, message: `${quote(text)}: ${clip(parsed.message, 300)}` };
  return { ok: true, value: parsed.format === 'json' ? 'json' : text };
}

function readThreads(text: string): Reading<number | undefined> {
  return text.trim() === 'auto' ? { ok: true, value: undefined } : readWhole(1, 256)(text);
}

function readListen(text: string): Reading<{ host: string; port: number } | undefined> {
  if (text.trim() === 'off') return { ok: true, value: undefined };
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.%]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { ok: true, value: { host, port } };
  return {
    ok: false,
    message: `${quote(text)} is not host:port`,
    hint: 'As in 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for all interfaces',
  };
}

/** The token's text is a secret: no message holds it. */
function readToken(text: string): Reading<string | undefined> {
  if (text === '') return { ok: true, value: undefined };
  if (/^[\x21-\x7e]+$/.test(text)) return { ok: true, value: text };
  return { ok: false, message: 'the token (not shown) must be of printable ASCII characters without blanks' };
}
