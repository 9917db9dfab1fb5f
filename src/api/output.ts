/** An execution's output as it comes: what came so far, each new line, and at last how it ended. */
import type { ExecutionId } from '../ids.ts';
import { executionWithOutput } from './answers.ts';
import type { EventSink } from './event-stream.ts';
import type { LiveLine } from './live.ts';
import type { ApiParts } from './parts.ts';
import type { OutputEvent } from './types.ts';

/**
 * Returns the way to stop. What came so far is the history's excerpt, which does not tell the streams apart; it is
 * read in the same turn in which listening begins, so that no line is missing or told twice.
 */
export function followOutput(parts: ApiParts, id: ExecutionId, sink: EventSink): () => void {
  const early: LiveLine[] = [];
  let told = false;
  let over = false;
  const line = (event: OutputEvent): void => sink.send('line', event);
  const finish = async (): Promise<void> => {
    const row = await parts.history.execution(id);
    if (row !== undefined) sink.send('ended', executionWithOutput(row));
    sink.end();
  };
  const stop = parts.live.onOutput(id, {
    line: (event) => {
      if (told) line(event);
      else early.push(event);
    },
    ended: () => {
      over = true;
      if (told) void finish().catch(() => sink.end());
    },
  });
  const begin = async (): Promise<void> => {
    const row = await parts.history.execution(id);
    for (const text of row?.output ? row.output.split('\n') : []) line({ stream: 'stdout', text });
    for (const event of early) line(event);
    told = true;
    if (over || row?.outcome !== 'running') await finish();
  };
  begin().catch(() => sink.end());
  return stop;
}
