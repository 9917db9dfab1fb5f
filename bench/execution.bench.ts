/**
 * What carrying an execution costs without a scheduler: the worker pool, the client inside it alone, and the same
 * three requests by node:http, on the same simulated engine.
 */
import { Agent, request } from 'node:http';
import { createHttpClient } from '../src/docker/http-client.ts';
import { createKeyedLimit } from '../src/docker/keyed-limit.ts';
import { createRequests } from '../src/docker/requests.ts';
import { createPool } from '../src/execution/pool.ts';
import type { ContainerId, ExecutionId } from '../src/ids.ts';
import {
  type BenchRow,
  cpuMs,
  type FleetProcess,
  fetchJson,
  type Scenario,
  startFleetProcess,
} from './harness.ts';

/** Carries one execution in the container to its end. */
type Execute = (container: string) => Promise<void>;

interface Subject {
  readonly name: string;
  readonly peer?: boolean;
  prepare(socketPath: string, inFlight: number): Promise<{ execute: Execute; close(): unknown }>;
}

const BODY = JSON.stringify({ Cmd: ['true'], AttachStdout: true, AttachStderr: true });

/** A plain user of node:http, with kept connections. */
const nodeHttp: Subject = {
  name: 'node:http',
  peer: true,
  async prepare(socketPath) {
    const agent = new Agent({ keepAlive: true });
    const ask = (method: string, path: string, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const headers =
          body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length };
        const call = request({ socketPath, agent, method, path, headers }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('end', () => resolve(text));
          response.on('error', reject);
        });
        call.on('error', reject);
        call.end(body);
      });
    return {
      async execute(container) {
        const { Id } = JSON.parse(await ask('POST', `/containers/${container}/exec`, BODY)) as { Id: string };
        await ask('POST', `/exec/${Id}/start`, '{"Detach":false,"Tty":false}');
        JSON.parse(await ask('GET', `/exec/${Id}/json`));
      },
      close: () => agent.destroy(),
    };
  },
};

const client: Subject = {
  name: 'our client',
  async prepare(socketPath) {
    const http = createHttpClient({ kind: 'unix', socketPath });
    const requests = createRequests(http, createKeyedLimit<ContainerId>(1000), 60_000);
    const asked = { words: ['true'], user: '', workdir: '', environment: [] };
    return {
      async execute(id) {
        const container = id as ContainerId;
        const created = await requests.createExec(container, asked);
        if (created.kind !== 'created') throw new Error(created.reason);
        await new Promise<void>((resolve, reject) => {
          const handlers = { data: () => undefined, end: () => resolve() };
          requests.startExec(container, created.exec, handlers).then(({ kind }) => {
            if (kind !== 'started') reject(new Error(kind));
          }, reject);
        });
        await requests.inspectExec(container, created.exec);
      },
      close: () => http.close(),
    };
  },
};

function pool(threads: number): Subject {
  return {
    name: `worker pool, ${threads} thread${threads > 1 ? 's' : ''}`,
    async prepare(socketPath, inFlight) {
      const waiting = new Map<ExecutionId, () => void>();
      let count = 0;
      const workers = createPool(
        {
          engine: { kind: 'unix', socketPath },
          size: inFlight,
          threads,
          clientTimeoutMs: 60_000,
          outputLimit: 1024 * 1024,
        },
        {
          created: () => undefined,
          output: () => undefined,
          omitted: () => undefined,
          warning: () => undefined,
          watchExecs: () => undefined,
          ended(execution) {
            const resolve = waiting.get(execution);
            waiting.delete(execution);
            resolve?.();
          },
        },
      );
      await workers.start();
      return {
        execute: (container) =>
          new Promise((resolve) => {
            count += 1;
            const execution = `e${count}` as ExecutionId;
            waiting.set(execution, resolve);
            workers.execute({
              execution,
              container: container as ContainerId,
              words: ['true'],
              user: '',
              workdir: '',
              environment: [],
              timeoutMs: Number.POSITIVE_INFINITY,
            });
          }),
        close: () => workers.stop(),
      };
    },
  };
}

async function measure(
  fleet: FleetProcess,
  subject: Subject,
  inFlight: number,
  total: number,
): Promise<BenchRow[]> {
  const listed = await fetchJson<{ Id: string }[]>(fleet.socketPath, 'GET', '/containers/json');
  const { execute, close } = await subject.prepare(fleet.socketPath, inFlight);
  const loop = async (count: number): Promise<void> => {
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < count) {
        begun += 1;
        await execute(listed[begun % listed.length]?.Id ?? '');
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  };
  await loop(Math.ceil(total / 4));
  const [cpu, since] = [cpuMs(), performance.now()];
  await loop(total);
  const [used, took] = [cpuMs() - cpu, performance.now() - since];
  await close();
  const common = subject.peer === true ? { peer: true } : {};
  const name = `${subject.name}, ${inFlight} in flight`;
  return [
    {
      measure: `executions per second, ${name}`,
      value: (total * 1000) / took,
      unit: '/s',
      better: 'higher',
      ...common,
    },
    { measure: `CPU per execution, ${name}`, value: used / total, unit: 'ms', better: 'lower', ...common },
  ];
}

const scenario: Scenario = {
  name: 'execution',
  title: 'Carrying executions, without a scheduler',
  about:
    'Exec create, start, read to the end, inspect; the command ends at once. CPU is that of all threads.',
  async run({ short }) {
    const fleet = await startFleetProcess(['--containers', '64', '--kinds', 'date']);
    const rows: BenchRow[] = [];
    try {
      for (const inFlight of [10, 256])
        for (const subject of [nodeHttp, client, pool(1), pool(2)])
          rows.push(...(await measure(fleet, subject, inFlight, short ? 200 : 8_000)));
    } finally {
      await fleet.stop();
    }
    return rows;
  },
};
export default scenario;
