/** What the rest of the program sees of the engine: plain types of ours, no shape of dockerode's. */
import type { ContainerId, ExecId } from '../ids.ts';
import type { Container } from '../scheduling/events.ts';

/** What the watcher tells the daemon, in the order in which it holds. */
export type WatcherEvent =
  /** First contact, or contact again after a loss; `after` says how long it was away (ms), 0 at the start. */
  | {
      readonly kind: 'connected';
      readonly engine: string;
      readonly version: string;
      readonly afterMs: number;
    }
  /** Contact lost or not to be had: why, what was tried, and when it tries again. */
  | {
      readonly kind: 'disconnected';
      readonly reason: string;
      readonly attempt: number;
      readonly retryInMs: number;
    }
  | {
      readonly kind: 'listed';
      readonly containers: readonly Container[];
      readonly cause: 'start' | 'reconnect' | 'resync';
    }
  | { readonly kind: 'container'; readonly container: Container }
  | { readonly kind: 'container gone'; readonly container: ContainerId; readonly reason: string }
  /** Only while asked for (`watchExecs`): the second witness of an exit code. */
  | {
      readonly kind: 'exec died';
      readonly exec: ExecId;
      readonly container: ContainerId;
      readonly exitCode: number | undefined;
    }
  /** Something odd that was skipped: a garbage line, an unreadable container. */
  | { readonly kind: 'warning'; readonly message: string };

export interface Watcher {
  /** Starts; events arrive through the handler given at construction. Resolves after the first list was handed over. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Whether `exec died` events are wanted. Each execution makes one, and so they are asked for only while an
   * execution's end is in doubt; those of the last ten minutes come first, as far as the engine keeps them.
   */
  watchExecs(on: boolean): void;
  /** For `/healthz`: wall moments of the last proof of life of the event stream and of the last list. */
  readonly health: {
    readonly connected: boolean;
    readonly lastEventProof: number;
    readonly lastList: number;
    readonly reconnects: number;
    readonly resyncs: number;
  };
}
