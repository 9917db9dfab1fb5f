/**
 * The engine's event stream: one JSON object per line, in chunks that end anywhere. This file turns bytes into lines
 * and lines into events of ours; it keeps no connection.
 *
 * Invariants: a line longer than the limit costs at most the limit in memory and is reported once, without harm to
 * the next line. The digits of `timeNano` are kept as text, since they exceed the integers of a JSON number.
 */
import * as v from 'valibot';
import type { ContainerId, ExecId } from '../ids.ts';
import { type Labels, textsShape } from './answers.ts';
import { GarbageError } from './failure.ts';

const NEWLINE = 10;

/** Splits bytes into lines; empty lines are dropped. */
export interface LineSplitter {
  write(chunk: Buffer): void;
}

/** `limit` in bytes; `onTooLong` is called once for each line beyond it. */
export function createLineSplitter(
  limit: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): LineSplitter {
  let parts: Buffer[] = [];
  let length = 0;

  function keep(part: Buffer): void {
    if (length <= limit && length + part.length > limit) {
      parts = [];
      onTooLong();
    }
    length += part.length;
    if (length <= limit && part.length > 0) parts.push(part);
  }

  function endLine(): void {
    const whole = length > 0 && length <= limit ? Buffer.concat(parts).toString('utf8').trim() : '';
    parts = [];
    length = 0;
    if (whole !== '') onLine(whole);
  }

  return {
    write(chunk: Buffer): void {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, end));
        start = end + 1;
        endLine();
      }
      keep(chunk.subarray(start));
    },
  };
}

/** What happened to a container, in our words whatever the engine calls it. */
export type ContainerAction = 'start' | 'die' | 'destroy' | 'pause' | 'unpause' | 'rename';

interface EventBase {
  readonly container: ContainerId;
  /** Nanoseconds since the epoch by the engine's clock, as digits; empty if the engine gave none. */
  readonly timeNano: string;
}

export interface ContainerLifeEvent extends EventBase {
  readonly kind: 'life';
  readonly action: ContainerAction;
  /** Empty if the engine gave none. */
  readonly name: string;
  /** The image as its creator named it. */
  readonly image: string;
  /** The container's labels. A label called `name` or `image` is hidden here by the attribute of that name. */
  readonly labels: Labels;
}

export interface ExecDiedEvent extends EventBase {
  readonly kind: 'exec died';
  readonly exec: ExecId;
  /** Undefined where the engine tells none. */
  readonly exitCode: number | undefined;
}

export type EngineEvent = ContainerLifeEvent | ExecDiedEvent;

const actions: ReadonlyMap<string, ContainerAction | 'exec died'> = new Map([
  ['start', 'start'],
  ['die', 'die'],
  ['died', 'die'],
  ['destroy', 'destroy'],
  ['remove', 'destroy'],
  ['pause', 'pause'],
  ['unpause', 'unpause'],
  ['rename', 'rename'],
  ['exec_die', 'exec died'],
  ['exec_died', 'exec died'],
]);

const eventNames = (kind: 'life' | 'exec'): string[] =>
  [...actions].filter(([, action]) => (action === 'exec died') === (kind === 'exec')).map(([name]) => name);

/** Names to ask the engine for: Docker's and Podman's. */
export const LIFE_EVENTS: readonly string[] = eventNames('life');
export const EXEC_EVENTS: readonly string[] = eventNames('exec');

const eventShape = v.object({
  Type: v.optional(v.string()),
  Action: v.optional(v.string()),
  status: v.optional(v.string()),
  Actor: v.object({
    ID: v.pipe(v.string(), v.minLength(1)),
    Attributes: textsShape,
  }),
});

/**
 * Reads one line; `undefined` for an event that is none of ours.
 * @throws GarbageError when it is no event. The message holds nothing of the line: it may carry secrets in labels.
 */
export function parseEvent(line: string): EngineEvent | undefined {
  const parsed = v.safeParse(eventShape, parseJson(line));
  if (!parsed.success)
    throw new GarbageError(`an event without ${v.getDotPath(parsed.issues[0]) ?? 'a shape'}`);
  const { Type, Action, status, Actor } = parsed.output;
  const action = actions.get(Action ?? status ?? '');
  if (action === undefined || (Type !== undefined && Type !== 'container')) return undefined;
  const container = Actor.ID as ContainerId;
  const timeNano = nanoseconds(line);
  if (action === 'exec died') return execDied(container, timeNano, Actor.Attributes);
  const { name = '', image = '', ...labels } = Actor.Attributes;
  return { kind: 'life', action, container, timeNano, name: name.replace(/^\//, ''), image, labels };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new GarbageError(`a line of ${line.length} characters that is no JSON`);
  }
}

function execDied(
  container: ContainerId,
  timeNano: string,
  { execID, exitCode }: Labels,
): ExecDiedEvent | undefined {
  // Podman doesn't say which exec it was: no witness.
  if (execID === undefined) return undefined;
  const code = exitCode !== undefined && /^-?\d{1,9}$/.test(exitCode) ? Number(exitCode) : undefined;
  return { kind: 'exec died', container, timeNano, exec: execID as ExecId, exitCode: code };
}

/** The member itself is the last one of that name: in a label's text the quotes would be escaped. */
function nanoseconds(line: string): string {
  const at = line.lastIndexOf('"timeNano":');
  return at < 0 ? '' : (/^\s*(\d{10,20})/.exec(line.slice(at + 11, at + 64))?.[1] ?? '');
}

/** The value of `since` that gives this event again and all of the second before it; `undefined` without a time. */
export function sinceWithOverlap(timeNano: string): string | undefined {
  if (timeNano.length < 10) return undefined;
  const seconds = Number(timeNano.slice(0, -9)) - 1;
  return `${seconds}.${timeNano.slice(-9)}`;
}
