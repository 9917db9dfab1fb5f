/** The examples mean what they say: by the program's own check, by compose where it is there, and in use. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { testFleet } from '../support/fleet.ts';
import { call } from '../support/http.ts';
import { programFile, startProgram } from '../support/program.ts';
import { projectFile } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary.ts';

const run = promisify(execFile);
const main = programFile();
const composeFiles = readdirSync(projectFile('examples')).filter((name) => name.endsWith('.yaml'));

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly volumes?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly deploy?: { readonly mode?: string; readonly labels?: unknown };
}

function services(name: string): Readonly<Record<string, Service>> {
  return parse(readFileSync(projectFile(`examples/${name}`), 'utf8')).services;
}

for (const name of composeFiles) {
  test(`${name} has no mistake in its labels`, async () => {
    const env = { PATH: process.env.PATH };
    const { stdout } = await run(
      process.execPath,
      [main, 'check', '--strict', projectFile(`examples/${name}`)],
      {
        env,
      },
    );
    assert.match(stdout, /, 0 mistakes, 0 warnings/);
  });

  test(`${name} is understood by compose`, (t) => {
    const found = ['/usr/bin/docker-compose', '/usr/local/bin/docker-compose'].find(existsSync);
    if (found === undefined) return t.skip('no docker-compose (Debian: apt-get install docker-compose)');
    execFileSync(found, ['-f', projectFile(`examples/${name}`), 'config', '--quiet'], { timeout: 60_000 });
  });
}

test('the scheduler of an example has no right that it does not need', () => {
  for (const name of ['compose.yaml', 'socket-proxy.yaml']) {
    const { officer } = services(name);
    assert.equal(officer?.read_only, true, name);
    assert.deepEqual(officer?.cap_drop, ['ALL'], name);
  }
  assert.ok(
    !services('socket-proxy.yaml').officer?.volumes?.some((volume) => volume.includes('docker.sock')),
  );
});

test('labels under deploy, where no container has them, are explained and fail the check', async (t) => {
  const text = readFileSync(projectFile('examples/swarm.yaml'), 'utf8');
  assert.equal(services('swarm.yaml').officer?.deploy?.mode, 'global');
  const file = join(temporaryFolder(t), 'stack.yaml');
  const moved = text.replace(
    / {4}labels:\n(?<labels>(?: {6}deck-chores.*\n)+) {4}deploy:\n/,
    (_, labels: string) => `    deploy:\n      labels:\n${labels.replaceAll(/^/gm, '  ').replace(/ +$/, '')}`,
  );
  assert.notEqual(moved, text);
  writeFileSync(file, moved);
  const failed = await run(process.execPath, [main, 'check', file], { env: { PATH: process.env.PATH } }).then(
    () => undefined,
    (error: { code: number; stdout: string }) => error,
  );
  assert.equal(failed?.code, 1);
  assert.match(failed?.stdout ?? '', /deploy/);
});

const haproxy = '/usr/sbin/haproxy';

/** The rules as they are, but for where they listen and where the engine is. */
async function startProxy(t: TestContext, engineSocket: string): Promise<string> {
  const folder = temporaryFolder(t);
  const socket = join(folder, 'proxy.sock');
  const rules = readFileSync(projectFile('examples/socket-proxy.cfg'), 'utf8')
    .replace('bind :2375', `bind unix@${socket}`)
    .replace('unix@/var/run/docker.sock', `unix@${engineSocket}`);
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, rules);
  const checked = execFileSync(haproxy, ['-c', '-f', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.doesNotMatch(checked, /warning/i);
  const proxy = spawn(haproxy, ['-db', '-f', file], { stdio: 'ignore' });
  const ended = new Promise((resolve) => proxy.once('close', resolve));
  t.after(async () => {
    proxy.kill('SIGKILL');
    await ended;
  });
  const limit = performance.now() + 30_000;
  while ((await call(socket, 'GET', '/_ping').catch(() => undefined))?.status !== 200) {
    assert.ok(performance.now() < limit, 'the proxy does not answer');
    await delay(50);
  }
  return socket;
}

test('through the proxy of the example everything works, and no other call', {
  timeout: 90_000,
}, async (t) => {
  if (!existsSync(haproxy)) return t.skip('no haproxy (Debian: apt-get install haproxy)');
  const fleet = await testFleet(t);
  const socket = await startProxy(t, fleet.socketPath);
  const program = await startProgram(t, `unix://${socket}`);
  const container = fleet.add({
    name: 'late',
    labels: program.labels({ 'a.command': 'echo said', 'a.interval': '1s' }),
  });
  await program.record('output', ({ message }) => message.includes('said'));
  await program.record('execution_ended', ({ exit_code }) => exit_code === 0);
  for (const [method, path] of [
    ['POST', '/containers/create'],
    ['POST', `/containers/${container.id}/stop`],
    ['DELETE', `/containers/${container.id}`],
    ['POST', '/images/create?fromImage=x'],
    ['POST', '/v1.41/containers/create'],
    ['GET', '/info'],
    ['POST', `/containers/${container.id}/exec/../stop`],
  ] as const)
    assert.equal((await call(socket, method, path)).status, 403, `${method} ${path}`);
  assert.equal(await program.stop(), 0);
});
