/**
 * Server-sent events with bounds: so many streams at once, so much waiting for a slow reader. What a reader is too
 * slow for is left out and counted (`event: omitted`), so that nobody's connection costs the schedule memory or time.
 */

export interface EventSink {
  /** `data` is told as JSON. */
  send(event: string, data: unknown): void;
  /** Ends the stream after what was sent. */
  end(): void;
}

export interface EventStreams {
  /**
   * A response that tells what `subscribe` sends; the function that it returns is called when the reader is gone.
   * `undefined` when there are too many streams already.
   */
  open(subscribe: (sink: EventSink) => () => void): Response | undefined;
  /** Ends all of them. */
  close(): void;
}

/** Characters that may wait for a reader. */
const waitingLimit = 256 * 1024;
/** Milliseconds; shorter than the patience of the usual proxies. */
const keepAliveMs = 15_000;

export function createEventStreams(limit: number): EventStreams {
  const open = new Set<EventStream>();
  return {
    open(subscribe) {
      if (open.size >= limit) return undefined;
      const stream = new EventStream(() => open.delete(stream));
      open.add(stream);
      return new Response(stream.body(subscribe), {
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        },
      });
    },
    close() {
      for (const stream of [...open]) stream.end();
    },
  };
}

class EventStream implements EventSink {
  readonly #closed: () => void;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unsubscribe: (() => void) | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #omitted = 0;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  body(subscribe: (sink: EventSink) => () => void): ReadableStream<Uint8Array> {
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: waitingLimit });
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          this.#write(': hello\n\n');
          this.#keepAlive = setInterval(() => this.#write(': still here\n\n'), keepAliveMs);
          this.#keepAlive.unref();
          const unsubscribe = subscribe(this);
          if (this.#controller === undefined) unsubscribe();
          else this.#unsubscribe = unsubscribe;
        },
        cancel: () => this.#leave(),
      },
      strategy,
    );
  }

  send(event: string, data: unknown): void {
    if (this.#controller === undefined) return;
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      this.#omitted += 1;
      return;
    }
    this.#tellOmitted();
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#tellOmitted();
    this.#controller?.close();
    this.#leave();
  }

  #tellOmitted(): void {
    if (this.#omitted === 0) return;
    this.#write(`event: omitted\ndata: ${JSON.stringify({ events: this.#omitted })}\n\n`);
    this.#omitted = 0;
  }

  #write(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }

  #leave(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    clearInterval(this.#keepAlive);
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#closed();
  }
}
