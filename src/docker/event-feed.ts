/** One event stream of the engine, from its opening to its end, which is told once whatever way it comes. */
import type { Engine } from './engine.ts';
import { createLineSplitter, type EngineEvent, parseEvent } from './event-lines.ts';
import { type EngineResult, GarbageError } from './failure.ts';

/** Bytes of one event: a container with 20,000 labels makes 0.7 MB; a longer line is left to the next list. */
const LINE_LIMIT = 2 * 1024 * 1024;
/** A chunk this long may come with many more behind it, after a stall of ours: the loop turns before the next. */
const LONG_CHUNK = 16 * 1024;
/** So many odd lines of one stream are told one by one, then one in a thousand. */
const ODD_LINES_TOLD = 5;

export interface FeedListener {
  onEvent(event: EngineEvent): void;
  /** A line that is no event; it is skipped. */
  onOdd(message: string): void;
  /** Bytes came: the stream is alive. */
  onBytes(): void;
}

export interface EventFeed {
  /** Why it ended; never rejects. */
  readonly ended: Promise<string>;
  close(): void;
}

/** `since` as in `EventQuery`. */
export async function openFeed(
  engine: Engine,
  events: readonly string[],
  since: string | undefined,
  listener: FeedListener,
): Promise<EngineResult<EventFeed>> {
  const opened = await engine.events({ events, since });
  if (!opened.ok) return opened;
  const stream = opened.value;
  const onOdd = tellSome(listener.onOdd);
  const splitter = createLineSplitter(
    LINE_LIMIT,
    (line) => readLine(line, listener.onEvent, onOdd),
    () => onOdd(`the event stream holds an event longer than ${LINE_LIMIT} bytes; it was skipped`),
  );
  const ended = new Promise<string>((resolve) => {
    stream.on('error', (error) => resolve(`the event stream broke: ${error.message}`));
    stream.on('end', () => resolve('the engine ended the event stream'));
    stream.on('close', () => resolve('the event stream was closed'));
  });
  stream.on('data', (chunk: Buffer) => {
    listener.onBytes();
    splitter.write(chunk);
    if (chunk.length < LONG_CHUNK) return;
    stream.pause();
    setImmediate(() => stream.resume());
  });
  return { ok: true, value: { ended, close: () => stream.destroy() } };
}

function tellSome(onOdd: FeedListener['onOdd']): FeedListener['onOdd'] {
  let count = 0;
  return (message) => {
    count += 1;
    if (count <= ODD_LINES_TOLD) onOdd(message);
    else if (count % 1000 === 0) onOdd(`${count} lines of the event stream could not be read so far`);
  };
}

function readLine(line: string, onEvent: FeedListener['onEvent'], onOdd: FeedListener['onOdd']): void {
  let event: EngineEvent | undefined;
  try {
    event = parseEvent(line);
  } catch (error) {
    if (!(error instanceof GarbageError)) throw error;
    onOdd(`the event stream holds ${error.message}; it was skipped`);
    return;
  }
  if (event !== undefined) onEvent(event);
}
