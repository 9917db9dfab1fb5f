/**
 * One instance watches an engine under one label namespace. A second one on the same host finds the first at a
 * socket of the kernel's abstract namespace: nothing is left behind when a process is killed, and the first
 * instance itself answers with who it is.
 */
import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';

/** The instance is alone, or another one holds the place: what it says of itself. */
export type Claim =
  | { readonly kind: 'alone' }
  | { readonly kind: 'taken'; readonly holder: string }
  /** The place can't be claimed on this system; `why` is told and the program goes on. */
  | { readonly kind: 'impossible'; readonly why: string };

/** How long the holder may take to say who it is, in milliseconds. */
const ANSWER_MS = 1000;

/** `engine` and `namespace` name the pair; `startedAt` is what a second instance will be told. */
export async function claimPlace(engine: string, namespace: string, startedAt: Date): Promise<Claim> {
  const digest = createHash('sha256')
    .update(JSON.stringify([engine, namespace]))
    .digest('hex')
    .slice(0, 32);
  const path = `\0chorewheel-${digest}`;
  const introduction = `process ${process.pid} on ${hostname()}, started ${startedAt.toISOString()}`;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(introduction);
  });
  const failure = await listen(server, path);
  if (failure === undefined) {
    server.unref();
    return { kind: 'alone' };
  }
  if (failure.code !== 'EADDRINUSE') return { kind: 'impossible', why: failure.message };
  return { kind: 'taken', holder: await askHolder(path) };
}

function listen(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(path, () => resolve(undefined));
  });
}

function askHolder(path: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const done = (): void => {
      socket.destroy();
      resolve(answer === '' ? 'an instance that does not answer' : answer.slice(0, 200));
    };
    socket.setTimeout(ANSWER_MS, done);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', done);
    socket.on('end', done);
  });
}
