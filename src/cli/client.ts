/** Speaks to the running instance over its control socket; the answers are those of `src/api/types.ts`. */
import { type IncomingMessage, request } from 'node:http';
import type { JobAnswer, JobsAnswer } from '../api/types.ts';
import { type CliContext, CliError, status } from './context.ts';
import { controlSocketPath } from './control-socket.ts';

export interface Client {
  /** The answer to a GET. With `accept`, that status besides 2xx is an answer too. Throws CliError. */
  get<Answer>(path: string, accept?: number): Promise<Answer>;
  post<Answer>(path: string): Promise<Answer>;
  /** Server-sent events until the other side or the signal ends them; resolves when the subscription holds. */
  events(path: string, signal: AbortSignal): Promise<AsyncGenerator<ServerEvent>>;
}

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** How long an answer may take to begin; milliseconds. */
const answerMs = 30_000;

export function createClient(context: CliContext, socketOption: string | undefined): Client {
  const socketPath = socketOption ?? controlSocketPath(context.env);
  const open = (method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> =>
    openRequest(socketPath, method, path, signal);
  const whole = async <Answer>(method: string, path: string, accept?: number): Promise<Answer> => {
    const response = await open(method, path, context.signal);
    const text = await readAll(response);
    const code = response.statusCode ?? 0;
    if ((code < 200 || code > 299) && code !== accept) throw answeredError(code, text);
    return parseAnswer(text) as Answer;
  };
  return {
    get: (path, accept) => whole('GET', path, accept),
    post: (path) => whole('POST', path),
    async events(path, signal) {
      const response = await open('GET', path, signal);
      if (response.statusCode !== 200) throw answeredError(response.statusCode ?? 0, await readAll(response));
      return readEvents(response, signal);
    },
  };
}

function openRequest(
  socketPath: string,
  method: string,
  path: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, agent: false, signal, headers: { host: 'localhost' } });
    sent.setTimeout(answerMs, () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', (error) => reject(connectError(socketPath, error)));
    sent.on('response', (response) => {
      sent.setTimeout(0);
      resolve(response);
    });
    sent.end();
  });
}

function connectError(socketPath: string, error: NodeJS.ErrnoException): Error {
  if (error.name === 'AbortError') return error;
  const advice =
    error.code === 'EACCES' || error.code === 'EPERM'
      ? 'only the user it runs as (or root) may use it'
      : 'is it running on this host, in this container? CONTROL_SOCKET or --socket names another place';
  return new CliError(
    `no running chorewheel answers at ${socketPath} (${error.code ?? error.message}): ${advice}`,
    status.unreachable,
    { cause: error },
  );
}

async function readAll(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('the answer is not JSON: another program, or another version?', status.unreachable, {
      cause,
    });
  }
}

function answeredError(code: number, text: string): CliError {
  let message = text.slice(0, 500);
  try {
    const answer = JSON.parse(text) as { error?: unknown };
    if (typeof answer.error === 'string') message = answer.error;
  } catch {
    // Not ours, so it is shown as it came.
  }
  return new CliError(message === '' ? `answered with status ${code}` : message, status.failed);
}

async function* readEvents(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  response.setEncoding('utf8');
  let buffered = '';
  try {
    for await (const chunk of response) {
      buffered += chunk;
      const blocks = buffered.split(/\r?\n\r?\n/);
      buffered = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    // An instance that ends cuts its streams: for the reader that is their end, and so is our own wish.
    if (!signal.aborted && (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: parseAnswer(data.join('\n')) };
}

/** How many jobs are asked for at once. */
const pageSize = 1000;

/** All jobs that match. */
export async function allJobs(client: Client, query: Readonly<Record<string, string>>): Promise<JobsAnswer> {
  const jobs: JobAnswer[] = [];
  for (;;) {
    const page = new URLSearchParams({ ...query, limit: String(pageSize), offset: String(jobs.length) });
    const answer = await client.get<JobsAnswer>(`/api/jobs?${page}`);
    jobs.push(...answer.jobs);
    if (answer.jobs.length === 0 || jobs.length >= answer.total) return { jobs, total: answer.total };
  }
}

/** The job that a person means: by id, or by name if only one bears it, or as `NAME@CONTAINER`. */
export async function findJob(client: Client, wanted: string): Promise<JobAnswer> {
  const { jobs } = await allJobs(client, {});
  const byId = jobs.find((job) => job.id === wanted);
  if (byId !== undefined) return byId;
  const named = jobs.filter((job) => job.name === wanted || `${job.name}@${job.containerName}` === wanted);
  const [only] = named;
  if (named.length === 1 && only !== undefined) return only;
  if (only === undefined) {
    throw new CliError(`there is no job "${wanted}"; "chorewheel jobs" lists them all`, status.failed);
  }
  const ids = named.slice(0, 20).map((job) => `  ${job.name}@${job.containerName}  or its id ${job.id}`);
  throw new CliError(
    `${named.length} jobs are called "${wanted}"; say which:\n${ids.join('\n')}`,
    status.failed,
  );
}
