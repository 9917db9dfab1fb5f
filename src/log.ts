/**
 * The log: pino behind a synchronous destination that picks standard output or standard error by level and
 * writes either JSON or the LOG_FORMAT template. One record is one line, whatever its texts hold.
 */
import { pino } from 'pino';
import type { Level } from './configuration.ts';
import { escapeJson, escapeText } from './escape.ts';
import { type LineFormat, parseLogFormat } from './log-format.ts';
import { nonBlocking, Sink } from './log-sink.ts';

/** Python's numbers of the levels. */
const levelNumbers: Readonly<Record<Level, number>> = {
  DEBUG: 10,
  INFO: 20,
  WARNING: 30,
  ERROR: 40,
  CRITICAL: 50,
};

export interface LogRecord {
  readonly level: Level;
  /** Stable name of what happened, such as `execution_ended`. */
  readonly event: string;
  /** For people; complete without the fields. */
  readonly message: string;
  /** Stands before the message in text, where the fields aren't seen; absent from JSON. */
  readonly prefix?: string;
  /** The stable fields of JSON; not `time`, `level`, `event` or `message`. Undefined values are left out. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface LogOptions {
  /** `json` or a template that `parseLogFormat` accepts; anything else throws. */
  readonly format: string;
  /** Records at or above this number go to standard error; Infinity = none, 0 = all. */
  readonly stderrLevel: number;
  readonly debug: boolean;
  /** Takes the lines (with their ends) in place of the process's own streams. */
  readonly write?: (lines: string, stream: 'stdout' | 'stderr') => void;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface Log {
  (record: LogRecord): void;
  /** Whether records of this level are written at all. */
  enabled(level: Level): boolean;
  /** Writes all records that `work` makes with one system call a stream. */
  batch(work: () => void): void;
  /** Bytes that wait for stalled readers. */
  pending(): number;
  /** Blocks for up to `waitMs` milliseconds until waiting lines are written. True if none is left. */
  flush(waitMs: number): boolean;
}

/** The longest that the end of the process waits for a stalled reader; milliseconds. */
const exitFlushMs = 250;

export function createLog(options: LogOptions): Log {
  const parsed = parseLogFormat(options.format);
  if (!parsed.ok) throw new Error(`log format: ${parsed.message}`);
  const now = options.now ?? Date.now;
  const clock = { time: 0 };
  const out = options.write === undefined ? processStreams(noteFormatter(parsed.format, now)) : undefined;
  const write = options.write ?? (out as Streams).write;
  const batches = { depth: 0, stdout: '', stderr: '' };

  const destination: pino.DestinationStream & Destination = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    lastMsg: undefined,
    write(json: string): void {
      const line =
        parsed.format === 'json'
          ? `${escapeJson(json.slice(0, -1))}\n`
          : `${textLine(parsed.format, clock.time, destination.lastLevel, destination.lastMsg ?? '')}\n`;
      const stream = destination.lastLevel >= options.stderrLevel ? 'stderr' : 'stdout';
      if (batches.depth > 0) batches[stream] += line;
      else write(line, stream);
    },
  };
  const logger = makeLogger(destination, options.debug, clock);
  const json = parsed.format === 'json';

  const log = (record: LogRecord): void => {
    clock.time = now();
    const level = pinoNames[record.level];
    if (json) logger[level]({ event: record.event, ...record.fields }, record.message);
    else logger[level](record.prefix === undefined ? record.message : record.prefix + record.message);
  };
  return Object.assign(log, {
    enabled: (level: Level): boolean => logger.isLevelEnabled(pinoNames[level]),
    batch(work: () => void): void {
      batches.depth += 1;
      try {
        work();
      } finally {
        batches.depth -= 1;
        if (batches.depth === 0) releaseBatch(batches, write);
      }
    },
    pending: (): number => out?.pending() ?? 0,
    flush: (waitMs: number): boolean => out?.flush(waitMs) ?? true,
  });
}

/** Pino knows names in lower case only. */
const pinoNames = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warning',
  ERROR: 'error',
  CRITICAL: 'critical',
} as const;
const pinoLevels = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 };

/** What pino leaves at a destination that asks for it. */
interface Destination {
  lastLevel: number;
  lastMsg: string | undefined;
}

type Batches = { stdout: string; stderr: string };
type Write = (lines: string, stream: 'stdout' | 'stderr') => void;

function releaseBatch(batches: Batches, write: Write): void {
  const { stdout, stderr } = batches;
  batches.stdout = '';
  batches.stderr = '';
  if (stdout !== '') write(stdout, 'stdout');
  if (stderr !== '') write(stderr, 'stderr');
}

function makeLogger(
  destination: pino.DestinationStream,
  debug: boolean,
  clock: { readonly time: number },
): pino.Logger<Lowercase<Level>> {
  return pino<Lowercase<Level>>(
    {
      level: debug ? 'debug' : 'info',
      customLevels: pinoLevels,
      useOnlyCustomLevels: true,
      base: null,
      messageKey: 'message',
      formatters: { level: (level) => ({ level: level.toUpperCase() }) },
      timestamp: () => `,"time":"${new Date(clock.time).toISOString()}"`,
    },
    destination,
  );
}

const levelNames: ReadonlyMap<number, string> = new Map(
  Object.entries(levelNumbers).map(([name, number]) => [number, name]),
);

function textLine(format: LineFormat, time: number, levelno: number, message: string): string {
  const levelname = levelNames.get(levelno) ?? `Level ${levelno}`;
  return format({ time, levelname, levelno, message: escapeText(message) });
}

/** Makes the sinks' own notes, which don't pass through pino. */
function noteFormatter(format: 'json' | LineFormat, now: () => number) {
  return (event: string, message: string): string => {
    if (format !== 'json') return `${textLine(format, now(), levelNumbers.WARNING, message)}\n`;
    return `${JSON.stringify({ level: 'WARNING', time: new Date(now()).toISOString(), event, message })}\n`;
  };
}

interface Streams {
  write: Write;
  pending(): number;
  flush(waitMs: number): boolean;
}

/** The process's two streams. If one is gone, its lines go to the other; if both are, nowhere. */
function processStreams(note: (event: string, message: string) => string): Streams {
  const open = (fd: 1 | 2, name: string, other: () => Sink): Sink =>
    new Sink(nonBlocking(fd), {
      tellDropped: (count) =>
        note('log_dropped', `${count} records were not written: the reader of ${name} did not keep up`),
      onBroken(error, rest) {
        other().write(note('log_broken', `${name} is gone (${error.message}): its records come here`));
        if (rest !== '') other().write(rest);
      },
    });
  const stdout: Sink = open(1, 'standard output', () => stderr);
  const stderr: Sink = open(2, 'standard error', () => stdout);
  const flush = (waitMs: number): boolean => {
    const until = performance.now() + waitMs;
    const first = stdout.flush(waitMs);
    return stderr.flush(Math.max(0, until - performance.now())) && first;
  };
  process.once('exit', () => flush(exitFlushMs));
  return {
    write(lines, stream) {
      const [sink, other] = stream === 'stdout' ? [stdout, stderr] : [stderr, stdout];
      if (sink.broken === undefined) sink.write(lines);
      else other.write(lines);
    },
    pending: () => Math.max(stdout.pending, stderr.pending),
    flush,
  };
}
