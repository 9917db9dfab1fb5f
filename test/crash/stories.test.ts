/** What outlives a process: stories of the whole program with a state folder, on the simulated engine. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'libsql';
import { fetchJson } from '../../bench/harness.ts';
import type { HealthAnswer, JobsAnswer } from '../../src/api/types.ts';
import { type TestFleet, testFleet } from '../support/fleet.ts';
import { type LogLine, type Program, startProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SERVICE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'db' };

interface Stage {
  readonly fleet: TestFleet;
  readonly folder: string;
  /** A container `name` with one job of the namespace `story`. */
  add(name: string, job: Readonly<Record<string, string>>): ReturnType<TestFleet['add']>;
  start(env?: Readonly<Record<string, string>>, ready?: boolean): Promise<Program>;
}

async function stage(t: TestContext): Promise<Stage> {
  const fleet = await testFleet(t);
  const folder = temporaryFolder(t);
  return {
    fleet,
    folder,
    add(name, job) {
      const own = Object.entries(job).map(([attribute, value]) => [`story.job.${attribute}`, value]);
      return fleet.add({ name, labels: { ...SERVICE, ...Object.fromEntries(own) } });
    },
    start: (env = {}, ready = true) =>
      startProgram(t, `unix://${fleet.socketPath}`, {
        namespace: 'story',
        ready,
        env: { STATE_DIR: folder, ...env },
      }),
  };
}

function phase(line: LogLine, periodMs: number): number {
  return Date.parse(line.fire_time ?? '') % periodMs;
}

/** The memories of a folder that nobody holds are changed as if time had passed. */
function goBack(folder: string, ms: number): void {
  const db = new Database(join(folder, 'history.db'));
  db.prepare('UPDATE memories SET handled_until = handled_until - ?').run(ms);
  db.close();
}

const health = (program: Program): Promise<HealthAnswer> =>
  fetchJson<HealthAnswer>(program.controlSocket, 'GET', '/healthz');

test('an interval keeps its grid across a restart and a redeployment of its service; a changed text begins anew', async (t) => {
  const { fleet, add, start } = await stage(t);
  const job = { interval: '2s', command: 'true' };
  const first = add('db-1', job);
  const one = await start();
  const begun = phase(await one.record('execution_started'), 2000);
  assert.equal(await one.stop(), 0);

  const two = await start();
  assert.equal(phase(await two.record('execution_started'), 2000), begun, 'after a restart');
  const before = two.lines.length;
  fleet.world.remove(first, true);
  const second = add('db-2', job);
  const moved = await two.record('execution_started', (line) => line.container === 'db-2', before);
  assert.equal(phase(moved, 2000), begun, 'in another container');
  assert.equal(await two.stop(), 0);

  fleet.world.remove(second, true);
  add('db-3', { interval: '3s', command: 'true' });
  const three = await start();
  const { time } = await three.record('job_added');
  const fresh = await three.record('execution_started');
  const since = Date.parse(fresh.fire_time ?? '') - Date.parse(time);
  assert.ok(since > 1500 && since <= 3010, `one period after it was registered: ${since} ms`);
});

test('a pause by a person outlives the process', async (t) => {
  const { add, start } = await stage(t);
  add('db-1', { interval: '1s', command: 'true' });
  const one = await start();
  const path = async (program: Program): Promise<string> => {
    const { jobs } = await fetchJson<JobsAnswer>(program.controlSocket, 'GET', '/api/jobs');
    return `/api/jobs/${encodeURIComponent(jobs[0]?.id ?? '')}`;
  };
  await fetchJson(one.controlSocket, 'POST', `${await path(one)}/pause`);
  assert.equal(await one.stop(), 0);
  const two = await start();
  const { jobs } = await fetchJson<JobsAnswer>(two.controlSocket, 'GET', '/api/jobs');
  assert.equal(jobs[0]?.state, 'held');
  await two.record('execution_skipped', (line) => line.reason === 'held');
  assert.deepEqual(two.find('execution_started'), []);
  await fetchJson(two.controlSocket, 'POST', `${await path(two)}/resume`);
  await two.record('execution_started');
});

/** Fire times missed, and how many of them are to run. */
const DOWNTIMES: readonly (readonly [policy: string, grace: string, missed: number, running: number])[] = [
  ['skip', '1w', 50, 0],
  ['once', '1w', 1, 1],
  ['once', '1w', 100_000, 1],
  ['all', '1w', 10, 10],
  ['all', '1w', 100_000, 100],
  ['all', '1h', 100_000, 60],
];

for (const [policy, grace, missed, running] of DOWNTIMES) {
  test(`${missed} fire times missed, catch-up ${policy} within ${grace}: ${running} of them run`, async (t) => {
    const { folder, fleet, add, start } = await stage(t);
    // Each minute, so that the present one rarely changes during the test.
    add('db-1', { cron: '0', 'catch-up': policy, grace, max: '200', command: 'true' });
    const one = await start();
    assert.equal(await one.stop(), 0);
    goBack(folder, missed * 60_000);
    const two = await start();
    const told = await two.record('executions_missed');
    // The clock may have gone on to the next minute.
    const near = (value: unknown, wanted: number): boolean => value === wanted || value === wanted + 1;
    assert.ok(told.exact === true ? near(told.count, missed) : Number(told.count) <= missed + 1);
    const most = policy === 'all' ? Math.min(100, running + 1) : running;
    assert.ok(Number(told.running) >= running && Number(told.running) <= most, `${told.running} run`);
    await two.records('execution_ended', Number(told.running));
    assert.equal(await two.stop(), 0);
    const times = two
      .find('execution_started', (line) => line.cause === 'catch-up')
      .map((line) => line.fire_time);
    assert.equal(new Set(times).size, times.length, 'none twice');
    assert.equal(times.length, told.running);
    assert.ok(fleet.executions().length >= times.length);
  });
}

test('a second instance on the folder is refused with the start of the first, until that one is killed', async (t) => {
  const { folder: STATE_DIR, start } = await stage(t);
  const one = await start();
  // On another engine, where nothing else would refuse it.
  const other = await stage(t);
  const two = await other.start({ STATE_DIR }, false);
  assert.equal(await two.ended(), 1);
  const { message } = await two.record('configuration_mistake');
  assert.match(
    message,
    new RegExp(`process ${one.process.pid} on .+, which started at \\d{4}-\\d\\d-\\d\\dT`),
  );
  one.process.kill('SIGKILL');
  await one.ended();
  const three = await other.start({ STATE_DIR });
  assert.equal((await health(three)).history.degraded, undefined);
});

test('a damaged database is set aside loudly, and the schedule goes on', async (t) => {
  const { folder, add, start } = await stage(t);
  add('db-1', { interval: '1s', command: 'true' });
  writeFileSync(join(folder, 'history.db'), 'no database'.repeat(2000));
  const program = await start();
  await program.record('warning', (line) => /DAMAGED .* set aside as/.test(line.message));
  await program.record('execution_ended');
  assert.equal((await health(program)).history.degraded, undefined);
  assert.ok(readdirSync(folder).some((name) => name.startsWith('history.db.corrupt-')));
});

test('while the folder can not be used the schedule goes on with one warning, and all is written when it can be', async (t) => {
  const { folder, add, start } = await stage(t);
  add('db-1', { interval: '1s', 'catch-up': 'once', command: 'true' });
  const obstacle = join(folder, 'obstacle');
  writeFileSync(obstacle, '');
  const program = await start({ STATE_DIR: join(obstacle, 'state') });
  const [early] = await program.records('execution_ended', 3);
  assert.match((await health(program)).history.degraded ?? '', /ENOTDIR/);
  const warnings = (): number => program.find('warning', (line) => line.source === 'history').length;
  assert.equal(warnings(), 1);
  rmSync(obstacle);
  await program.record('warning', (line) => /is written again/.test(line.message));
  assert.equal((await health(program)).history.degraded, undefined);
  assert.equal(await program.stop(), 0);
  const db = new Database(join(obstacle, 'state', 'history.db'));
  assert.equal(db.prepare('SELECT 1 FROM executions WHERE id = ?').all(early?.execution).length, 1);
  db.close();
});

/** Waits until so many whole seconds have begun: the fire times of `* * *`. */
async function secondsPass(count: number): Promise<void> {
  const until = (Math.floor(Date.now() / 1000) + count) * 1000 + 100;
  while (Date.now() < until) await new Promise((resolve) => setTimeout(resolve, until - Date.now()));
}

test('what an engine that is away lets pass is caught up when it is back, nothing twice', async (t) => {
  const { fleet, add, start } = await stage(t);
  add('db-1', { cron: '* * *', 'catch-up': 'all', max: '100', command: 'true' });
  const program = await start();
  await program.record('execution_ended');
  await fleet.goAway();
  await secondsPass(4);
  const before = program.lines.length;
  await fleet.comeBack();
  await program.record('execution_ended', (line) => line.outcome === 'exited', before);
  await secondsPass(2);
  assert.equal(await program.stop(), 0);
  const times = program.find('execution_started').map((line) => Date.parse(line.fire_time ?? ''));
  assert.equal(new Set(times).size, times.length, 'none twice');
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000 + 1;
  // A machine that stands still lets several come at once; each of those is told.
  const skipped = program.find('execution_skipped', (line) => line.reason === 'coalesced');
  const told = skipped.reduce((sum, line) => sum + Number(line.count ?? 1), 0);
  assert.equal(times.length + told, seconds, 'none left out');
});

test('what passes while no member of the service runs is caught up by the next one', async (t) => {
  const { fleet, add, start } = await stage(t);
  const only = add('db-1', { cron: '* * *', 'catch-up': 'once', command: 'true' });
  const program = await start();
  await program.record('execution_ended');
  fleet.world.stop(only);
  await program.record('job_removed');
  await secondsPass(4);
  fleet.world.start(only);
  const missed = await program.record('executions_missed');
  assert.ok(Number(missed.count) >= 3, `${missed.count} missed`);
  assert.equal(missed.running, 1);
  const caught = await program.record('execution_started', (line) => line.cause === 'catch-up');
  assert.equal(caught.fire_time, missed.fire_time_until);
});
