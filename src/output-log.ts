/**
 * Everything that is told of jobs goes to the log through here, at a bounded cost per turn of the event loop.
 *
 * Idea: as long as little is told, each record is written at once. Once writing has taken its budget in this
 * turn, what comes goes into a queue, and each following turn writes for another budget. So neither a flood of
 * output nor ten thousand jobs due on one second keep the clock, the engine's events and other jobs waiting.
 *
 * Example: a job prints 100,000 lines in a second. The first fifty or so are written at once, the others queued
 * and written 0.5 ms at a time; beyond the execution's share of the queue they are dropped and counted, and a
 * record says how many. The record of its end stays behind its last line.
 *
 * Invariants: order is kept; a decision is never dropped here; queued output is at most `limit` bytes, that of
 * one execution at most a quarter; each dropped line is counted in exactly one record.
 */
import type { OutputLine } from './execution/protocol.ts';
import type { ExecutionId } from './ids.ts';
import type { Log, LogRecord } from './log.ts';
import { render } from './report.ts';
import { executionFields, type Fields, jobIn } from './report-subject.ts';
import type { Execution } from './scheduling/events.ts';
import type { Report } from './scheduling/reports.ts';
import { counted } from './words.ts';

export interface OutputLogOptions {
  /** Milliseconds of writing in one turn; default 0.5. */
  readonly budgetMs?: number;
  /** Bytes of output that may wait; default 4 MiB. */
  readonly limit?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Calls in a later turn of the event loop. */
  readonly later?: (work: () => void, delayMs: number) => void;
}

/** What is known of an execution with output. */
interface Source {
  readonly execution: Execution;
  readonly fields: Fields;
  readonly prefix: string;
  queuedBytes: number;
  droppedLines: number;
  omittedLines: number;
  omittedBytes: number;
}

type Entry =
  | { readonly kind: 'record'; readonly record: LogRecord }
  | { readonly kind: 'line'; readonly source: Source; readonly line: OutputLine };

/** A line's cost in the queue beside its text; bytes. */
const entryBytes = 100;
/** While the reader of the log stalls with so many bytes waiting, output waits here. */
const stalledBytes = 512 * 1024;
const stalledRetryMs = 10;
/** So many decisions wait at most for a stalled reader; then they go to the log's own bounded buffer. */
const maxWaiting = 50_000;

export class OutputLog {
  readonly #log: Log;
  readonly #budgetMs: number;
  readonly #limit: number;
  readonly #now: () => number;
  readonly #later: (work: () => void, delayMs: number) => void;
  readonly #sources = new Map<ExecutionId, Source>();
  /** Those that ended before lines of theirs were dropped. */
  readonly #late = new Set<Source>();
  #queue: Entry[] = [];
  #head = 0;
  #queuedBytes = 0;
  #spentMs = 0;
  #turnPlanned = false;

  constructor(log: Log, options: OutputLogOptions = {}) {
    this.#log = log;
    this.#budgetMs = options.budgetMs ?? 0.5;
    this.#limit = options.limit ?? 4 << 20;
    this.#now = options.now ?? ((): number => performance.now());
    this.#later = options.later ?? laterTurn;
  }

  /** A decision. An execution's end is preceded by what was left out of its output. */
  tell(report: Report): void {
    if (report.kind === 'execution ended') this.#ended(report.execution.id);
    // By far the commonest record of a full pool, and one for debugging only.
    if (report.kind === 'execution waits' && !this.#log.enabled('DEBUG')) return;
    this.record(render(report));
  }

  /** Any other record, in order with the output. */
  record(record: LogRecord): void {
    if (this.#log.enabled(record.level)) this.#add({ kind: 'record', record });
  }

  /** A line of a job's output. */
  line(execution: Execution, line: OutputLine): void {
    const source = this.#sourceOf(execution);
    const bytes = line.text.length + entryBytes;
    const tooMuch = this.#queuedBytes + bytes > this.#limit || source.queuedBytes + bytes > this.#limit / 4;
    if (tooMuch) source.droppedLines += 1;
    else this.#add({ kind: 'line', source, line });
  }

  /** So much of its output was left out so far by OUTPUT_LIMIT; told when it ends. */
  omitted(execution: Execution, lines: number, bytes: number): void {
    const source = this.#sourceOf(execution);
    source.omittedLines = lines;
    source.omittedBytes = bytes;
  }

  /** Bytes of output that wait. */
  get pending(): number {
    return this.#queuedBytes;
  }

  /** Writes all that waits, whatever it takes. */
  flush(): void {
    this.#log.batch(() => {
      while (this.#waiting > 0) this.#writeHead(false);
      this.#tellAllDropped();
      while (this.#waiting > 0) this.#writeHead(false);
    });
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  #add(entry: Entry): void {
    if (this.#waiting === 0 && this.#spentMs < this.#budgetMs && this.#log.pending() < stalledBytes) {
      const before = this.#now();
      this.#write(entry);
      this.#spentMs += this.#now() - before;
    } else {
      this.#queue.push(entry);
      if (entry.kind === 'line') this.#changeQueued(entry, 1);
    }
    this.#planTurn(0);
  }

  #changeQueued({ source, line }: Extract<Entry, { kind: 'line' }>, sign: 1 | -1): void {
    const bytes = sign * (line.text.length + entryBytes);
    source.queuedBytes += bytes;
    this.#queuedBytes += bytes;
  }

  #planTurn(delayMs: number): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#later(() => {
      this.#turnPlanned = false;
      this.#spentMs = 0;
      if (this.#waiting > 0) this.#pump();
    }, delayMs);
  }

  /** Writes for one budget, then plans the next turn if something is left. */
  #pump(): void {
    const stalled = this.#log.pending() >= stalledBytes;
    if (stalled && this.#waiting <= maxWaiting) {
      this.#planTurn(stalledRetryMs);
      return;
    }
    const from = this.#now();
    this.#log.batch(() => {
      do for (let count = 0; count < 8 && this.#waiting > 0; count++) this.#writeHead(stalled);
      while (this.#waiting > 0 && this.#now() - from < this.#budgetMs);
    });
    this.#spentMs = this.#now() - from;
    if (this.#waiting === 0) this.#tellAllDropped();
    else this.#planTurn(0);
  }

  /** Takes the eldest entry; a line is dropped in favour of decisions if the log's reader has stalled for long. */
  #writeHead(stalled: boolean): void {
    const entry = this.#queue[this.#head] as Entry;
    this.#head += 1;
    if (entry.kind === 'line') this.#changeQueued(entry, -1);
    if (entry.kind === 'line' && stalled) this.#drop(entry.source);
    else this.#write(entry);
    if (this.#waiting === 0) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 4096 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  #drop(source: Source): void {
    source.droppedLines += 1;
    if (!this.#sources.has(source.execution.id)) this.#late.add(source);
  }

  #write(entry: Entry): void {
    this.#log(entry.kind === 'record' ? entry.record : lineRecord(entry.source, entry.line));
  }

  #ended(id: ExecutionId): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#sources.delete(id);
    this.#tellDropped(source);
    if (source.omittedLines + source.omittedBytes > 0) this.record(omittedRecord(source));
  }

  #tellAllDropped(): void {
    for (const source of [...this.#sources.values(), ...this.#late]) this.#tellDropped(source);
    this.#late.clear();
  }

  #tellDropped(source: Source): void {
    if (source.droppedLines === 0) return;
    const record = droppedRecord(source);
    source.droppedLines = 0;
    this.record(record);
  }

  #sourceOf(execution: Execution): Source {
    const known = this.#sources.get(execution.id);
    if (known !== undefined) return known;
    const source = newSource(execution);
    this.#sources.set(execution.id, source);
    return source;
  }
}

function laterTurn(work: () => void, delayMs: number): void {
  if (delayMs === 0) setImmediate(work);
  else setTimeout(work, delayMs).unref();
}

function newSource(execution: Execution): Source {
  return {
    execution,
    fields: executionFields(execution),
    prefix: `${jobIn(execution.definition.name, execution.containerName)}: `,
    queuedBytes: 0,
    droppedLines: 0,
    omittedLines: 0,
    omittedBytes: 0,
  };
}

function lineRecord(source: Source, line: OutputLine): LogRecord {
  const cut = line.cut === undefined ? '' : ` … (${counted(line.cut, 'byte')} more)`;
  return {
    level: 'INFO',
    event: 'output',
    prefix: line.stream === 'stderr' ? `${source.prefix}stderr: ` : source.prefix,
    message: line.text + cut,
    fields: { ...source.fields, stream: line.stream, cut_bytes: line.cut },
  };
}

function droppedRecord(source: Source): LogRecord {
  return {
    level: 'WARNING',
    event: 'output_dropped',
    message: `${source.prefix}${counted(source.droppedLines, 'line')} of its output not logged, since the log could not keep up`,
    fields: { ...source.fields, lines: source.droppedLines },
  };
}

function omittedRecord(source: Source): LogRecord {
  const { omittedLines: lines, omittedBytes: bytes } = source;
  return {
    level: 'WARNING',
    event: 'output_omitted',
    message: `${source.prefix}${counted(lines, 'line')} (${counted(bytes, 'byte')}) of its output not logged, since it is more than OUTPUT_LIMIT`,
    fields: { ...source.fields, lines, bytes },
  };
}
