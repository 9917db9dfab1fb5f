/** How executions, outcomes and fire times become rows; what both implementations of the history share. */
import type { Outcome } from '../execution/outcome.ts';
import { assertNever, type ExecutionId, type WallMs } from '../ids.ts';
import type { Execution } from '../scheduling/events.ts';
import type {
  HistoryPage,
  HistoryQuery,
  HistoryRow,
  NotRun,
  OutcomeFilter,
  UnfinishedExecution,
} from './history.ts';

/** A row with its place in the order of pages: by fire time, then by the number in which it was recorded. */
export interface Placed {
  readonly seq: number;
  readonly row: HistoryRow;
}

/** The most rows of a page. */
const pageLimit = 1000;

export function startedRow(execution: Execution): HistoryRow {
  return {
    execution: execution.id,
    job: execution.job,
    jobName: execution.definition.name,
    container: execution.container,
    containerName: execution.containerName,
    service: execution.service,
    fireTime: execution.fireTime,
    startedAt: execution.startedAt,
    endedAt: undefined,
    outcome: 'running',
    exitCode: undefined,
    reason: undefined,
    latenessMs: Math.round(execution.latenessMs),
    durationMs: undefined,
    output: '',
  };
}

/** Until when a later process may start it, if this one does not come to it. */
export function startByOf({ definition, fireTime }: Execution): WallMs | undefined {
  if (definition.catchUp === 'skip') return undefined;
  return Math.min(fireTime + definition.graceMs, Number.MAX_SAFE_INTEGER) as WallMs;
}

/** An execution that an earlier process started: it counts as running until its end is recorded. */
export function unfinishedRow(unfinished: UnfinishedExecution): HistoryRow {
  const { execution, job, jobName, container, containerName, service, fireTime, startedAt } = unfinished;
  return {
    ...{ execution, job, jobName, container, containerName, service, fireTime, startedAt },
    endedAt: undefined,
    outcome: 'running',
    exitCode: undefined,
    reason: undefined,
    latenessMs: Math.max(0, startedAt - fireTime),
    durationMs: undefined,
    output: '',
  };
}

export function endedRow(
  started: HistoryRow,
  outcome: Outcome,
  endedAt: WallMs,
  durationMs: number | undefined,
  output: string,
): HistoryRow {
  return {
    ...started,
    endedAt,
    outcome: outcome.kind,
    exitCode: 'exitCode' in outcome ? outcome.exitCode : undefined,
    reason: reasonOf(outcome),
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
    output,
  };
}

function reasonOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'exited':
    case 'container gone':
      return undefined;
    case 'failed to start':
    case 'worker lost':
    case 'unknown':
      return outcome.reason;
    case 'timeout':
    case 'cancelled':
      return outcome.detail;
    default:
      return assertNever(outcome);
  }
}

/** The id of a row that is no execution: it only names the row. */
export function rowId(seq: number): ExecutionId {
  return `row-${seq}` as ExecutionId;
}

export function notRunRow(notRun: NotRun, seq: number): HistoryRow {
  return {
    execution: rowId(seq),
    job: notRun.job,
    jobName: notRun.jobName,
    container: notRun.container,
    containerName: notRun.containerName,
    service: notRun.service,
    fireTime: notRun.fireTime,
    startedAt: undefined,
    endedAt: undefined,
    outcome: notRun.outcome,
    exitCode: undefined,
    reason: notRun.reason,
    latenessMs: Math.round(notRun.latenessMs ?? 0),
    durationMs: undefined,
    output: '',
  };
}

/** What rows are found by: the outcome, with `exited` divided by its exit code. */
export type Result = Exclude<OutcomeFilter, 'exited'>;

/** Every way in which an execution can end but success. */
export const failures = [
  'nonzero',
  'failed to start',
  'timeout',
  'cancelled',
  'container gone',
  'worker lost',
  'unknown',
] as const satisfies readonly Result[];

/** Every way in which a fire time can end. */
export const results = [
  'succeeded',
  ...failures,
  'skipped',
  'misfired',
  'missed',
  'abandoned',
] as const satisfies readonly Result[];

export function resultOf({ outcome, exitCode }: Pick<HistoryRow, 'outcome' | 'exitCode'>): Result {
  if (outcome !== 'exited') return outcome;
  return exitCode === 0 ? 'succeeded' : 'nonzero';
}

/** The reverse, for a row that is stored. */
export function outcomeOf(result: Result): HistoryRow['outcome'] {
  return result === 'succeeded' || result === 'nonzero' ? 'exited' : result;
}

/** Whether rows with this result are asked for. */
export function isWanted(result: Result, wanted: HistoryQuery['outcome']): boolean {
  if (wanted === undefined || wanted.includes(result)) return true;
  return (result === 'succeeded' || result === 'nonzero') && wanted.includes('exited');
}

/** Newest first. */
export function comparePlaced(a: Placed, b: Placed): number {
  return b.row.fireTime - a.row.fireTime || b.seq - a.seq;
}

export interface Cursor {
  readonly fireTime: number;
  readonly seq: number;
}

function formatCursor(last: Placed): string {
  return `${last.row.fireTime}.${last.seq}`;
}

/** A text that is no cursor of ours gives `undefined`. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(text);
  return match === null ? undefined : { fireTime: Number(match[1]), seq: Number(match[2]) };
}

/** Whether a row belongs to the answer, its place (`before`) included. */
export function matchesQuery(placed: Placed, query: HistoryQuery): boolean {
  const { row, seq } = placed;
  if (query.job !== undefined && row.job !== query.job) return false;
  if (!isWanted(resultOf(row), query.outcome)) return false;
  if (query.from !== undefined && row.fireTime < query.from) return false;
  if (query.to !== undefined && row.fireTime >= query.to) return false;
  const cursor = query.before === undefined ? undefined : parseCursor(query.before);
  if (cursor === undefined) return true;
  return row.fireTime < cursor.fireTime || (row.fireTime === cursor.fireTime && seq < cursor.seq);
}

export function boundedLimit(query: HistoryQuery): number {
  return Math.min(Math.max(1, Math.floor(query.limit) || 1), pageLimit);
}

/** The first `limit` of the rows found, and the cursor if there are more. */
export function pageOf(found: Placed[], limit: number): HistoryPage {
  found.sort(comparePlaced);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit && last !== undefined;
  return {
    rows: shown.map(({ row }) => (row.output === '' ? row : { ...row, output: '' })),
    next: more ? formatCursor(last) : undefined,
  };
}
