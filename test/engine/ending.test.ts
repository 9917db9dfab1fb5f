/** How the program ends, and what it tells of itself at a signal. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { engineTest, type TestEngine } from '../support/engine.ts';
import { type Program, startProgram } from '../support/program.ts';

/** A program whose only job has begun to sleep for so many seconds. */
async function withRunningJob(
  t: TestContext,
  engine: TestEngine,
  seconds: number,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const program = await startProgram(t, engine.host, { env });
  const command = `sh -c 'echo begun; sleep ${seconds}; echo done'`;
  await engine.run(t, { labels: program.labels({ 'long.command': command, 'long.cron': '*' }) });
  await program.record('output', ({ message }) => message === 'begun');
  return program;
}

engineTest('SIGTERM lets a running job end, starts no other, and ends with 0', async (t, engine) => {
  const program = await withRunningJob(t, engine, 3, { STOP_TIMEOUT: '50s' });
  assert.equal(await program.stop(), 0);
  const events = program.lines.map(({ event }) => event);
  const draining = events.indexOf('draining');
  assert.ok(draining >= 0);
  assert.ok(!events.slice(draining).includes('execution_started'));
  const started = program.find('execution_started').length;
  assert.equal(program.find('output', ({ message }) => message === 'done').length, started);
  const ended = program.find('execution_ended').map(({ exit_code }) => exit_code);
  assert.deepEqual(
    ended,
    Array.from({ length: started }, () => 0),
  );
  assert.equal(events.at(-1), 'stopped');
});

engineTest(
  'a job that outlives STOP_TIMEOUT is told as abandoned, and the status is 2',
  async (t, engine) => {
    const program = await withRunningJob(t, engine, 600, { STOP_TIMEOUT: '1s' });
    assert.equal(await program.stop(), 2);
    const abandoned = program.find('execution_abandoned', ({ execution }) => execution !== undefined);
    assert.deepEqual(
      abandoned.map(({ job }) => job),
      ['long'],
    );
    const [stopped] = program.find('stopped');
    assert.deepEqual([stopped?.status, stopped?.abandoned], [2, 1]);
  },
);

engineTest('a second signal ends the program at once, whatever runs', async (t, engine) => {
  const program = await withRunningJob(t, engine, 600, { STOP_TIMEOUT: '1h' });
  program.process.kill('SIGINT');
  await program.record('draining');
  program.process.kill('SIGTERM');
  assert.equal(await program.ended(), 2);
});

engineTest('SIGUSR1 lists every job with its state and never ends anything', async (t, engine) => {
  const program = await startProgram(t, engine.host, { env: { TIMEZONE: 'Asia/Tokyo' } });
  program.process.kill('SIGUSR1');
  await program.record('no_jobs');
  const box = await engine.run(t, {
    labels: program.labels({
      'daily.command': 'mysqldump --password=s3cret shop',
      'daily.crontab': '0 4 * * *',
      'weekly.command': 'true',
      'weekly.interval': 'weekly',
      'past.command': 'true',
      'past.date': '2001-01-01',
    }),
  });
  await program.records('job_added', 3);
  program.process.kill('SIGUSR1');
  const jobs = await program.records('job', 3);
  const daily = jobs.find(({ job }) => job === 'daily');
  assert.deepEqual(
    [daily?.container, daily?.container_id, daily?.state, daily?.trigger, daily?.timezone, daily?.running],
    [box.name, box.id, 'armed', '0 4 * * *', 'Asia/Tokyo', 0],
  );
  assert.match(String(daily?.next_fire_time), /T19:00:00\.000Z$/);
  assert.doesNotMatch(JSON.stringify(jobs), /s3cret/);
  assert.equal(jobs.find(({ job }) => job === 'past')?.state, 'waiting');
  await engine.change(box, 'pause');
  await program.records('job_suspended', 2);
  const from = program.lines.length;
  program.process.kill('SIGUSR1');
  await program.record('job', ({ job, state }) => job === 'weekly' && state === 'suspended', from);
  assert.equal(await program.stop(), 0);
});
