/**
 * A private Docker daemon: everything it has lives in a folder of its own, it touches no network settings, and
 * several can run side by side. What it leaves (shims, mounts) is found by that folder's name and cleaned up.
 *
 * Its one image is made of the machine's static busybox, so no registry is needed.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call, readAll } from './http.ts';

export interface DaemonOptions {
  /** Further arguments, as in `--live-restore` or `-H tcp://127.0.0.1:2376 --tlsverify …`. */
  readonly args?: readonly string[];
}

export interface Daemon {
  readonly folder: string;
  readonly socketPath: string;
  /** Of the running dockerd. */
  readonly pid: number;
  /** Sends a signal and waits for the end of dockerd. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts dockerd again after `stop`, on the same data. */
  start(): Promise<void>;
  /** Freezes and thaws dockerd. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends everything and removes the folder. */
  destroy(): Promise<void>;
}

export const IMAGE = 'busybox:latest';
/** A loaded machine may take long; the usual time is 2 s. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

/** Why no private daemon can run here; undefined = one can. */
export function daemonObstacle(): string | undefined {
  const known = process.env.CHOREWHEEL_TEST_OBSTACLE;
  if (known !== undefined && known !== '') return known;
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  if (process.getuid?.() !== 0) return 'a private dockerd needs root';
  if (programPath('dockerd') === undefined)
    return 'dockerd is not installed (Debian: apt-get install docker.io)';
  const busybox = programPath('busybox');
  if (busybox === undefined || !isStatic(busybox))
    return 'no static busybox for the test image (Debian: apt-get install busybox-static)';
  return undefined;
}

export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A dynamic program names its loader near its beginning. */
function isStatic(path: string): boolean {
  return !readFileSync(path).subarray(0, 4096).includes('/ld-');
}

export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'cwd-'));
  const socketPath = join(folder, 'docker.sock');
  let child: ChildProcess | undefined;
  const daemon: Daemon = {
    folder,
    socketPath,
    get pid() {
      return child?.pid ?? -1;
    },
    async start() {
      await endContainerd(folder);
      child = launch(folder, socketPath, options.args ?? []);
      await untilReady(child, folder, socketPath);
    },
    async stop(signal = 'SIGTERM') {
      if (child !== undefined) await end(child, signal);
      child = undefined;
    },
    signal(signal) {
      child?.kill(signal);
    },
    async destroy() {
      child?.kill('SIGCONT');
      await daemon.stop();
      await sweep(folder);
    },
  };
  try {
    await daemon.start();
    await importImage(socketPath, folder);
  } catch (error) {
    await daemon.destroy();
    throw error;
  }
  return daemon;
}

function launch(folder: string, socketPath: string, args: readonly string[]): ChildProcess {
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const own = [
    ['--data-root', join(folder, 'data')],
    ['--exec-root', join(folder, 'exec')],
    ['--pidfile', join(folder, 'docker.pid')],
    ['-H', `unix://${socketPath}`],
    ['--bridge=none', '--iptables=false'],
  ].flat();
  // What kills dockerd uncleanly leaves its pid file, and a new one would refuse to start.
  rmSync(join(folder, 'docker.pid'), { force: true });
  return spawn(programPath('dockerd') ?? 'dockerd', [...own, ...args], { stdio: ['ignore', log, log] });
}

/**
 * After dockerd was killed its containerd may linger, or be a zombie that nobody reaps: dockerd would take the
 * number in its pid file for a living one and wait for it in vain. The containers live on in their shims.
 */
async function endContainerd(folder: string): Promise<void> {
  const pidFile = join(folder, 'exec/containerd/containerd.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  for (let round = 0; round < 100 && isAlive(pid); round += 1) {
    process.kill(pid, 'SIGKILL');
    await delay(50);
  }
  rmSync(pidFile, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilReady(child: ChildProcess, folder: string, socketPath: string): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS;
  while (performance.now() < limit && child.exitCode === null && child.signalCode === null) {
    const reply = await call(socketPath, 'GET', '/_ping').catch(() => undefined);
    if (reply?.status === 200) return;
    await delay(100);
  }
  child.kill('SIGKILL');
  const log = readFileSync(join(folder, 'dockerd.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new Error(`dockerd did not start; its log ends:\n${log}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

/** Ends the processes and mounts that belong to the folder, then removes it. */
export async function sweep(folder: string): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const left = processesOf(folder);
    if (left.length === 0) break;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await delay(100);
  }
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse()) {
    try {
      execFileSync('umount', ['-l', mount], { stdio: 'ignore' });
    } catch {
      // Gone already.
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Processes whose command line names the folder (containerd, shims); its name is unique to this daemon. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function importImage(socketPath: string, folder: string): Promise<void> {
  const root = join(folder, 'rootfs');
  await makeRoot(root);
  const status = await importTar(socketPath, root, IMAGE, []);
  if (status !== 200) throw new Error(`the test image was not imported: status ${status}`);
}

/** A root file system of one static program and a link for each of its applets. */
export async function makeRoot(root: string): Promise<void> {
  for (const name of ['bin', 'etc', 'tmp', 'dev', 'proc']) mkdirSync(join(root, name), { recursive: true });
  const busybox = programPath('busybox') as string;
  await cp(busybox, join(root, 'bin/busybox'));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (!existsSync(join(root, 'bin', applet))) symlinkSync('busybox', join(root, 'bin', applet));
  const users = ['root:x:0:0:root:/root', 'www-data:x:33:33::/', 'nobody:x:65534:65534::/'];
  writeFileSync(join(root, 'etc/passwd'), users.map((line) => `${line}:/bin/sh\n`).join(''));
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwww-data:x:33:\nnobody:x:65534:\n');
}

/** `docker import`, without needing the docker command; `changes` are Dockerfile lines such as `LABEL a=b`. */
export async function importTar(
  socketPath: string,
  root: string,
  tag: string,
  changes: readonly string[],
): Promise<number> {
  const query = new URLSearchParams({
    fromSrc: '-',
    repo: tag.split(':')[0] ?? '',
    tag: tag.split(':')[1] ?? 'latest',
  });
  for (const change of changes) query.append('changes', change);
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve, reject) => {
    const upload = request(
      { socketPath, method: 'POST', path: `/images/create?${query}`, agent: false },
      (response) => {
        readAll(response).then(() => resolve(response.statusCode ?? 0), reject);
      },
    );
    upload.on('error', reject);
    tar.on('error', reject);
    tar.stdout.pipe(upload);
  });
}

/** Gives the daemon another image: the same files, with labels. */
export async function addImage(
  daemon: Pick<Daemon, 'folder' | 'socketPath'>,
  tag: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const root = join(daemon.folder, 'rootfs');
  if (!existsSync(root)) await makeRoot(root);
  const changes = Object.entries(labels).map(
    ([key, value]) => `LABEL ${JSON.stringify(key)}=${JSON.stringify(value)}`,
  );
  const status = await importTar(daemon.socketPath, root, tag, changes);
  if (status !== 200) throw new Error(`image ${tag} was not imported: status ${status}`);
}
