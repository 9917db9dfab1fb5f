/**
 * The calls that the watcher makes. Each has a limit of its own over the whole answer (docker-modem's own limit is
 * one of silence and would cut streams); the event stream's limit ends when its headers are there. Failures are values.
 *
 * All calls go through the modem as streams: its buffered calls never answer if the connection breaks within the
 * body, and parse a list of thousands of containers in one piece.
 */
import type { IncomingMessage } from 'node:http';
import type { EngineAddress } from '../configuration.ts';
import type { ContainerId, ImageId } from '../ids.ts';
import {
  type EngineVersion,
  type InspectedContainer,
  type InspectedInstance,
  type Labels,
  type ListedContainer,
  readErrorMessage,
  readImageLabels,
  readInspected,
  readInstance,
  readListed,
  readVersion,
} from './answers.ts';
import { addressText, type Connection, connect, type Modem } from './connection.ts';
import { type EngineFailure, type EngineResult, failed, GarbageError, toFailure } from './failure.ts';
import { createArraySplitter } from './json-array.ts';
import { createSlices } from './slices.ts';

/** Bytes of one container in a list or of one small answer: longer ones would stall the event loop. */
const ITEM_LIMIT = 2 * 1024 * 1024;
/** Seconds between two probes of TCP keep-alive on the event stream. */
const KEEP_ALIVE_SECONDS = 30;

/** Tells docker-modem to hand over answers of any status: its own reading of errors keeps no bound. */
const ANY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

export interface EventQuery {
  /** Names of events, the engine's own and those of other engines. */
  readonly events: readonly string[];
  /** `seconds[.nanoseconds]` by the engine's clock: what happened since then comes first, as far as it is kept. */
  readonly since: string | undefined;
}

export interface Engine {
  /** The address for people. */
  readonly address: string;
  /** A fresh client, with the certificate files read again. */
  renew(): EngineResult<undefined>;
  version(): Promise<EngineResult<EngineVersion>>;
  /** `limitMs` if it is less than the client's limit. */
  ping(limitMs: number): Promise<EngineResult<undefined>>;
  /**
   * All containers, in any state, one at a time and in slices. An element that can't be read is passed to `onOdd` and
   * skipped. What was passed on counts only if the result is ok: a failed list is not a short list.
   */
  list(
    onContainer: (container: ListedContainer) => void,
    onOdd: (message: string) => void,
  ): Promise<EngineResult<undefined>>;
  inspect(container: ContainerId, limitMs: number): Promise<EngineResult<InspectedContainer>>;
  /** The same request, for what it tells of another chorewheel. */
  inspectInstance(container: ContainerId, limitMs: number): Promise<EngineResult<InspectedInstance>>;
  imageLabels(image: ImageId, limitMs: number): Promise<EngineResult<Labels>>;
  /** The stream of events of containers; the caller reads and destroys it. */
  events(query: EventQuery): Promise<EngineResult<IncomingMessage>>;
  /** Seconds since the epoch by the engine's clock at its last answer; undefined before. Tells nothing about ours. */
  readonly clock: number | undefined;
  /** Ends all calls in flight with the failure `closed`, and the event streams. */
  close(): void;
}

interface Call {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** `clientTimeoutMs`: limit of a call, milliseconds. Nothing is opened before the first call. */
export function createEngine(address: EngineAddress, clientTimeoutMs: number): Engine {
  const closing = new AbortController();
  let connection: Connection | undefined;
  let clock: number | undefined;

  function renew(): EngineResult<undefined> {
    try {
      const before = connection;
      connection = connect(address);
      before?.close();
      return { ok: true, value: undefined };
    } catch (error) {
      return failed(toFailure(error));
    }
  }

  /** Opens a call and hands its body to `read`, all within the limit. */
  async function call<T>(
    { path, query, limitMs }: Call,
    read: (body: IncomingMessage) => T | Promise<T>,
  ): Promise<EngineResult<T>> {
    if (connection === undefined) {
      const opened = renew();
      if (!opened.ok) return opened;
    }
    if (closing.signal.aborted) return failed({ kind: 'closed' });
    const abort = new AbortController();
    let cause: 'deadline' | 'closed' | undefined;
    const giveUp = (why: 'deadline' | 'closed') => {
      cause = why;
      abort.abort();
    };
    const onClose = () => giveUp('closed');
    const timer = setTimeout(() => giveUp('deadline'), limitMs);
    closing.signal.addEventListener('abort', onClose, { once: true });
    try {
      const body = await open(path, query, abort.signal);
      clock = engineClock(body) ?? clock;
      if (body.statusCode !== 200) return failed(await refusal(body));
      return { ok: true, value: await read(body) };
    } catch (error) {
      if (cause === 'deadline') return failed({ kind: 'deadline', ms: limitMs });
      return failed(cause === 'closed' ? { kind: 'closed' } : toFailure(error));
    } finally {
      clearTimeout(timer);
      closing.signal.removeEventListener('abort', onClose);
    }
  }

  /** A kept socket may turn out to be closed by the other side; asking again is harmless, since we only ever ask. */
  async function open(path: string, query: Call['query'], signal: AbortSignal): Promise<IncomingMessage> {
    if (connection === undefined) throw new Error('a call without a connection');
    const { modem } = connection;
    return dial(modem, path, query, signal).catch((error: unknown) => {
      if (signal.aborted || !isBroken(error)) throw error;
      return dial(modem, path, query, signal);
    });
  }

  const limit = (limitMs: number): number => Math.min(limitMs, clientTimeoutMs);

  const inspect = <T>(
    id: ContainerId,
    limitMs: number,
    read: (text: string) => T,
  ): Promise<EngineResult<T>> =>
    call({ path: `/containers/${encodeURIComponent(id)}/json`, limitMs: limit(limitMs) }, async (body) =>
      read(await text(body)),
    );

  return {
    address: addressText(address),
    renew,
    version: () =>
      call({ path: '/version', limitMs: clientTimeoutMs }, async (body) => readVersion(await text(body))),
    ping: (limitMs) => call({ path: '/_ping', limitMs: limit(limitMs) }, drain),
    list: (onContainer, onOdd) =>
      call({ path: '/containers/json', query: { all: '1' }, limitMs: clientTimeoutMs }, (body) =>
        readList(body, onContainer, onOdd),
      ),
    inspect: (id, limitMs) => inspect(id, limitMs, readInspected),
    inspectInstance: (id, limitMs) => inspect(id, limitMs, readInstance),
    imageLabels: (id, limitMs) =>
      call({ path: `/images/${imagePath(id)}/json`, limitMs: limit(limitMs) }, async (body) =>
        readImageLabels(await text(body)),
      ),
    events: ({ events, since }) =>
      call(
        {
          path: '/events',
          query: {
            filters: JSON.stringify({ type: ['container'], event: events }),
            ...(since === undefined ? {} : { since }),
          },
          limitMs: clientTimeoutMs,
        },
        (body) => keepAlive(body, closing.signal),
      ),
    get clock() {
      return clock;
    },
    close(): void {
      closing.abort();
      connection?.close();
    },
  };
}

/** The colon of `sha256:` stays: rules of proxies in front of an engine look at the path as it is sent. */
function imagePath(id: ImageId): string {
  return encodeURIComponent(id).replaceAll('%3A', ':');
}

function isBroken(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function dial(
  modem: Modem,
  path: string,
  query: Call['query'],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    modem.dial(
      {
        path: `${path}?`,
        method: 'GET',
        options: { ...query },
        abortSignal: signal,
        isStream: true,
        statusCodes: ANY_STATUS,
      },
      (error, body) => {
        if (error !== null && error !== undefined) reject(error);
        else if (body === null) reject(new GarbageError('no body'));
        else resolve(body);
      },
    );
  });
}

function engineClock(body: IncomingMessage): number | undefined {
  const ms = Date.parse(body.headers.date ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

async function refusal(body: IncomingMessage): Promise<EngineFailure> {
  return { kind: 'refused', status: body.statusCode ?? 0, message: readErrorMessage(await text(body)) };
}

async function text(body: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ITEM_LIMIT) throw new GarbageError(`an answer longer than ${ITEM_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function drain(body: IncomingMessage): Promise<undefined> {
  await text(body);
}

async function readList(
  body: IncomingMessage,
  onContainer: (container: ListedContainer) => void,
  onOdd: (message: string) => void,
): Promise<undefined> {
  const splitter = createArraySplitter(ITEM_LIMIT);
  const breathe = createSlices();
  for await (const chunk of body as AsyncIterable<Buffer>) {
    for (const element of splitter.write(chunk)) {
      readElement(element, onContainer, onOdd);
      await breathe();
    }
  }
  splitter.end();
}

function readElement(
  element: string | undefined,
  onContainer: (container: ListedContainer) => void,
  onOdd: (message: string) => void,
): void {
  if (element === undefined) {
    onOdd(`a container was left out of the list: its description is longer than ${ITEM_LIMIT} bytes`);
    return;
  }
  let container: ListedContainer;
  try {
    container = readListed(element);
  } catch (error) {
    if (!(error instanceof GarbageError)) throw error;
    onOdd(`the list holds ${error.message}`);
    return;
  }
  onContainer(container);
}

/** A stream that may be silent for hours: the kernel finds out if the other side is gone. */
function keepAlive(body: IncomingMessage, closing: AbortSignal): IncomingMessage {
  body.socket.setKeepAlive(true, KEEP_ALIVE_SECONDS * 1000);
  const destroy = () => body.destroy();
  closing.addEventListener('abort', destroy, { once: true });
  body.once('close', () => closing.removeEventListener('abort', destroy));
  return body;
}
