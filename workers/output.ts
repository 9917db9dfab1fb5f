/**
 * The output of one execution: lines as they come, up to OUTPUT_LIMIT. Of more than that the end is kept as raw
 * bytes (undecoded, so that a flood costs little) and told when the execution is over; what lies between is
 * counted. The source is never slowed down.
 *
 * The first lines are held back for a moment: when an engine can't start a command, it says why on the command's
 * own stdout, and only the inspection after the stream's end tells that from output.
 */

import type { OutputLine, StreamName } from '../src/execution/protocol.ts';
import type { ExecutionId } from '../src/ids.ts';
import { createDemultiplexer, type Demultiplexer } from './demultiplexer.ts';
import { LineSplitter } from './lines.ts';
import type { Outbox } from './outbox.ts';
import { createTail, type Tail } from './tail.ts';

const HELD_MS = 200;
const HELD_LINES = 8;
const TAIL_BYTES = 32 * 1024;
/** How engines begin to say that they can't start a command (Docker, Podman). */
const ENGINE_WORDS =
  /^(Error: )?(OCI runtime|runc|crun|exec failed|unable to (start|find)|cannot exec in a )/;

interface Channel {
  readonly name: StreamName;
  readonly lines: LineSplitter;
  /** Set once the limit was reached: nothing more is told before the end. */
  tail: Tail | undefined;
}

export class Output {
  readonly #execution: ExecutionId;
  readonly #outbox: Outbox;
  readonly #demultiplexer: Demultiplexer;
  readonly #channels = new Map<StreamName, Channel>();
  readonly #tailBytes: number;
  /** Bytes that may still be told as they come. */
  #budget: number;
  #held: OutputLine[] | undefined = [];
  #heldTimer: NodeJS.Timeout | undefined;
  #omittedLines = 0;
  #omittedBytes = 0;
  #ending = false;
  /** Bytes of the multiplexed stream so far. */
  received = 0;

  /** `limit`: bytes. */
  constructor(execution: ExecutionId, limit: number, outbox: Outbox) {
    this.#execution = execution;
    this.#outbox = outbox;
    this.#tailBytes = Math.min(TAIL_BYTES, Math.floor(limit / 4));
    this.#budget = limit - 2 * this.#tailBytes;
    this.#demultiplexer = createDemultiplexer((stream, chunk, start, end) =>
      this.#payload(this.#channel(stream), chunk, start, end),
    );
  }

  /** Bytes of the multiplexed stream. */
  push(chunk: Buffer, start: number, end: number): void {
    this.received += end - start;
    this.#demultiplexer.push(chunk, start, end);
  }

  /** What the engine said instead of output, if it did; it is no output then. */
  takeEngineWords(): string | undefined {
    for (const { lines } of this.#channels.values()) if (lines.open) lines.end();
    const words = this.#heldText().trim();
    if (this.#held === undefined || !ENGINE_WORDS.test(words)) return undefined;
    this.#held = [];
    return words;
  }

  /** Nothing more will come: tells what is left, and how much was left out. */
  end(): void {
    this.#ending = true;
    for (const { lines } of this.#channels.values()) if (lines.open) lines.end();
    this.#release();
    const rest: [Channel, Buffer][] = [];
    for (const channel of this.#channels.values()) {
      if (channel.tail === undefined) continue;
      const { bytes, omittedBytes, omittedLines } = channel.tail.close();
      this.#omittedBytes += omittedBytes;
      this.#omittedLines += omittedLines;
      channel.tail = undefined;
      rest.push([channel, bytes]);
    }
    if (this.#omittedBytes > 0) {
      const [lines, bytes] = [this.#omittedLines, this.#omittedBytes];
      this.#outbox.tell({ kind: 'omitted', execution: this.#execution, lines, bytes });
    }
    this.#budget = Number.POSITIVE_INFINITY;
    for (const [channel, bytes] of rest) {
      this.#payload(channel, bytes, 0, bytes.length);
      if (channel.lines.open) channel.lines.end();
    }
  }

  #channel(name: StreamName): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel: Channel = {
      name,
      lines: new LineSplitter((bytes, start, end, cut) => this.#line(channel, bytes, start, end, cut)),
      tail: undefined,
    };
    this.#channels.set(name, channel);
    return channel;
  }

  #payload(channel: Channel, chunk: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      if (channel.tail !== undefined) {
        channel.tail.push(chunk, at, end);
        return;
      }
      at = channel.lines.pushLine(chunk, at, end);
    }
  }

  #line(channel: Channel, bytes: Buffer, start: number, end: number, cut: number): void {
    const size = end - start + 1;
    if (size > this.#budget) {
      channel.tail = createTail(this.#tailBytes);
      channel.tail.push(bytes, start, end);
      channel.tail.push(LINE_END, 0, 1);
      this.#omittedBytes += cut;
      return;
    }
    this.#budget -= size;
    const text = bytes.toString('utf8', start, end);
    const line = { execution: this.#execution, stream: channel.name, text };
    this.#tell(cut > 0 ? { ...line, cut } : line, size);
  }

  #tell(line: OutputLine, size: number): void {
    if (this.#held !== undefined) {
      this.#held.push(line);
      if (this.#held.length > HELD_LINES) this.#release();
      else this.#heldTimer ??= setTimeout(() => this.#timeUp(), HELD_MS);
    } else if (!this.#outbox.line(line, this.#ending)) {
      this.#omittedLines += 1;
      this.#omittedBytes += size;
    }
  }

  /** What sounds like the engine is held back until its end is known, unless much more comes. */
  #timeUp(): void {
    if (!ENGINE_WORDS.test(this.#heldText())) this.#release();
  }

  #heldText(): string {
    return this.#held?.map((line) => line.text).join('\n') ?? '';
  }

  #release(): void {
    clearTimeout(this.#heldTimer);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) this.#tell(line, line.text.length + 1);
  }
}

const LINE_END = Buffer.from('\n');
