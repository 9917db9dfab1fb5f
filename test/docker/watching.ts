/** What the tests of this folder share: a clock by hand, a record of what a watcher tells, definitions, an engine of values. */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { ListedContainer } from '../../src/docker/answers.ts';
import type { LabelParser } from '../../src/docker/container-facts.ts';
import type { Engine, EventQuery } from '../../src/docker/engine.ts';
import type { WatcherEvent } from '../../src/docker/engine-contract.ts';
import type { EngineResult } from '../../src/docker/failure.ts';
import type { WatcherClock } from '../../src/docker/watcher-clock.ts';
import type { ContainerId, ImageId } from '../../src/ids.ts';
import type { ContainerDefinition, JobDefinition } from '../../src/labels/definition.ts';

/** Longest wait for something that is bound to come; only a failing test waits that long. */
const PATIENCE_MS = 30_000;

/** A parser for tests: label `job` is a job of that name, `noimage` sets the flag. */
export const parseForTests: LabelParser = (labels, imageLabels = {}) => {
  const own = Object.entries(labels).filter(([key, value]) => imageLabels[key] !== value);
  const jobs = own.filter(([key]) => key === 'job').map(([, name]) => ({ name }) as JobDefinition);
  const flags = { image: labels.noimage === undefined, service: true };
  return { jobs, flags, serviceId: [], problems: [] };
};

export const jobNames = (definition: ContainerDefinition): string[] =>
  definition.jobs.map(({ name }) => name);

export function listed(id: string, more: Partial<ListedContainer> = {}): ListedContainer {
  return {
    id: id as ContainerId,
    name: `name-${id}`,
    state: 'running',
    image: 'busybox',
    imageId: 'sha256:1' as ImageId,
    labels: {},
    ...more,
  };
}

/** Time that stands still until it is moved. */
export interface ManualClock extends WatcherClock {
  /** Moves the time on, calling what falls due, in order. */
  advance(ms: number): void;
  /** Delays that are waited for now, milliseconds from now. */
  waiting(): number[];
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    wall: () => 1_700_000_000_000 + now,
    mono: () => now,
    random: () => 1,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.call();
      }
      now = end;
    },
    waiting: () => [...timers].map(({ at }) => at - now).sort((a, b) => a - b),
  };
}

/** Remembers what is told; tests wait for it. */
export interface Recorder {
  readonly events: WatcherEvent[];
  readonly handler: (event: WatcherEvent) => void;
  /** Resolves with the first event that fits, past ones included from number `from` on. */
  until<K extends WatcherEvent['kind']>(
    kind: K,
    fits?: (event: Extract<WatcherEvent, { kind: K }>) => boolean,
    from?: number,
  ): Promise<Extract<WatcherEvent, { kind: K }>>;
  /** Resolves once `check` holds, asked after each event; false if it does not within `patienceMs`. */
  untilTrue(check: () => boolean, patienceMs?: number): Promise<boolean>;
  /** What somebody who heard everything knows: name and state of each container that runs or is paused, by id. */
  known(): Map<string, string>;
  /** One word per event: its kind and the container's name or id. */
  story(from?: number): string[];
}

export function recorder(): Recorder {
  const events: WatcherEvent[] = [];
  const looks = new Set<() => void>();
  return {
    events,
    handler(event) {
      events.push(event);
      for (const look of looks) look();
    },
    until(kind, fits = () => true, from = 0) {
      type Wanted = Extract<WatcherEvent, { kind: typeof kind }>;
      return new Promise<Wanted>((resolve, reject) => {
        const timer = setTimeout(() => {
          looks.delete(look);
          reject(new Error(`waited in vain for "${kind}"; told was: ${JSON.stringify(events, null, 1)}`));
        }, PATIENCE_MS);
        const look = (): void => {
          const found = events.slice(from).find((event) => event.kind === kind && fits(event as Wanted));
          if (found === undefined) return;
          clearTimeout(timer);
          looks.delete(look);
          resolve(found as Wanted);
        };
        looks.add(look);
        look();
      });
    },
    untilTrue(check, patienceMs = PATIENCE_MS) {
      return new Promise((resolve) => {
        const end = (held: boolean): void => {
          clearTimeout(timer);
          looks.delete(look);
          resolve(held);
        };
        const timer = setTimeout(() => end(false), patienceMs);
        const look = (): void => {
          if (check()) end(true);
        };
        looks.add(look);
        look();
      });
    },
    known: () => replay(events),
    story: (from = 0) => events.slice(from).map(tellShort),
  };
}

function replay(events: readonly WatcherEvent[]): Map<string, string> {
  let known = new Map<string, string>();
  for (const event of events) {
    if (event.kind === 'listed')
      known = new Map(event.containers.map(({ id, name, state }) => [id, `${name} ${state}`]));
    if (event.kind === 'container')
      known.set(event.container.id, `${event.container.name} ${event.container.state}`);
    if (event.kind === 'container gone') known.delete(event.container);
  }
  return known;
}

function tellShort(event: WatcherEvent): string {
  switch (event.kind) {
    case 'listed':
      return `listed ${event.cause}: ${event.containers.map(({ name }) => name).join(' ')}`.trim();
    case 'container':
      return `container ${event.container.name} ${event.container.state}`;
    case 'container gone':
      return `gone ${event.container}`;
    case 'warning':
      return `warning: ${event.message}`;
    default:
      return event.kind;
  }
}

/** One call that waits for its answer. */
export interface Pending<T> {
  answer(result: EngineResult<T>): void;
}

/** An engine whose answers the test gives, one by one. */
export interface ScriptedEngine extends Engine {
  /** Waits until the call is made; then the test answers. */
  nextList(): Promise<{ give(containers: readonly ListedContainer[]): void; fail(message: string): void }>;
  nextPing(): Promise<Pending<undefined>>;
  /** Pings that were made so far. */
  pings(): number;
  /** Waits until a stream is asked for. It is open at once. */
  nextStream(): Promise<{ readonly query: EventQuery; readonly stream: PassThrough }>;
}

export function scriptedEngine(): ScriptedEngine {
  const lists = createQueue<Awaited<ReturnType<ScriptedEngine['nextList']>>>('list');
  const pings = createQueue<Pending<undefined>>('ping');
  const streams = createQueue<{ readonly query: EventQuery; readonly stream: PassThrough }>('stream');
  let pingCount = 0;
  const ok = <T>(value: T): EngineResult<T> => ({ ok: true, value });
  return {
    address: 'unix:///scripted',
    clock: undefined,
    renew: () => ok(undefined),
    version: async () => ok({ version: '1', api: '1' }),
    ping: () => {
      pingCount += 1;
      return new Promise((answer) => pings.put({ answer }));
    },
    pings: () => pingCount,
    list: (onContainer) =>
      new Promise((resolve) =>
        lists.put({
          give(containers) {
            containers.forEach(onContainer);
            resolve(ok(undefined));
          },
          fail: (message) => resolve({ ok: false, failure: { kind: 'refused', status: 500, message } }),
        }),
      ),
    inspect: async () => ({ ok: false, failure: { kind: 'refused', status: 404, message: 'none' } }),
    inspectInstance: async () => ({
      ok: false,
      failure: { kind: 'refused', status: 404, message: 'none' },
    }),
    imageLabels: async () => ok({}),
    async events(query) {
      const stream = new PassThrough();
      streams.put({ query, stream });
      return ok(stream as unknown as IncomingMessage);
    },
    close: () => {},
    nextList: lists.take,
    nextPing: pings.take,
    nextStream: streams.take,
  };
}

function createQueue<T>(what: string): { put(item: T): void; take(): Promise<T> } {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put(item) {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    take: () =>
      new Promise((resolve, reject) => {
        const item = items.shift();
        if (item !== undefined) return resolve(item);
        const timer = setTimeout(() => reject(new Error(`waited in vain for a ${what}`)), PATIENCE_MS);
        takers.push((late) => {
          clearTimeout(timer);
          resolve(late);
        });
      }),
  };
}

const EVENT_TIMES = eventTimes();

/** A line of the event stream. Each call gives a later time unless `timeNano` is given. */
export function eventLine(
  action: string,
  id: string,
  attributes: Readonly<Record<string, string>> = {},
  timeNano: string = EVENT_TIMES.next().value,
): string {
  const actor = { ID: id, Attributes: { name: `name-${id}`, image: 'busybox', ...attributes } };
  const text = JSON.stringify({ status: action, id, Type: 'container', Action: action, Actor: actor });
  return `${text.slice(0, -1)},"time":1700000000,"timeNano":${timeNano}}\n`;
}

function* eventTimes(): Generator<string, never> {
  for (let time = 1_700_000_000_000_000_001n; ; time += 1n) yield String(time);
}
