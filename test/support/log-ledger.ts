/**
 * The log held against the promise that every fire time ends in exactly one record.
 *
 * A job's life in the log is a row of stretches, from `job_added` to `job_removed`. For jobs that fire on every
 * n-th second each such second within a stretch must be told of, by an execution with exactly one end or by one
 * other record; and none twice.
 */
import type { LogLine } from './program.ts';

export interface LedgerFaults {
  /** Fire times without a record. */
  readonly lost: string[];
  /** Fire times or executions with more than one end. */
  readonly doubled: string[];
  /** Executions that started and never ended. */
  readonly open: string[];
  /** Fire times that were looked at. */
  readonly fireTimes: number;
}

interface Life {
  readonly told: Map<number, string[]>;
  readonly stretches: { from: number; until: number }[];
}

/** Around a removal a fire time may or may not have been due. */
const BORDER_MS = 1_100;

/**
 * `periodOf` gives the seconds between the fire times of a cron job by its name, undefined for jobs whose fire times
 * are not to be counted. `until` (epoch ms): fire times after it are not asked for.
 */
export function checkLedger(
  lines: readonly LogLine[],
  periodOf: (job: string) => number | undefined,
  until: number,
): LedgerFaults {
  const faults = { lost: [] as string[], doubled: [] as string[], open: [] as string[], fireTimes: 0 };
  checkEnds(lines, faults);
  const lives = new Map<string, Life & { readonly periodMs: number }>();
  for (const line of lines) {
    const period = line.job === undefined ? undefined : periodOf(line.job);
    if (period === undefined || line.job_id === undefined) continue;
    let life = lives.get(line.job_id);
    if (life === undefined) {
      life = { told: new Map(), stretches: [], periodMs: period * 1000 };
      lives.set(line.job_id, life);
    }
    enter(life, line, life.periodMs);
  }
  for (const [id, life] of lives) checkLife(id, life, until, faults);
  return faults;
}

function checkEnds(lines: readonly LogLine[], faults: { doubled: string[]; open: string[] }): void {
  const ends = new Map<string, number>();
  for (const { event, execution } of lines)
    if (execution !== undefined && (event === 'execution_ended' || event === 'execution_abandoned'))
      ends.set(execution, (ends.get(execution) ?? 0) + 1);
  for (const { event, execution } of lines) {
    if (event !== 'execution_started' || execution === undefined) continue;
    const count = ends.get(execution) ?? 0;
    if (count === 0) faults.open.push(execution);
    if (count > 1) faults.doubled.push(`execution ${execution} ended ${count} times`);
  }
}

function enter(life: Life, line: LogLine, periodMs: number): void {
  const at = Date.parse(String(line.fire_time));
  const tell = (time: number, what: string): void => {
    life.told.set(time, [...(life.told.get(time) ?? []), what]);
  };
  switch (line.event) {
    case 'job_added':
      if (line.next_fire_time !== undefined)
        life.stretches.push({
          from: Date.parse(String(line.next_fire_time)),
          until: Number.POSITIVE_INFINITY,
        });
      return;
    case 'job_removed': {
      const last = life.stretches.at(-1);
      if (last !== undefined) last.until = Date.parse(line.time) - BORDER_MS;
      return;
    }
    case 'execution_started':
      if (line.cause !== 'run now') tell(at, 'started');
      return;
    case 'execution_abandoned':
      if (line.execution === undefined) tell(at, 'abandoned');
      return;
    case 'execution_misfired':
      tell(at, 'misfired');
      return;
    case 'execution_skipped':
    case 'executions_missed': {
      const end = line.fire_time_until === undefined ? at : Date.parse(String(line.fire_time_until));
      const what = line.event === 'execution_skipped' ? `skipped: ${line.reason}` : 'missed';
      for (let time = at; time <= end; time += periodMs) tell(time, what);
    }
  }
}

function checkLife(
  id: string,
  life: Life & { readonly periodMs: number },
  until: number,
  faults: { lost: string[]; doubled: string[]; fireTimes: number },
): void {
  for (const [time, records] of life.told)
    if (records.length > 1)
      faults.doubled.push(`${id} at ${new Date(time).toISOString()}: ${records.join(', ')}`);
  for (const stretch of life.stretches) {
    for (let time = stretch.from; time <= Math.min(stretch.until, until); time += life.periodMs) {
      faults.fireTimes += 1;
      if (!life.told.has(time)) faults.lost.push(`${id} at ${new Date(time).toISOString()}`);
    }
  }
}
