/** The real worker, and beside it faults that are set off by the first word of a command once its exec was created. */

import type { ToWorker } from '../../src/execution/protocol.ts';
import work, { type WorkerTask } from '../../workers/worker.ts';

const FAULTS: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('a bug in a callback');
  },
  reject: () => void Promise.reject(new Error('a bug in a promise')),
  loop: () => {
    for (;;);
  },
  heap: () => {
    const kept: string[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => `${i}-${kept.length}`));
  },
};

export default function faulty(task: WorkerTask): Promise<void> {
  task.port.on('message', (messages: readonly ToWorker[]) => {
    for (const message of messages) {
      if (message.kind !== 'execute') continue;
      const fault = FAULTS[message.request.words[0] ?? ''];
      if (fault !== undefined) setTimeout(fault, 150);
    }
  });
  return work(task);
}
