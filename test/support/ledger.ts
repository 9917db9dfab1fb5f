/** Book-keeping over reports: which record ended which fire time. */
import type { JobId } from '../../src/ids.ts';
import type { Report } from '../../src/scheduling/reports.ts';
import type { Trigger } from '../../src/triggers/trigger.ts';

/** Per fire time, the records that end it. A start counts as the end of a fire time's way; its end must follow. */
export type Ledger = Map<number, string[]>;

/** The ledger of one job. Ranges are spread over the trigger's fire times, so their counts are checked on the way. */
export function ledgerOf(reports: readonly Report[], job: JobId, trigger: Trigger): Ledger {
  const ledger: Ledger = new Map();
  const enter = (time: number, what: string): void => {
    ledger.set(time, [...(ledger.get(time) ?? []), what]);
  };
  const spread = (from: number, until: number, count: number, exact: boolean, what: string): void => {
    let seen = 0;
    for (let time = trigger.next(from - 1); time !== undefined && time <= until; time = trigger.next(time)) {
      enter(time, what);
      seen += 1;
    }
    if (exact ? seen !== count : seen < count)
      throw new Error(`${what}: ${count} told, ${seen} in the range`);
  };
  for (const each of reports) {
    if (each.kind === 'execution started') {
      if (each.execution.job === job && each.execution.cause !== 'run now')
        enter(each.execution.fireTime, 'ran');
    } else if ('subject' in each && each.subject.job === job && !isAsked(each)) {
      if (each.kind === 'misfired' || each.kind === 'abandoned') enter(each.fireTime, each.kind);
      else if (each.kind === 'skipped') {
        const { until = each.fireTime, count = 1, exact = true } = each.range ?? {};
        spread(each.fireTime, until, count, exact, `skipped ${each.reason}`);
      } else if (each.kind === 'missed') {
        if (each.running === 0) spread(each.from, each.to, each.count, each.exact, 'missed');
        else throw new Error('the ledger is for jobs without catch-up');
      }
    }
  }
  return ledger;
}

function isAsked(report: Report): boolean {
  return 'cause' in report && report.cause === 'run now';
}
