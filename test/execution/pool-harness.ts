/** A pool whose every word is kept, and waited for. */
import type { TestContext } from 'node:test';
import type { EngineAddress } from '../../src/configuration.ts';
import type { Outcome } from '../../src/execution/outcome.ts';
import { createPool, type PoolSettings } from '../../src/execution/pool.ts';
import type { Pool } from '../../src/execution/pool-contract.ts';
import type { ExecutionRequest, OutputLine } from '../../src/execution/protocol.ts';
import type { ContainerId, ExecutionId } from '../../src/ids.ts';

export interface Ended {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly lines: readonly OutputLine[];
  readonly omitted: { readonly lines: number; readonly bytes: number } | undefined;
}

export interface Harness {
  readonly pool: Pool;
  readonly warnings: string[];
  /** Executions whose exec was created. */
  readonly created: Map<ExecutionId, string>;
  readonly watching: boolean[];
  /** Calls the function at each message of the pool. */
  onMessage: (() => void) | undefined;
  /** Runs words to their end. */
  run(words: readonly string[], options?: Partial<ExecutionRequest>): Promise<Ended>;
  request(words: readonly string[], options?: Partial<ExecutionRequest>): ExecutionRequest;
  ended(execution: ExecutionId): Promise<Ended>;
  /** Resolves when the condition holds; looked at after each message of the pool. */
  until(condition: () => boolean): Promise<void>;
}

export async function startPool(
  t: Pick<TestContext, 'after'>,
  engine: EngineAddress,
  settings: Partial<PoolSettings> = {},
): Promise<Harness> {
  const lines = new Map<ExecutionId, OutputLine[]>();
  const omitted = new Map<ExecutionId, { lines: number; bytes: number }>();
  const done = new Map<ExecutionId, Ended>();
  const waiting = new Set<() => void>();
  const news = (): void => {
    harness.onMessage?.();
    for (const look of [...waiting]) look();
  };
  const pool = createPool(
    { engine, size: 64, threads: 1, clientTimeoutMs: 20_000, outputLimit: 1024 * 1024, ...settings },
    {
      created(execution, exec) {
        harness.created.set(execution, exec);
        news();
      },
      output(told) {
        for (const line of told) {
          const list = lines.get(line.execution) ?? [];
          list.push(line);
          lines.set(line.execution, list);
        }
        news();
      },
      omitted(execution, count, bytes) {
        omitted.set(execution, { lines: count, bytes });
        news();
      },
      ended(execution, outcome, durationMs) {
        const all = lines.get(execution) ?? [];
        done.set(execution, { outcome, durationMs, lines: all, omitted: omitted.get(execution) });
        news();
      },
      warning(_execution, message) {
        harness.warnings.push(message);
        news();
      },
      watchExecs(on) {
        harness.watching.push(on);
        news();
      },
    },
  );
  let count = 0;
  const harness: Harness = {
    pool,
    warnings: [],
    created: new Map(),
    watching: [],
    onMessage: undefined,
    request(words, options = {}) {
      count += 1;
      return {
        execution: `run-${process.pid}-${count}.` as ExecutionId,
        container: 'box' as ContainerId,
        words,
        user: '',
        workdir: '',
        environment: [],
        timeoutMs: Number.POSITIVE_INFINITY,
        ...options,
      };
    },
    run(words, options) {
      const request = harness.request(words, options);
      pool.execute(request);
      return harness.ended(request.execution);
    },
    async ended(execution) {
      await harness.until(() => done.has(execution));
      return done.get(execution) as Ended;
    },
    until(condition) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
  t.after(() => pool.stop());
  await pool.start();
  return harness;
}

export function texts(ended: Ended, stream: 'stdout' | 'stderr' = 'stdout'): string[] {
  return ended.lines.filter((line) => line.stream === stream).map((line) => line.text);
}
