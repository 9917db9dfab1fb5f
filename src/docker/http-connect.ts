/** Opens connections to the engine: unix socket, TCP, TLS. */
import { readFileSync } from 'node:fs';
import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { EngineAddress, TlsFiles } from '../configuration.ts';

export interface Connector {
  /**
   * Begins a connection. `onBytes` is called with each piece that arrives, valid only during the call.
   * Throws if certificates can't be read.
   */
  connect(onBytes: (chunk: Buffer) => void): Socket;
}

/** Renewed certificates are taken up after this long; reading them for each execution would cost more than it. */
const CONTEXT_MS = 10_000;
const READ_BUFFER = 64 * 1024;
const KEEP_ALIVE_MS = 30_000;

export function createConnector(address: EngineAddress): Connector {
  if (address.kind === 'tcp' && address.tls !== undefined)
    return tlsConnector(address.host, address.port, address.tls);
  const target =
    address.kind === 'unix' ? { path: address.socketPath } : { host: address.host, port: address.port };
  // One buffer for all connections of the thread: it is read into and handed on before the next read begins.
  // Floods would else leave a new buffer of 64 KiB per read to the garbage collector.
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER);
  return {
    connect(onBytes) {
      const onread: OnReadOpts = {
        buffer,
        callback(count) {
          onBytes(buffer.subarray(0, count));
          return true;
        },
      };
      const socket = connectPlain({ ...target, onread, noDelay: true });
      if (address.kind === 'tcp') socket.setKeepAlive(true, KEEP_ALIVE_MS);
      return socket;
    },
  };
}

function tlsConnector(host: string, port: number, files: TlsFiles): Connector {
  let context: SecureContext | undefined;
  let readAt = 0;
  /** Spares the handshake's costly half on all connections but the first. */
  let session: Buffer | undefined;
  return {
    connect(onBytes) {
      if (context === undefined || Date.now() - readAt > CONTEXT_MS) {
        context = secureContext(files);
        readAt = Date.now();
        session = undefined;
      }
      const options: ConnectionOptions = {
        host,
        port,
        secureContext: context,
        ...(session === undefined ? {} : { session }),
        ...(files.assertHostname ? {} : { checkServerIdentity: () => undefined }),
      };
      const socket = connectTls(options);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.on('session', (ticket) => {
        session = ticket;
      });
      socket.on('data', onBytes);
      return socket;
    },
  };
}

function secureContext(files: TlsFiles): SecureContext {
  return createSecureContext({
    ca: readFileSync(files.ca),
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ...(files.minVersion === undefined ? {} : { minVersion: files.minVersion }),
  });
}
