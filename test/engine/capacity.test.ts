/** How many run at once: `max`, overlap, the pool; and what holds up an execution. Told by the whole program. */
import assert from 'node:assert/strict';
import { engineTest } from '../support/engine.ts';
import { type LogLine, type Program, startProgram } from '../support/program.ts';

const ofJob =
  (name: string) =>
  ({ job }: LogLine): boolean =>
    job === name;

/** The most executions that ran at the same time, by the order of the log. */
function mostAtOnce(program: Program, matches: (line: LogLine) => boolean = () => true): number {
  let running = 0;
  let most = 0;
  for (const line of program.lines.filter(matches)) {
    if (line.event === 'execution_started') running += 1;
    if (line.event === 'execution_ended') running -= 1;
    most = Math.max(most, running);
  }
  return most;
}

engineTest(
  'at its max a job skips or queues, as it says, and tells what became of each time',
  async (t, engine) => {
    const program = await startProgram(t, engine.host, { env: { DEBUG: '1' } });
    const slow = { command: 'sleep 2.5', cron: '*' };
    const job = (name: string, more: Record<string, string>): Record<string, string> =>
      Object.fromEntries(
        Object.entries({ ...slow, ...more }).map(([key, value]) => [`${name}.${key}`, value]),
      );
    await engine.run(t, {
      labels: program.labels({
        ...job('skips', {}),
        ...job('twice', { max: '2' }),
        ...job('queues', { overlap: 'queue' }),
      }),
    });
    for (const name of ['skips', 'twice', 'queues']) await program.records('execution_ended', 2, ofJob(name));
    await program.record('execution_skipped', (line) => line.job === 'skips' && line.reason === 'overlap');
    await program.record('execution_skipped', (line) => line.job === 'twice' && line.reason === 'overlap');
    await program.record('execution_waits', ofJob('queues'));
    assert.equal(mostAtOnce(program, ofJob('skips')), 1);
    assert.equal(mostAtOnce(program, ofJob('twice')), 2);
    assert.equal(mostAtOnce(program, ofJob('queues')), 1);
    // What waited starts when its place is free.
    const waited = new Set(
      program.find('execution_waits', ofJob('queues')).map(({ fire_time }) => fire_time),
    );
    await program.record('execution_started', (line) => line.job === 'queues' && waited.has(line.fire_time));
    assert.deepEqual(
      program.find('execution_skipped', (line) => line.job === 'queues' && line.reason === 'overlap'),
      [],
    );
    assert.equal(await program.stop(), 0);
  },
);

engineTest('a full pool queues what is due at once and loses nothing', async (t, engine) => {
  const program = await startProgram(t, engine.host, { env: { JOB_POOL_SIZE: '2' } });
  const soon = `${new Date(Date.now() + 10_000).toISOString().slice(0, 19)}Z`;
  const names = ['a', 'b', 'c', 'd'];
  const labels = program.labels(
    Object.fromEntries(
      names.flatMap((name) => [
        [`${name}.command`, 'sleep 1.2'],
        [`${name}.date`, soon],
      ]),
    ),
  );
  const boxes = await Promise.all([engine.run(t, { labels }), engine.run(t, { labels })]);
  const ended = await program.records('execution_ended', names.length * boxes.length);
  assert.ok(ended.every(({ exit_code }) => exit_code === 0));
  assert.equal(new Set(ended.map(({ job, container }) => `${job} ${container}`)).size, ended.length);
  assert.deepEqual(
    new Set(ended.map(({ fire_time }) => Date.parse(String(fire_time)))),
    new Set([Date.parse(soon)]),
  );
  assert.equal(mostAtOnce(program), 2);
  assert.equal(await program.stop(), 0);
});

engineTest(
  'an execution that meets a pause ends after it, and holds up no other container',
  async (t, engine) => {
    const program = await startProgram(t, engine.host, { env: { JOB_POOL_SIZE: '2' } });
    const long = { 'long.command': `sh -c 'echo begun; sleep 5; echo done'`, 'long.cron': '*' };
    const box = await engine.run(t, { labels: program.labels(long) });
    await program.record('output', ({ message }) => message === 'begun');
    await engine.change(box, 'pause');
    await program.record('job_suspended');
    const other = await engine.run(t, {
      labels: program.labels({ 'other.command': 'true', 'other.cron': '*' }),
    });
    await program.records('execution_ended', 2, ({ container }) => container === other.name);
    const from = program.lines.length;
    await engine.change(box, 'unpause');
    await program.record('execution_ended', (line) => line.job === 'long' && line.exit_code === 0, from);
    assert.equal(await program.stop(), 0);
  },
);

engineTest(
  'an execution whose container dies is told as cut off, and the next life runs again',
  async (t, engine) => {
    const program = await startProgram(t, engine.host);
    const long = { 'long.command': `sh -c 'echo begun; sleep 600'`, 'long.cron': '*' };
    const box = await engine.run(t, { labels: program.labels(long) });
    await program.record('output', ({ message }) => message === 'begun');
    const from = program.lines.length;
    await engine.change(box, 'kill');
    const ended = await program.record('execution_ended', ofJob('long'), from);
    assert.match(String(ended.outcome), /container gone|exited/);
    assert.notEqual(ended.exit_code, 0);
    const down = program.lines.length;
    await engine.change(box, 'start');
    await program.record('output', ({ message }) => message === 'begun', down);
    const up = program.lines.length;
    await engine.remove(box);
    await program.record('job_removed', ofJob('long'), up);
    assert.equal(await program.stop(), 0);
  },
);

engineTest('a timeout stops the command in its container', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  const labels = program.labels({
    'long.command': `sh -c 'trap "echo told; exit 0" TERM; sleep 600 & wait'`,
    'long.cron': '*',
    'long.timeout': '1s',
  });
  const box = await engine.run(t, { labels });
  const ended = await program.record('execution_ended', ofJob('long'));
  await engine.remove(box);
  assert.deepEqual([ended.outcome, ended.stopped], ['timeout', true]);
  assert.notEqual(ended.level, 'INFO');
});
