/**
 * A stand-in for the Dockerfile's base, under the same name, made without a registry of images: a static busybox,
 * Node 24 with the libraries that it loads, and npm. What it lacks against the real one is Debian itself.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { importTar, makeRoot } from '../support/daemon.ts';
import { projectFile } from '../support/project.ts';

export const baseName = 'node:24-bookworm-slim';
/** What Debian's own files in the real base come to, in bytes. */
export const debianBytes = 75e6;

/** The program of Node 24: the one that runs this, or else the package of it that npm has. */
function node24(): string {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const name = `node-linux-${process.arch}`;
  const folder = projectFile('node_modules/.cache/node-24');
  const program = join(folder, 'node_modules', name, 'bin/node');
  const install = [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `${name}@24`,
  ];
  for (let tries = 3; !existsSync(program); tries -= 1) {
    try {
      execFileSync('npm', install, { stdio: 'pipe', timeout: 60_000 });
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
  return program;
}

/** The files that the program loads at its start, as `ldd` names them, and the C library's others beside them. */
function libraries(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const loaded = lines.flatMap((line) => /(?:=>\s+|^\s+)(\/\S+)/.exec(line)?.[1] ?? []);
  const folder = dirname(loaded.find((path) => path.endsWith('/libc.so.6')) ?? '/lib/libc.so.6');
  const others = ['librt.so.1', 'libresolv.so.2', 'libutil.so.1'].map((name) => join(folder, name));
  return [...loaded, ...others.filter((path) => existsSync(path))];
}

/** The bundle by which npm trusts its registry on this machine. */
export const certificates = '/etc/ssl/certs/ca-certificates.crt';

export async function importBase(socketPath: string, folder: string): Promise<void> {
  const root = join(folder, 'base');
  const program = node24();
  await makeRoot(root);
  const npm = join(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm');
  await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await cp(program, join(root, 'usr/local/bin/node'), { dereference: true });
  for (const library of libraries(program)) await cp(library, join(root, library), { dereference: true });
  for (const path of [certificates, '/etc/nsswitch.conf'])
    if (existsSync(path)) await cp(path, join(root, path), { dereference: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  link(root, 'usr/bin/env', '/bin/busybox');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  for (const name of ['var', 'run', 'root']) mkdirSync(join(root, name), { recursive: true });
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const status = await importTar(socketPath, root, baseName, [path]);
  if (status !== 200) throw new Error(`the base image was not imported: status ${status}`);
}

function link(root: string, path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}
