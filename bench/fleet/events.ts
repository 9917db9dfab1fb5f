/**
 * The engine's event stream: a log of the last 256 events of all kinds, and subscribers with filters.
 *
 * An event is turned into text only when somebody reads it: three events per exec and thousands of execs per
 * second would otherwise be the fleet's main cost.
 */
import type { FleetClock } from './clock.ts';
import { engineTime } from './clock.ts';
import { EngineError } from './errors.ts';

/** The real engine's memory of events. */
export const REPLAY_LIMIT = 256;

export interface FleetEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly from: string;
  /** The attributes are the container's labels and these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, string>>;
  /** Of the fleet's clock. */
  readonly ns: number;
}

/** The engine's filter map: name to accepted values. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Reads both forms clients send: `{"type":["container"]}` and `{"type":{"container":true}}`. */
export function parseFilters(text: string | null): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === null || text === '') return filters;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new EngineError(500, `invalid character in filters: ${text.slice(0, 40)}`);
  }
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    filters.set(name, Array.isArray(value) ? value.map(String) : Object.keys(value as object));
  }
  return filters;
}

const FUZZY = new Set(['health_status', 'exec_create', 'exec_start']);

/** As the engine does: exact names, but prefixes as soon as one of three names with arguments is asked for. */
function matchesAction(wanted: readonly string[], action: string): boolean {
  if (wanted.some((name) => FUZZY.has(name))) return wanted.some((name) => action.startsWith(name));
  return wanted.includes(action);
}

export function matchesLabels(wanted: readonly string[], labels: Readonly<Record<string, string>>): boolean {
  return wanted.every((entry) => {
    const cut = entry.indexOf('=');
    if (cut < 0) return Object.hasOwn(labels, entry);
    return Object.hasOwn(labels, entry.slice(0, cut)) && labels[entry.slice(0, cut)] === entry.slice(cut + 1);
  });
}

export function matchesEvent(event: FleetEvent, filters: Filters): boolean {
  for (const [name, wanted] of filters) {
    if (name === 'type' && !wanted.includes(event.type)) return false;
    if (name === 'event' && !matchesAction(wanted, event.action)) return false;
    if (name === 'label' && !matchesLabels(wanted, event.labels)) return false;
    if (name === 'container' && !wanted.some((id) => event.id.startsWith(id) || event.extra.name === id))
      return false;
  }
  return true;
}

export interface Subscriber {
  readonly filters: Filters;
  write(line: string): void;
}

export class EventLog {
  readonly #clock: FleetClock;
  readonly #subscribers = new Set<Subscriber>();
  readonly #recent: FleetEvent[] = [];
  /** Decides for each event whether it vanishes before any subscriber sees it. */
  drop: (event: FleetEvent) => boolean = () => false;

  constructor(clock: FleetClock) {
    this.#clock = clock;
  }

  get subscribers(): ReadonlySet<Subscriber> {
    return this.#subscribers;
  }

  emit(event: FleetEvent): void {
    // Twice the limit before cutting: moving 256 entries for each event would cost more than the event.
    if (this.#recent.push(event) >= REPLAY_LIMIT * 2) this.#recent.splice(0, REPLAY_LIMIT);
    if (this.#subscribers.size === 0 || this.drop(event)) return;
    let line: string | undefined;
    for (const subscriber of this.#subscribers) {
      if (!matchesEvent(event, subscriber.filters)) continue;
      line ??= this.line(event);
      subscriber.write(line);
    }
  }

  /** The remembered events in [since, until], both `seconds[.nanoseconds]`, oldest first. */
  replay(since: string, until: string | null, filters: Filters): string[] {
    const from = nanoseconds(since);
    const to = until === null ? undefined : nanoseconds(until);
    return this.#recent
      .slice(-REPLAY_LIMIT)
      .filter((event) => {
        const at = BigInt(engineTime(this.#clock, event.ns).nanoText);
        return at >= from && (to === undefined || at <= to) && matchesEvent(event, filters);
      })
      .map((event) => this.line(event));
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** What a restart of the engine does to its memory of events. */
  forget(): void {
    this.#recent.length = 0;
  }

  line(event: FleetEvent): string {
    const { seconds, nanoText } = engineTime(this.#clock, event.ns);
    const legacy =
      event.type === 'container'
        ? `"status":${JSON.stringify(event.action)},"id":"${event.id}","from":${JSON.stringify(event.from)},`
        : '';
    const actor = JSON.stringify({ ID: event.id, Attributes: { ...event.labels, ...event.extra } });
    return `{${legacy}"Type":"${event.type}","Action":${JSON.stringify(event.action)},"Actor":${actor},"scope":"local","time":${seconds},"timeNano":${nanoText}}\n`;
  }
}

/** `seconds[.fraction]` to nanoseconds since the epoch, all digits kept. */
export function nanoseconds(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) {
    const parsed = Date.parse(text);
    if (Number.isNaN(parsed))
      throw new EngineError(400, `failed to parse value as time or duration: ${JSON.stringify(text)}`);
    return BigInt(parsed) * 1_000_000n;
  }
  return BigInt(match[1] as string) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0') || '0');
}
