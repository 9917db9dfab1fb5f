/**
 * What happens, as it happens: decisions to all who listen, lines of an execution to those who watch it. Nothing is
 * made or kept for nobody.
 */
import type { StreamName } from '../execution/protocol.ts';
import type { ExecutionId } from '../ids.ts';
import { render } from '../report.ts';
import type { Report } from '../scheduling/reports.ts';
import type { ReportEvent } from './types.ts';

export interface LiveLine {
  readonly stream: StreamName;
  readonly text: string;
}

export interface OutputListener {
  line(line: LiveLine): void;
  /** Its end was told, and the history knows it; nothing follows. */
  ended(): void;
}

export interface Live {
  /** Feed every report, after the history was told what it tells. */
  observe(report: Report): void;
  /** Feed every line of output, in the turn in which the history is told it. */
  output(execution: ExecutionId, line: LiveLine): void;
  /** Returns the way to stop listening. */
  onReport(listener: (event: ReportEvent) => void): () => void;
  onOutput(execution: ExecutionId, listener: OutputListener): () => void;
}

/** `now` gives epoch milliseconds. */
export function createLive(now: () => number): Live {
  const reports = new Set<(event: ReportEvent) => void>();
  const outputs = new Map<ExecutionId, Set<OutputListener>>();
  const end = (execution: ExecutionId): void => {
    const listeners = outputs.get(execution);
    outputs.delete(execution);
    for (const listener of listeners ?? []) listener.ended();
  };
  return {
    observe(report) {
      if (reports.size > 0) {
        const event = reportEvent(report, now());
        for (const listener of reports) listener(event);
      }
      if (outputs.size === 0) return;
      if (report.kind === 'execution ended') end(report.execution.id);
      else if (report.kind === 'abandoned' && report.execution !== undefined) end(report.execution.id);
    },
    output(execution, line) {
      for (const listener of outputs.get(execution) ?? []) listener.line(line);
    },
    onReport(listener) {
      reports.add(listener);
      return () => reports.delete(listener);
    },
    onOutput(execution, listener) {
      const listeners = outputs.get(execution) ?? new Set();
      outputs.set(execution, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && outputs.get(execution) === listeners) outputs.delete(execution);
      };
    },
  };
}

function reportEvent(report: Report, time: number): ReportEvent {
  const { level, message } = render(report);
  const execution = 'execution' in report ? report.execution : undefined;
  const job = execution?.job ?? ('subject' in report ? report.subject.job : undefined);
  return {
    time,
    kind: report.kind,
    level,
    message,
    ...(job === undefined ? {} : { job }),
    ...(execution === undefined ? {} : { execution: execution.id }),
  };
}
