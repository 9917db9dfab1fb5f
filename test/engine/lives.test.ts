/** Containers come, pause, are renamed and go; services move their jobs. Told by the whole program. */
import assert from 'node:assert/strict';
import { IMAGE } from '../support/daemon.ts';
import { engineTest, type RunningContainer, type TestEngine } from '../support/engine.ts';
import { call } from '../support/http.ts';
import { type LogLine, type Program, startProgram } from '../support/program.ts';
import { eventually } from '../support/waiting.ts';

const WEEKLY = { 'weekly.command': 'true', 'weekly.interval': 'weekly' };
const TICKS = { 'tick.command': 'true', 'tick.cron': '*' };

function service(name: string): Record<string, string> {
  return { 'com.docker.compose.project': 'story', 'com.docker.compose.service': name };
}

const inContainer =
  (name: string) =>
  ({ container }: LogLine): boolean =>
    container === name;

/** Changes a container and waits for the record that must follow. */
function changing(program: Program, engine: TestEngine) {
  return async (
    box: RunningContainer,
    verb: string,
    event: string,
    matches?: (line: LogLine) => boolean,
  ): Promise<LogLine> => {
    const from = program.lines.length;
    await (verb === 'remove' ? engine.remove(box) : engine.change(box, verb));
    return program.record(event, matches, from);
  };
}

/**
 * Has the job run now, and waits for the end in that container. The stories with pauses have no other execution: an
 * exec that starts while its container is being paused can wedge the engine, and holds the job at its `max`.
 */
async function runsIn(program: Program, container: string): Promise<void> {
  const from = program.lines.length;
  const id = encodeURIComponent(String(program.find('job_added')[0]?.job_id));
  const answer = await call(program.controlSocket, 'POST', `/api/jobs/${id}/run`);
  assert.equal(answer.status, 202, answer.body);
  const ended = await program.record('execution_ended', undefined, from);
  assert.deepEqual([ended.container, ended.exit_code], [container, 0]);
}

engineTest(
  'the job of a container follows its start, pause, rename, death and removal',
  async (t, engine) => {
    const program = await startProgram(t, engine.host);
    const change = changing(program, engine);
    const box = await engine.run(t, { labels: program.labels(WEEKLY), start: false });
    assert.deepEqual(program.find('job_added'), []);
    await change(box, 'start', 'job_added', inContainer(box.name));
    await runsIn(program, box.name);
    await change(box, 'pause', 'job_suspended');
    await change(box, 'unpause', 'job_resumed');
    await runsIn(program, box.name);
    const renamed = `${box.name}-renamed`;
    await engine.change(box, `rename?name=${renamed}`);
    await eventually(async () => {
      const { body } = await call(program.controlSocket, 'GET', '/api/jobs');
      return body.includes(`"${renamed}"`);
    });
    await runsIn(program, renamed);
    const since = program.lines.length;
    const removed = await change(box, 'kill', 'job_removed', inContainer(renamed));
    assert.match(String(removed.reason), /ended/);
    await change(box, 'start', 'job_added', inContainer(renamed));
    await runsIn(program, renamed);
    await change(box, 'remove', 'job_removed', inContainer(renamed));
    assert.deepEqual(program.lines.slice(since).filter(inContainer(box.name)), []);
    assert.equal(await program.stop(), 0);
  },
);

engineTest(
  'the job of a service moves between its running members, and runs where it is',
  async (t, engine) => {
    const program = await startProgram(t, engine.host);
    const change = changing(program, engine);
    const labels = { ...program.labels(WEEKLY), ...service(program.namespace) };
    const one = await engine.run(t, { labels });
    await program.record('job_added', inContainer(one.name));
    const two = await engine.run(t, { labels });
    // None of these may ever carry the job: not started, made by `compose run`, without the job's labels.
    await engine.run(t, { labels, start: false });
    await engine.run(t, { labels: { ...labels, 'com.docker.compose.oneoff': 'True' } });
    await engine.run(t, { labels: service(program.namespace) });
    const movesTo = async (box: RunningContainer, moved: Promise<LogLine>): Promise<void> => {
      assert.equal((await moved).container, box.name);
      await runsIn(program, box.name);
    };

    await movesTo(two, change(one, 'pause', 'job_moved'));
    await change(two, 'pause', 'job_suspended');
    await movesTo(one, change(one, 'unpause', 'job_moved'));
    await engine.change(two, 'unpause');
    await movesTo(two, change(one, 'kill', 'job_moved'));
    await change(two, 'pause', 'job_suspended');
    await movesTo(one, change(one, 'start', 'job_moved'));
    await engine.change(two, 'unpause');
    await movesTo(two, change(one, 'remove', 'job_moved'));
    await change(two, 'remove', 'job_removed');
    assert.equal(new Set(program.find('execution_started').map(({ job_id }) => job_id)).size, 1);
    assert.equal(await program.stop(), 0);
  },
);

engineTest('with the service flag off each replica has a job of its own', async (t, engine) => {
  const program = await startProgram(t, engine.host, { env: { DEFAULT_FLAGS: 'noservice' } });
  const labels = { ...program.labels(TICKS), ...service(program.namespace) };
  const one = await engine.run(t, { labels });
  const two = await engine.run(t, { labels });
  const [first, second] = await program.records('job_added', 2);
  assert.notEqual(first?.job_id, second?.job_id);
  for (const { name } of [one, two]) await program.record('execution_ended', inContainer(name));
  await engine.remove(one);
  await program.record('job_removed', inContainer(one.name));
  await program.record('execution_started', inContainer(two.name), program.lines.length);
  assert.equal(await program.stop(), 0);
});

engineTest('containers that are gone before they were asked about harm nobody', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  // Its image is given as a bare id, as a step of an image build has it: that asks for an inspection.
  const image = (await call(engine.socketPath, 'GET', `/images/${IMAGE}/json`)).json.Id;
  const gone = await Promise.all(
    Array.from({ length: 4 }, () =>
      engine.run(t, { image, labels: program.labels(TICKS), command: ['true'], host: { AutoRemove: true } }),
    ),
  );
  const stays = await engine.run(t, { image, labels: program.labels(TICKS) });
  await program.record('execution_ended', inContainer(stays.name));
  for (const { name } of gone.filter(({ name }) => program.find('job_added', inContainer(name)).length > 0)) {
    await program.record('job_removed', inContainer(name));
  }
  assert.equal(await program.stop(), 0);
});

engineTest('the steps of an image build carry no jobs', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  const image = (await call(engine.socketPath, 'GET', `/images/${IMAGE}/json`)).json.Id;
  const labels = program.labels(TICKS);
  const step = await engine.run(t, { image, labels, host: { LogConfig: { Type: 'none' } } });
  await program.record('engine_warning', ({ message }) => message.includes(step.name));
  const other = await engine.run(t, { image, labels });
  await program.record('job_added', inContainer(other.name));
  assert.deepEqual(program.find('job_added', inContainer(step.name)), []);
  assert.equal(await program.stop(), 0);
});
