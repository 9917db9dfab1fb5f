/** Builds the Dockerfile on an engine, over its API, from a copy of what the build needs. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { readAll } from '../support/http.ts';
import { projectFile } from '../support/project.ts';
import { certificates } from './base-image.ts';

const sources = [
  'Dockerfile',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'LICENSE',
  'src',
  'workers',
  'bench',
  'test',
];

/**
 * A folder to build from. npm's registry and certificates are those of this machine: they are added to the
 * project's own .npmrc, which is only used in the stage that builds.
 */
export async function prepareContext(folder: string): Promise<void> {
  for (const name of sources) await cp(projectFile(name), join(folder, name), { recursive: true });
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const settings = [`registry=${registry}`, ...(existsSync(certificates) ? [`cafile=${certificates}`] : [])];
  writeFileSync(
    join(folder, '.npmrc'),
    `${readFileSync(projectFile('.npmrc'), 'utf8')}\n${settings.join('\n')}\n`,
  );
}

/** The packages of this machine in place of those that npm would get, where no registry can be reached. */
export async function useOwnPackages(folder: string): Promise<void> {
  await cp(projectFile('node_modules'), join(folder, 'packages'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('/node_modules/.cache'),
  });
  const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');
  writeFileSync(
    join(folder, 'Dockerfile'),
    dockerfile.replace('RUN npm ci --ignore-scripts', 'COPY packages node_modules'),
  );
}

/** Resolves with the build's log; rejects with the log's end if a step fails. */
export async function build(socketPath: string, folder: string, tag: string): Promise<string> {
  const query = new URLSearchParams({ t: tag, networkmode: 'host', rm: '1', forcerm: '1' });
  const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { 'Content-Type': 'application/x-tar' };
    const upload = request(
      { socketPath, method: 'POST', path: `/build?${query}`, headers, agent: false },
      (response) => {
        readAll(response).then((bytes) => resolve(bytes.toString()), reject);
      },
    );
    upload.on('error', reject);
    tar.on('error', reject);
    tar.stdout.pipe(upload);
  });
  const told = answer.split('\n').flatMap((line) => (line.trim() === '' ? [] : [tell(line)]));
  const log = told.map(({ text }) => text).join('');
  if (told.some(({ failed }) => failed)) throw new Error(`the image was not built:\n${log.slice(-3000)}`);
  return log;
}

function tell(line: string): { readonly text: string; readonly failed: boolean } {
  const { stream, error, message } = JSON.parse(line) as Readonly<Record<string, string | undefined>>;
  return { text: stream ?? error ?? message ?? '', failed: error !== undefined || message !== undefined };
}
