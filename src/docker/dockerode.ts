/**
 * Loads dockerode without its build-session and ssh parts.
 *
 * Idea: `dockerode/lib/session` pulls gRPC and protobuf, and `docker-modem/lib/ssh` pulls ssh2: over 20 MB of code
 * that nothing here calls (images are never built, and `ssh://` is refused by the configuration). Both files export
 * one function. While dockerode is loaded for the first time, the module cache answers for these two files with a
 * function that throws; afterwards the cache is as it was, so that other code of the process gets the real ones. Where
 * a version of dockerode has no such file, it is simply loaded whole.
 */
import { createRequire } from 'node:module';
import type Dockerode from 'dockerode';

const require = createRequire(import.meta.url);
let loaded: typeof Dockerode | undefined;

/** The class Dockerode; loaded at the first call. */
export function loadDockerode(): typeof Dockerode {
  loaded ??= withoutParts(unusedParts(), () => require('dockerode') as typeof Dockerode);
  return loaded;
}

function unusedParts(): string[] {
  const inDockerode = createRequire(require.resolve('dockerode'));
  const inModem = createRequire(inDockerode.resolve('docker-modem'));
  return [tryResolve(inDockerode, './session'), tryResolve(inModem, './ssh')].filter(
    (path) => path !== undefined,
  );
}

function tryResolve(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

function withoutParts<T>(paths: readonly string[], load: () => T): T {
  const replaced = paths.filter((path) => require.cache[path] === undefined);
  for (const path of replaced) {
    require.cache[path] = {
      id: path,
      filename: path,
      loaded: true,
      exports: notLoaded,
    } as unknown as NodeJS.Module;
  }
  try {
    return load();
  } finally {
    for (const path of replaced) delete require.cache[path];
  }
}

function notLoaded(): never {
  throw new Error('this part of dockerode is left out of chorewheel');
}
