/**
 * The second witness of exit codes: the engine's `exec_die` events. A busy host makes one per execution, each with all
 * labels of its container, and so this stream is open only while an execution's end is in doubt.
 */
import type { Engine } from './engine.ts';
import type { WatcherEvent } from './engine-contract.ts';
import { type EventFeed, openFeed } from './event-feed.ts';
import { EXEC_EVENTS } from './event-lines.ts';
import { describeFailure } from './failure.ts';
import { backoff, type WatcherClock } from './watcher-clock.ts';

/** How far back the engine is asked, seconds by its own clock; it keeps 256 events at most. */
const LOOK_BACK_SECONDS = 600;

export interface ExecWatch {
  watch(on: boolean): void;
  /** The engine is there again. */
  connected(): void;
  disconnected(): void;
}

export interface ExecWatchParts {
  readonly engine: Engine;
  readonly clock: WatcherClock;
  readonly handler: (event: WatcherEvent) => void;
  readonly warn: (message: string) => void;
}

export function createExecWatch({ engine, clock, handler, warn }: ExecWatchParts): ExecWatch {
  let wanted = false;
  let reachable = false;
  /** The opening or open stream; another object after each beginning, so that late answers are recognised. */
  let current: { feed?: EventFeed } | undefined;
  let cancelRetry = () => {};

  function update(): void {
    cancelRetry();
    if (wanted && reachable) {
      if (current === undefined) open(1);
    } else {
      current?.feed?.close();
      current = undefined;
    }
  }

  function open(attempt: number): void {
    const mine: { feed?: EventFeed } = {};
    current = mine;
    const since = engine.clock === undefined ? undefined : String(engine.clock - LOOK_BACK_SECONDS);
    void openFeed(engine, EXEC_EVENTS, since, { onEvent: tell, onOdd: warn, onBytes: () => {} }).then(
      (opened) => {
        if (current !== mine) {
          if (opened.ok) opened.value.close();
          return;
        }
        if (!opened.ok) {
          warn(`no second witness of exit codes: ${describeFailure(opened.failure)}`);
          retry(mine, attempt + 1);
          return;
        }
        mine.feed = opened.value;
        void opened.value.ended.then(() => retry(mine, 1));
      },
    );
  }

  function retry(mine: object, attempt: number): void {
    if (current !== mine) return;
    cancelRetry = clock.after(backoff(attempt, clock.random()), () => open(attempt));
  }

  function tell(event: Parameters<Parameters<typeof openFeed>[3]['onEvent']>[0]): void {
    if (event.kind !== 'exec died' || !wanted) return;
    const { exec, container, exitCode } = event;
    handler({ kind: 'exec died', exec, container, exitCode });
  }

  return {
    watch(on): void {
      wanted = on;
      update();
    },
    connected(): void {
      reachable = true;
      update();
    },
    disconnected(): void {
      reachable = false;
      update();
    },
  };
}
