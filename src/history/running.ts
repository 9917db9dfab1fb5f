/** The executions that have not ended, adopted ones included, with the excerpt of their output so far. */
import type { ExecId, ExecutionId, WallMs } from '../ids.ts';
import { appendLine, createExcerpt, type Excerpt, excerptText } from './excerpt.ts';
import type { HistoryQuery, HistoryRow } from './history.ts';
import { matchesQuery, type Placed } from './rows.ts';

export interface RunningExecution extends Placed {
  readonly user: string;
  readonly startBy: WallMs | undefined;
  exec: ExecId | undefined;
  /** Undefined until there is output: most executions have none. */
  excerpt: Excerpt | undefined;
}

export class RunningExecutions {
  readonly #byId = new Map<ExecutionId, RunningExecution>();

  add(
    seq: number,
    row: HistoryRow,
    known: Pick<RunningExecution, 'user' | 'startBy' | 'exec'>,
  ): RunningExecution {
    const { user, startBy, exec } = known;
    const running = { seq, row, user, startBy, exec, excerpt: undefined };
    this.#byId.set(row.execution, running);
    return running;
  }

  get(id: ExecutionId): RunningExecution | undefined {
    return this.#byId.get(id);
  }

  take(id: ExecutionId): RunningExecution | undefined {
    const running = this.#byId.get(id);
    this.#byId.delete(id);
    return running;
  }

  output(id: ExecutionId, line: string): void {
    const running = this.#byId.get(id);
    if (running === undefined) return;
    running.excerpt ??= createExcerpt();
    appendLine(running.excerpt, line);
  }

  matching(query: HistoryQuery): Placed[] {
    return [...this.#byId.values()].filter((running) => matchesQuery(running, query));
  }

  /** The row of one, with its output so far. */
  row(id: ExecutionId): HistoryRow | undefined {
    const running = this.#byId.get(id);
    return running === undefined ? undefined : { ...running.row, output: excerptText(running.excerpt) };
  }

  values(): Iterable<RunningExecution> {
    return this.#byId.values();
  }
}
