import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testFleet } from '../support/fleet.ts';
import { call, demultiplex, type Listed, open, readAll, runExec } from '../support/http.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SHELL = { AttachStdout: true, AttachStderr: true };

test('the fleet generates the containers that were asked for, the same ones for the same seed', async (t) => {
  const population = { containers: 20, jobs: 2, replicas: 2, fromImage: 0.2, idle: 0.2 };
  const one = await testFleet(t, { population, seed: 7 });
  const other = await testFleet(t, { population, seed: 7 });
  const list = (await call<Listed[]>(one.socketPath, 'GET', '/v1.41/containers/json?all=1')).json;
  assert.equal(list.length, 20);
  assert.deepEqual(
    list.map(({ Labels }) => Labels),
    (await call<Listed[]>(other.socketPath, 'GET', '/containers/json')).json.map(({ Labels }) => Labels),
  );
});

test('an exec keeps its two streams apart and its record holds every moment in order', async (t) => {
  const fleet = await testFleet(t);
  const { id } = fleet.add({ name: 'box' });
  const result = await runExec(fleet.socketPath, 'box', ['sh', '-c', 'echo hi; echo err >&2; exit 7']);
  assert.equal(result.stdout, 'hi\n');
  assert.equal(result.stderr, 'err\n');
  assert.equal(result.inspect.ExitCode, 7);
  assert.equal(result.inspect.Running, false);
  const [record] = fleet.executions();
  assert.equal(record?.container, id);
  assert.ok(
    record !== undefined && record.createdNs <= record.startedNs && record.startedNs <= record.endedNs,
  );
  assert.ok(record !== undefined && record.endedNs <= record.inspectedNs);
});

test('a hijacked start answers 101 and carries the same bytes', async (t) => {
  const fleet = await testFleet(t);
  fleet.add({ name: 'box' });
  const created = await call(fleet.socketPath, 'POST', '/containers/box/exec', {
    ...SHELL,
    Cmd: ['echo', 'raw'],
  });
  const body = JSON.stringify({ Detach: false, Tty: false });
  const { connect } = await import('node:net');
  const socket = connect(fleet.socketPath);
  const head = `POST /exec/${created.json.Id}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head);
  setImmediate(() => socket.write(body));
  const bytes = await readAll(socket);
  const split = bytes.indexOf('\r\n\r\n');
  assert.match(bytes.subarray(0, split).toString(), /^HTTP\/1\.1 101 UPGRADED/);
  assert.equal(demultiplex(bytes.subarray(split + 4)).stdout, 'raw\n');
});

test('output goes over in single bytes when frames are to be cut oddly', async (t) => {
  const fleet = await testFleet(t);
  fleet.add({ name: 'box' });
  fleet.faults.set({ frames: 'bytes' });
  const result = await runExec(fleet.socketPath, 'box', ['print', '20']);
  assert.equal(result.stdout.split('\n').length, 21);
});

test('a paused container refuses execs and holds back those that run', async (t) => {
  const fleet = await testFleet(t);
  const box = fleet.add({ name: 'box' });
  const running = runExec(fleet.socketPath, 'box', ['every', '0.02', '3']);
  await fleet.until(() => fleet.executions()[0]?.state === 'running');
  assert.equal((await call(fleet.socketPath, 'POST', '/containers/box/pause')).status, 204);
  const refused = await call(fleet.socketPath, 'POST', '/containers/box/exec', { Cmd: ['true'] });
  assert.equal(refused.status, 409);
  assert.equal(refused.json.message, 'Container box is paused, unpause the container before exec');
  fleet.world.unpause(box);
  assert.equal((await running).inspect.ExitCode, 0);
});

test('events are filtered, replayed since a moment, and at most 256 of them', async (t) => {
  const fleet = await testFleet(t);
  const box = fleet.add({ name: 'box' });
  for (let round = 0; round < 200; round += 1) {
    fleet.world.pause(box);
    fleet.world.unpause(box);
  }
  const until = Math.floor(Date.now() / 1000) + 1;
  const all = await call(fleet.socketPath, 'GET', `/events?since=1&until=${until}`);
  const lines = all.body.trim().split('\n');
  assert.equal(lines.length, 256);
  const filters = encodeURIComponent(JSON.stringify({ event: ['pause'] }));
  const pauses = await call(fleet.socketPath, 'GET', `/events?since=1&until=1&filters=${filters}`);
  assert.equal(pauses.body, '');
  const nano = /"timeNano":(\d+)/.exec(lines[255] ?? '')?.[1] ?? '';
  const since = `${nano.slice(0, -9)}.${nano.slice(-9)}`;
  const last = await call(fleet.socketPath, 'GET', `/events?since=${since}&until=${until}`);
  assert.deepEqual(last.body.trim().split('\n'), [lines[255]]);
});

test('faults strike the requests they fit, as often as they are told', async (t) => {
  const fleet = await testFleet(t);
  fleet.faults.set({ rules: [{ match: 'GET /version', effect: { kind: 'status', status: 500 }, times: 2 }] });
  const statuses = [];
  for (let attempt = 0; attempt < 3; attempt += 1)
    statuses.push((await call(fleet.socketPath, 'GET', '/version')).status);
  assert.deepEqual(statuses, [500, 500, 200]);
  fleet.faults.set({ rules: [{ match: '_ping', effect: { kind: 'cut' } }] });
  await assert.rejects(call(fleet.socketPath, 'GET', '/_ping'));
});

test('a restarted engine has forgotten its execs, and its containers run anew', async (t) => {
  const fleet = await testFleet(t);
  fleet.add({ name: 'box' });
  const created = await call(fleet.socketPath, 'POST', '/containers/box/exec', { ...SHELL, Cmd: ['hang'] });
  const stream = await open(fleet.socketPath, 'POST', `/exec/${created.json.Id}/start`, {});
  stream.on('error', () => {});
  stream.resume();
  const closed = once(stream, 'close');
  await fleet.restart();
  await closed;
  assert.equal((await call(fleet.socketPath, 'GET', `/exec/${created.json.Id}/json`)).status, 404);
  assert.equal((await call<Listed[]>(fleet.socketPath, 'GET', '/containers/json')).json[0]?.State, 'running');
});

test('while it is away connections are refused', async (t) => {
  const fleet = await testFleet(t);
  await fleet.goAway();
  await assert.rejects(call(fleet.socketPath, 'GET', '/_ping'));
  await fleet.comeBack();
  assert.equal((await call(fleet.socketPath, 'GET', '/_ping')).body, 'OK');
});

test('a process goes on after its reader left; once it writes, inspect says 126', async (t) => {
  const fleet = await testFleet(t);
  const box = fleet.add({ name: 'box' });
  for (const [words, code] of [
    [['sh', '-c', 'sleep 0; exit 3'], 3],
    [['sh', '-c', 'sleep 0; echo late; exit 3'], 126],
  ] as const) {
    const created = await call(fleet.socketPath, 'POST', '/containers/box/exec', { ...SHELL, Cmd: words });
    const started = open(fleet.socketPath, 'POST', `/exec/${created.json.Id}/start`, {});
    await fleet.until(() => fleet.openStreams().execs === 1);
    fleet.world.pause(box);
    (await started).destroy();
    await fleet.until(() => fleet.openStreams().execs === 0);
    fleet.world.unpause(box);
    await fleet.until(() => fleet.world.exec(created.json.Id).state === 'ended');
    assert.equal(fleet.world.exec(created.json.Id).exitCode, 3);
    assert.equal((await call(fleet.socketPath, 'GET', `/exec/${created.json.Id}/json`)).json.ExitCode, code);
  }
});

test('a scan for a mark ends the processes that carry it; a stubborn one takes KILL', async (t) => {
  const fleet = await testFleet(t);
  fleet.add({ name: 'box' });
  const mark = 'CHOREWHEEL_EXECUTION=abc';
  const scan = async (signal: string): Promise<string> => {
    const words = ['sh', '-c', 'look into /proc/[0-9]*/environ', 'sh', mark, signal];
    return (await runExec(fleet.socketPath, 'box', words)).stdout;
  };
  const hanging = runExec(fleet.socketPath, 'box', ['hang'], { Env: [mark] });
  const stubborn = runExec(fleet.socketPath, 'box', ['stubborn'], { Env: [mark] });
  await fleet.until(() => fleet.executions().filter(({ state }) => state === 'running').length === 2);
  assert.equal(await scan(''), 'processes=2\n');
  assert.equal(await scan('TERM'), 'processes=2\n');
  assert.equal((await hanging).inspect.ExitCode, 143);
  assert.equal(await scan('KILL'), 'processes=1\n');
  assert.equal((await stubborn).inspect.ExitCode, 137);
  assert.equal(await scan(''), 'processes=0\n');
});

test('as a process of its own it tells when it listens, and leaves with its parent', async (t) => {
  const socket = join(temporaryFolder(t), 'fleet.sock');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const main = fileURLToPath(new URL(`../../bench/fleet/main.${extension}`, import.meta.url));
  const child = fork(main, ['--socket', socket, '--containers', '3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [ready] = await once(child, 'message');
  assert.equal((ready as { containers: number }).containers, 3);
  await runExec(socket, 'box-0', ['true']);
  const records = await call<{ executions: { name: string }[] }>(socket, 'GET', '/fleet/executions');
  assert.equal(records.json.executions[0]?.name, 'box-0');
  const exited = once(child, 'exit');
  child.disconnect();
  assert.deepEqual(await exited, [0, null]);
  assert.equal(existsSync(socket), false);
});
