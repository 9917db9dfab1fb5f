/**
 * From the configured address to a dockerode client. Everything is given explicitly: docker-modem's own reading of
 * DOCKER_HOST and DOCKER_CERT_PATH disagrees with the Docker client in several ways (two slashes after `unix:`, the
 * scheme `https`, missing ports), and would win over what it is told.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { inspect } from 'node:util';
import type Dockerode from 'dockerode';
import type { EngineAddress, TlsFiles } from '../configuration.ts';
import { loadDockerode } from './dockerode.ts';

/** The address for people, as DOCKER_HOST would give it. */
export function addressText(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.socketPath}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.tls === undefined ? 'tcp' : 'https'}://${host}:${address.port}`;
}

/** The part of docker-modem that is used. */
export interface Modem {
  dial(
    options: Readonly<Record<string, unknown>>,
    callback: (error: unknown, body: IncomingMessage | null) => void,
  ): void;
}

export interface Connection {
  readonly modem: Modem;
  /** Ends the sockets of a TLS connection, with what is in flight on them. */
  close(): void;
}

/**
 * A client for this address; nothing is sent yet. Certificate files are read now.
 * @throws when a certificate file can't be read (a system error with `code` and `path`) or holds no usable key.
 */
export function connect(address: EngineAddress): Connection {
  const options = connectionOptions(address);
  const Client = loadDockerode();
  const { modem } = withoutDockerHost(() => new Client(options));
  return { modem: modem as unknown as Modem, close: () => options.agent?.destroy() };
}

/** What dockerode is told; its types know nothing of the agent. */
export type ConnectionOptions = Dockerode.DockerOptions & { readonly agent?: Agent };

/** Complete options for this address. */
export function connectionOptions(address: EngineAddress): ConnectionOptions {
  if (address.kind === 'unix') return { socketPath: address.socketPath, protocol: 'http' };
  const { host, port, tls } = address;
  const base = { host, port };
  return tls === undefined
    ? { ...base, protocol: 'http' }
    : { ...base, protocol: 'https', agent: tlsAgent(tls) };
}

/**
 * The certificates go in by the agent and nowhere else: docker-modem renders its request options as text for each
 * request, whether anybody reads it or not, so that an agent without a short text of its own costs hundreds of
 * milliseconds per request as its pool fills; and that text must not hold a key.
 */
function tlsAgent(tls: TlsFiles): Agent {
  const agent = new Agent({
    keepAlive: true,
    ca: readFileSync(tls.ca),
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
    // The certificate's chain is checked in either case; this is about the name in it.
    ...(tls.assertHostname ? {} : { checkServerIdentity: () => undefined }),
  });
  return Object.assign(agent, { [inspect.custom]: () => 'TLS agent' });
}

/** docker-modem reads certificates named by the environment whenever DOCKER_HOST is set, even if it was told all. */
function withoutDockerHost<T>(make: () => T): T {
  const { DOCKER_HOST: host } = process.env;
  delete process.env.DOCKER_HOST;
  try {
    return make();
  } finally {
    if (host !== undefined) process.env.DOCKER_HOST = host;
  }
}
