/**
 * What runs in each thread of the pool: one long-lived task that carries many executions, told by and telling
 * over one port (`src/execution/protocol.ts`). It imports neither dockerode nor pino: each would cost every
 * thread many megabytes.
 */
import type { MessagePort } from 'node:worker_threads';
import { createHttpClient } from '../src/docker/http-client.ts';
import { createKeyedLimit } from '../src/docker/keyed-limit.ts';
import { createRequests } from '../src/docker/requests.ts';
import type { Outcome } from '../src/execution/outcome.ts';
import type { ExecutionRequest, ToWorker, WorkerSettings } from '../src/execution/protocol.ts';
import { assertNever, type ContainerId, type ExecId, type ExecutionId } from '../src/ids.ts';
import { adopt, carry } from './exec.ts';
import { createOutbox } from './outbox.ts';
import { type Carrying, Run } from './run.ts';

export interface WorkerTask {
  readonly port: MessagePort;
  readonly settings: WorkerSettings;
}

/** Ends when the main thread closes the port. */
export default function work({ port, settings }: WorkerTask): Promise<void> {
  const client = createHttpClient(settings.engine);
  const limit = createKeyedLimit<ContainerId>(settings.callsPerContainer);
  const requests = createRequests(client, limit, settings.clientTimeoutMs);
  const outbox = createOutbox((messages) => port.postMessage(messages));
  const handle = createDesk({ settings, requests, outbox }, port);
  port.on('message', (messages: readonly ToWorker[]) => {
    for (const message of messages) handle(message);
  });
  outbox.tell({ kind: 'ready' });
  return new Promise((resolve) => {
    port.on('close', () => {
      client.close();
      resolve();
    });
  });
}

/** Gives each message to the execution that it is about. */
function createDesk(carrying: Carrying, port: MessagePort): (message: ToWorker) => void {
  const runs = new Map<ExecutionId, Run>();

  function begin(request: ExecutionRequest, exec: ExecId | undefined, how: typeof carry): void {
    const run = new Run(request, exec);
    runs.set(request.execution, run);
    // A rejection is a bug of ours: it ends this thread, and the pool hands its executions to another one.
    void how(run, carrying).then((outcome) => end(run, outcome));
  }

  function end(run: Run, outcome: Outcome): void {
    runs.delete(run.id);
    const durationMs = run.startedAt === 0 ? 0 : performance.now() - run.startedAt;
    carrying.outbox.tell({ kind: 'ended', execution: run.id, outcome, durationMs });
  }

  return (message) => {
    switch (message.kind) {
      case 'execute':
        begin(message.request, undefined, carry);
        break;
      case 'adopt':
        begin(message.request, message.exec, adopt);
        break;
      case 'cancel':
        runs.get(message.execution)?.stop('cancel');
        break;
      case 'go':
        runs.get(message.execution)?.go();
        break;
      case 'died':
        for (const run of runs.values()) {
          if (run.exec !== message.exec) continue;
          run.death = { exitCode: message.exitCode };
          run.wake();
        }
        break;
      case 'container died':
        for (const run of runs.values()) {
          if (run.container !== message.container) continue;
          run.containerDied = true;
          run.wake();
        }
        break;
      case 'ping':
        // Not through the outbox: a log that is slow must not look like a thread that is stuck.
        port.postMessage([{ kind: 'pong', nonce: message.nonce }]);
        break;
      case 'handled':
        carrying.outbox.credit(message.bytes);
        break;
      default:
        assertNever(message);
    }
  };
}
