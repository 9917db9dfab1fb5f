/**
 * What a worker has to tell, in order, in few messages, and in bounded memory.
 *
 * Idea: messages of one turn of the event loop travel together. Output needs credit: at most `WINDOW` bytes are
 * under way to the main thread, which gives credit back for what it has handled; behind that at most `BACKLOG`
 * bytes wait here. Output beyond is refused, and its producer counts it as left out, so that neither a slow log
 * nor a blocked main thread ever slows a job down or fills the memory. What is no output is never refused; it
 * waits behind the output before it, so that an execution's end comes after its lines.
 */
import type { FromWorker, OutputLine } from '../src/execution/protocol.ts';

/** Small: the main thread handles in one turn what has arrived, and no turn of it may be long. */
const WINDOW = 32 * 1024;
const BATCH = WINDOW / 2;
const BACKLOG = 4 * 1024 * 1024;
/** What a line costs beside its text, roughly. */
const LINE_COST = 64;

export interface Outbox {
  /** False: there is no room for it. `force` is for the bounded last lines of an execution. */
  line(line: OutputLine, force?: boolean): boolean;
  tell(message: FromWorker): void;
  /** The main thread has handled so many bytes of output. */
  credit(bytes: number): void;
}

interface Batch {
  readonly kind: 'output';
  readonly lines: OutputLine[];
  bytes: number;
}

export function createOutbox(post: (messages: readonly FromWorker[]) => void): Outbox {
  let queue: (FromWorker | Batch)[] = [];
  /** The batch at the queue's end, while nothing else came after it. */
  let open: Batch | undefined;
  let queuedBytes = 0;
  let underWay = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    scheduled = false;
    let count = 0;
    for (const message of queue) {
      if (message.kind === 'output') {
        if (underWay >= WINDOW) break;
        underWay += message.bytes;
        queuedBytes -= message.bytes;
      }
      count += 1;
    }
    if (count === 0) return;
    const messages = queue.slice(0, count);
    queue = count === queue.length ? [] : queue.slice(count);
    if (queue.length === 0) open = undefined;
    post(messages);
  }

  /** A batch is smaller than the window, so that it is never overrun by much. */
  function batch(): Batch {
    if (open !== undefined && open.bytes < BATCH) return open;
    open = { kind: 'output', lines: [], bytes: 0 };
    queue.push(open);
    return open;
  }

  return {
    line(line, force = false) {
      const bytes = line.text.length + LINE_COST;
      if (!force && queuedBytes + bytes > BACKLOG) return false;
      const target = batch();
      target.lines.push(line);
      target.bytes += bytes;
      queuedBytes += bytes;
      schedule();
      return true;
    },
    tell(message) {
      open = undefined;
      queue.push(message);
      schedule();
    },
    credit(bytes) {
      underWay -= bytes;
      if (queue.length > 0) schedule();
    },
  };
}
