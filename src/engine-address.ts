/**
 * Where the engine listens, as `DOCKER_HOST` and its companions say.
 *
 * TLS is spoken if the address is `https://`, if `DOCKER_TLS_VERIFY` is set, or if certificates are configured
 * (`DOCKER_CERT_PATH`, or files under `/config`). Then plain HTTP is never spoken: an address that demands it is
 * a mistake, and so is TLS without its three files.
 */
import type { EngineAddress, TlsFiles } from './configuration.ts';
import type { Reading } from './labels/reading.ts';
import { quote } from './labels/text.ts';
import type { Environment } from './variable.ts';

/** The variables that are read here. */
export const engineVariables = ['DOCKER_CERT_PATH', 'DOCKER_HOST', 'DOCKER_TLS_VERIFY'] as const;

/** What was read of the variables beside `DOCKER_HOST`. */
export interface TlsSettings {
  readonly assertHostname: boolean;
  readonly minVersion: TlsFiles['minVersion'];
}

type FileExists = (path: string) => boolean;

const defaultSocket = '/var/run/docker.sock';
const configFolder = '/config';
const fileNames = ['ca.pem', 'cert.pem', 'key.pem'] as const;
const plainPort = 2375;
const tlsPort = 2376;
const accepted = 'unix:///path, tcp://host:port, http://host:port or https://host:port';

/** The address, or what is wrong; the message begins with the variable's name. */
export function readEngineAddress(
  env: Environment,
  tls: TlsSettings,
  exists: FileExists,
): Reading<EngineAddress> {
  const text = env.DOCKER_HOST?.trim() ?? '';
  if (text === '') return { ok: true, value: { kind: 'unix', socketPath: defaultSocket } };
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
      return unix(rest, text);
    case 'tcp':
    case 'http':
    case 'https':
      return tcp(scheme.toLowerCase(), rest, text, { env, tls, exists });
    case 'ssh':
      return mistake(
        text,
        'ssh is not spoken',
        'Forward the socket, as in ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, and give unix:///tmp/docker.sock',
      );
    case 'npipe':
    case 'fd':
      return mistake(text, `${scheme} is not spoken; ${accepted} is expected`);
    default:
      return mistake(
        text,
        `${accepted} is expected`,
        text.startsWith('/') ? `Write unix://${quoteless(text)}` : undefined,
      );
  }
}

function quoteless(text: string): string {
  return quote(text).slice(1, -1);
}

function mistake(text: string, message: string, hint?: string): Reading<never> {
  return {
    ok: false,
    message: `DOCKER_HOST: ${quote(text)}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** With two slashes or three, as deck-chores' documentation and Docker's write it. */
function unix(rest: string, text: string): Reading<EngineAddress> {
  const path = rest.replace(/^\/*/, '/');
  if (path === '/' || path.includes('\0')) return mistake(text, 'the path of the socket is missing');
  return { ok: true, value: { kind: 'unix', socketPath: path } };
}

interface TcpContext {
  readonly env: Environment;
  readonly tls: TlsSettings;
  readonly exists: FileExists;
}

function tcp(
  scheme: string,
  rest: string,
  text: string,
  { env, tls, exists }: TcpContext,
): Reading<EngineAddress> {
  const [, bracketed, plain, digits, path] =
    /^(?:\[([0-9a-f:.%]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?(\/.*)?$/i.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return mistake(text, `${accepted} is expected`);
  if (path !== undefined && path !== '/') return mistake(text, 'a path is not understood');
  const files = tlsFilesFor(scheme, text, env, exists);
  if (!files.ok) return files;
  const port = digits === undefined ? (files.value === undefined ? plainPort : tlsPort) : Number(digits);
  if (port < 1 || port > 65_535) return mistake(text, 'the port is not from 1 to 65535');
  const secured = files.value === undefined ? undefined : { ...files.value, ...tls };
  return { ok: true, value: { kind: 'tcp', host, port, tls: secured } };
}

type Files = Pick<TlsFiles, 'ca' | 'cert' | 'key'>;

/** The files if TLS is to be spoken, undefined if plain HTTP is meant. */
function tlsFilesFor(
  scheme: string,
  text: string,
  env: Environment,
  exists: FileExists,
): Reading<Files | undefined> {
  const asked = scheme === 'https' || (env.DOCKER_TLS_VERIFY ?? '') !== '';
  const folder = certificateFolder(env, exists);
  if (!asked && folder === undefined) return { ok: true, value: undefined };
  if (scheme === 'http') {
    const cause =
      folder === undefined ? 'DOCKER_TLS_VERIFY is set' : `certificates are configured in ${quote(folder)}`;
    return mistake(
      text,
      `${cause}, so plain HTTP is not spoken`,
      'Write tcp:// or https://, or take that setting away',
    );
  }
  return filesIn(folder ?? configFolder, exists);
}

function certificateFolder(env: Environment, exists: FileExists): string | undefined {
  const given = env.DOCKER_CERT_PATH?.replace(/\/+$/, '');
  if (given !== undefined && given !== '') return given;
  return fileNames.some((name) => exists(`${configFolder}/${name}`)) ? configFolder : undefined;
}

function filesIn(folder: string, exists: FileExists): Reading<Files> {
  const missing = fileNames.filter((name) => !exists(`${folder}/${name}`));
  if (missing.length > 0) {
    return {
      ok: false,
      message: `DOCKER_CERT_PATH: TLS needs ca.pem, cert.pem and key.pem; not found in ${quote(folder)}: ${missing.join(', ')}`,
      hint: 'Set DOCKER_CERT_PATH to the folder that holds them, or mount them under /config',
    };
  }
  const [ca, cert, key] = fileNames.map((name) => `${folder}/${name}`);
  return { ok: true, value: { ca: ca ?? '', cert: cert ?? '', key: key ?? '' } };
}
