/** Plain requests to an engine's unix socket, and what its streams carry; for tests only. */
import { type IncomingMessage, request } from 'node:http';

/** The fields of the engine's answers that tests look at most; not every answer has each. */
export interface Answer {
  readonly Id: string;
  readonly message: string;
  readonly Running: boolean;
  readonly ExitCode: number | null;
  readonly Pid: number;
}

export interface Reply<T = Answer> {
  readonly status: number;
  readonly body: string;
  /** The parsed body, taken for what the caller expects; undefined if it is no JSON. */
  readonly json: T;
}

/** An entry of the engine's container list. */
export interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  readonly Image: string;
}

export function open(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers =
      text === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const options = { socketPath, method, path, headers, agent: false, ...(signal && { signal }) };
    const call = request(options, resolve);
    call.on('error', reject);
    call.end(text);
  });
}

/** Beyond it an engine is wedged, and the test is to fail rather than to hang; milliseconds. */
const CALL_LIMIT_MS = 120_000;

export async function call<T = Answer>(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  signal = AbortSignal.timeout(CALL_LIMIT_MS),
): Promise<Reply<T>> {
  const response = await open(socketPath, method, path, body, signal);
  const text = (await readAll(response)).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.statusCode ?? 0, body: text, json: json as T };
}

export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Takes a whole multiplexed stream apart. */
export function demultiplex(bytes: Buffer): { stdout: string; stderr: string } {
  const parts: Buffer[][] = [[], [], []];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts[bytes[at] ?? 0]?.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const text = (stream: number): string => Buffer.concat(parts[stream] ?? []).toString();
  return { stdout: text(1), stderr: text(2) };
}

export interface ExecResult {
  readonly id: string;
  readonly stdout: string;
  readonly stderr: string;
  /** The engine's inspect answer after the stream's end. */
  readonly inspect: Answer;
}

/** Create, start, read to the end, inspect. */
export async function runExec(
  socketPath: string,
  container: string,
  words: readonly string[],
  more: object = {},
): Promise<ExecResult> {
  const ask = { AttachStdout: true, AttachStderr: true, Cmd: words, ...more };
  const created = await call(socketPath, 'POST', `/containers/${container}/exec`, ask);
  if (created.status !== 201) throw new Error(`exec create: ${created.status} ${created.body}`);
  const id = String(created.json.Id);
  const stream = await open(socketPath, 'POST', `/exec/${id}/start`, { Detach: false, Tty: false });
  const output = demultiplex(await readAll(stream));
  const inspect = (await call(socketPath, 'GET', `/exec/${id}/json`)).json;
  return { id, ...output, inspect };
}
