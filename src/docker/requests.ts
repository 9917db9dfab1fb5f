/**
 * The few requests that carry an execution, in words of ours. Every call has the client's deadline; none throws
 * for what an engine may answer or fail to answer: that is part of the result.
 */
import type { ContainerId, ExecId } from '../ids.ts';
import type { HttpClient } from './http-client.ts';
import { type Answer, HttpError, type HttpRequest, type StreamHandlers } from './http-connection.ts';
import type { KeyedLimit } from './keyed-limit.ts';

export interface ExecSpecification {
  readonly words: readonly string[];
  /** Empty = the image's or container's own. */
  readonly user: string;
  readonly workdir: string;
  /** `NAME=value`. */
  readonly environment: readonly string[];
}

/** No answer that means something: `mayHaveActed` when the request may have reached the engine. */
export interface Silence {
  readonly kind: 'no answer';
  readonly reason: string;
  readonly mayHaveActed: boolean;
}

/** The engine said no. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
}

export type CreateResult = { readonly kind: 'created'; readonly exec: ExecId } | Refusal | Silence;

export type StartResult = { readonly kind: 'started'; close(): void } | Refusal | Silence;

export type ExecState =
  /** Created, but there is and was no process. */
  | { readonly kind: 'not started' }
  | { readonly kind: 'running' }
  /** `pid` 0: the engine could not start it. */
  | { readonly kind: 'ended'; readonly exitCode: number; readonly pid: number }
  /** The engine knows no such exec: its container is gone, or it was restarted. */
  | { readonly kind: 'forgotten' }
  | Silence;

export type ContainerState = 'running' | 'paused' | 'not running' | 'gone' | 'no answer';

export interface EngineRequests {
  createExec(container: ContainerId, specification: ExecSpecification): Promise<CreateResult>;
  /** Resolves with the head of the answer; the output comes through `handlers`. Never sent twice. */
  startExec(container: ContainerId, exec: ExecId, handlers: StreamHandlers): Promise<StartResult>;
  inspectExec(container: ContainerId, exec: ExecId): Promise<ExecState>;
  inspectContainer(container: ContainerId): Promise<ContainerState>;
}

const REASON_LIMIT = 1000;
const START_BODY = '{"Detach":false,"Tty":false}';

/** `limit` holds how many unanswered calls one container may have at a time. */
export function createRequests(
  client: HttpClient,
  limit: KeyedLimit<ContainerId>,
  deadlineMs: number,
): EngineRequests {
  /** A wedged container's calls wait for each other; the wait counts as part of the deadline. */
  async function limited<T>(
    container: ContainerId,
    send: (deadlineMs: number) => Promise<T>,
  ): Promise<T | Silence> {
    const waited = await limit.enter(container, deadlineMs);
    if (waited === undefined)
      return {
        kind: 'no answer',
        reason: 'the engine answers no call about this container',
        mayHaveActed: false,
      };
    try {
      return await send(Math.max(1, deadlineMs - waited));
    } catch (error) {
      return silence(error);
    } finally {
      limit.leave(container);
    }
  }
  const get = (path: string, ms: number): Promise<Answer> =>
    client.call({ method: 'GET', path, deadlineMs: ms, repeatable: true });

  return {
    createExec: (container, specification) =>
      limited(container, async (ms) => {
        // Repeatable: an exec that is created twice is started once, and the other is forgotten by the engine.
        const request = { method: 'POST', path: `/containers/${container}/exec`, repeatable: true } as const;
        return created(await client.call({ ...request, body: createBody(specification), deadlineMs: ms }));
      }),
    startExec: (container, exec, handlers) =>
      limited(container, async (ms) => {
        const request: HttpRequest = {
          method: 'POST',
          path: `/exec/${exec}/start`,
          body: START_BODY,
          deadlineMs: ms,
          repeatable: false,
        };
        const answer = await client.stream(request, handlers);
        if (answer.body !== undefined) return refusal({ status: answer.status, body: answer.body });
        return { kind: 'started', close: answer.close };
      }),
    inspectExec: (container, exec) =>
      limited(container, async (ms) => execState(await get(`/exec/${exec}/json`, ms))),
    inspectContainer: async (container) => {
      const state = await limited(container, async (ms) =>
        containerState(await get(`/containers/${container}/json`, ms)),
      );
      return typeof state === 'string' ? state : 'no answer';
    },
  };
}

function createBody({ words, user, workdir, environment }: ExecSpecification): string {
  return JSON.stringify({
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    Cmd: words,
    Env: environment,
    ...(user === '' ? {} : { User: user }),
    ...(workdir === '' ? {} : { WorkingDir: workdir }),
  });
}

function created(answer: Answer): CreateResult {
  if (answer.status !== 201 && answer.status !== 200) return refusal(answer);
  const id = object(answer.body)?.Id;
  // The id becomes part of a path; an engine's are hexadecimal.
  if (typeof id === 'string' && /^[\w.-]{1,128}$/.test(id)) return { kind: 'created', exec: id as ExecId };
  return { kind: 'refused', status: answer.status, reason: 'the engine gave no id for the exec' };
}

/**
 * Docker says `Running=true` and `ExitCode=null` of a running exec, Podman `Running=true` and `ExitCode=0`: the
 * code counts only when nothing runs.
 */
function execState(answer: Answer): ExecState {
  if (answer.status === 404) return { kind: 'forgotten' };
  const state = answer.status === 200 ? object(answer.body) : undefined;
  if (typeof state?.Running !== 'boolean') {
    const { reason } = refusal(answer);
    return { kind: 'no answer', reason: `exec inspect: ${reason}`, mayHaveActed: false };
  }
  if (state.Running) return { kind: 'running' };
  const pid = typeof state.Pid === 'number' ? state.Pid : 0;
  if (typeof state.ExitCode !== 'number') return { kind: 'not started' };
  return { kind: 'ended', exitCode: state.ExitCode, pid };
}

function containerState(answer: Answer): ContainerState {
  if (answer.status === 404) return 'gone';
  const state = answer.status === 200 ? object(answer.body)?.State : undefined;
  if (typeof state !== 'object' || state === null) return 'no answer';
  const { Running: running, Paused: paused } = state as Record<string, unknown>;
  if (running !== true) return 'not running';
  return paused === true ? 'paused' : 'running';
}

/** The engine's words out of an answer that is none of success. */
function refusal({ status, body }: Answer): Refusal {
  const message = object(body)?.message ?? object(body)?.cause;
  const words = typeof message === 'string' ? message : body.trim();
  return { kind: 'refused', status, reason: words.slice(0, REASON_LIMIT) || `status ${status}` };
}

function silence(error: unknown): Silence {
  if (!(error instanceof HttpError)) throw error;
  return { kind: 'no answer', reason: error.message, mayHaveActed: error.code !== 'unreachable' };
}

function object(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
