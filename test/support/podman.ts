/**
 * A private Podman, serving Docker's API on a socket of its own; its containers, images and files live in one
 * folder that goes away with the test. Skipped loudly where Podman can't run, unless it is required.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { daemonObstacle, makeRoot, programPath, sweep } from './daemon.ts';
import { engineOn, engineRequired, type TestEngine } from './engine.ts';
import { call } from './http.ts';
import { eventually } from './waiting.ts';

/** Podman knows local images by their full name. */
export const PODMAN_IMAGE = 'localhost/busybox:latest';

function obstacle(): string | undefined {
  if (programPath('podman') === undefined) return 'podman is not installed (Debian: apt-get install podman)';
  return daemonObstacle();
}

/** A test on a Podman of its own. */
export function podmanTest(name: string, body: (t: TestContext, engine: TestEngine) => Promise<void>): void {
  test(name, { timeout: 170_000 }, async (t) => {
    const why = obstacle();
    if (why !== undefined) {
      if (engineRequired()) throw new Error(`Podman is required, but ${why}`);
      t.skip(`no Podman: ${why}`);
      return;
    }
    await body(t, await startPodman(t));
  });
}

async function startPodman(t: TestContext): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'cwp-'));
  const socketPath = join(folder, 'podman.sock');
  let service: ChildProcess | undefined;
  t.after(async () => {
    const ended = new Promise((resolve) => service?.once('exit', resolve));
    if (service?.kill('SIGTERM')) await ended;
    await sweep(folder);
  });
  const global = [
    ...['--root', join(folder, 'data'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')],
    ...['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
  ];
  const podman = programPath('podman') as string;
  const root = join(folder, 'rootfs');
  mkdirSync(root);
  await makeRoot(root);
  const tar = join(folder, 'rootfs.tar');
  execFileSync('tar', ['-C', root, '-cf', tar, '.']);
  execFileSync(podman, [...global, 'import', tar, PODMAN_IMAGE], { stdio: 'pipe' });
  const log = openSync(join(folder, 'podman.log'), 'a');
  service = spawn(podman, [...global, 'system', 'service', '--time=0', `unix://${socketPath}`], {
    stdio: ['ignore', log, log],
  });
  await eventually(async () => {
    if (service?.exitCode !== null)
      throw new Error(
        `podman did not start: ${readFileSync(join(folder, 'podman.log'), 'utf8').slice(-500)}`,
      );
    return (await call(socketPath, 'GET', '/_ping').catch(() => undefined))?.status === 200;
  });
  const engine = engineOn(socketPath, folder);
  // Podman's own limits are higher than what some virtual machines allow.
  const limits = { Ulimits: ['nofile', 'nproc'].map((name) => ({ Name: name, Soft: 1024, Hard: 1024 })) };
  return {
    ...engine,
    run: (context, options = {}) =>
      engine.run(context, { image: PODMAN_IMAGE, ...options, host: { ...limits, ...options.host } }),
  };
}
