/** The thread of the history; see `src/history/server.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { HistorySettings } from '../src/history/protocol.ts';
import { serveHistory } from '../src/history/server.ts';

if (parentPort === null) throw new Error('this file is the start of a worker thread');
serveHistory(parentPort, workerData as HistorySettings);
