/** The main stories on Podman, whose API is Docker's with differences of its own. */
import assert from 'node:assert/strict';
import { podmanTest } from '../support/podman.ts';
import { startProgram } from '../support/program.ts';

podmanTest(
  'Podman carries jobs: output, exit codes, timeouts, and reasons of what can not start',
  async (t, engine) => {
    const program = await startProgram(t, engine.host);
    await engine.run(t, {
      labels: program.labels({
        'said.command': `sh -c 'echo "out $WORD"; echo err >&2; exit 3'`,
        'said.interval': '2s',
        'said.env.WORD': 'a  b',
        'quiet.command': 'sh -c "sleep 3; exit 5"',
        'quiet.interval': '2s',
        'missing.command': 'no-such-command',
        'missing.interval': '2s',
        'stuck.command': `sh -c 'trap "" TERM; sleep 600'`,
        'stuck.interval': '2s',
        'stuck.timeout': '1s',
      }),
    });
    const said = await program.record('execution_ended', ({ job }) => job === 'said');
    assert.deepEqual([said.outcome, said.exit_code], ['exited', 3]);
    await program.record('output', ({ stream, message }) => stream === 'stdout' && message === 'out a  b');
    await program.record('output', ({ stream, message }) => stream === 'stderr' && message === 'err');
    const quiet = await program.record('execution_ended', ({ job }) => job === 'quiet');
    assert.deepEqual([quiet.outcome, quiet.exit_code], ['exited', 5]);
    const missing = await program.record('execution_ended', ({ job }) => job === 'missing');
    assert.notEqual(missing.exit_code, 0);
    const stuck = await program.record('execution_ended', ({ job }) => job === 'stuck');
    assert.deepEqual([stuck.outcome, stuck.stopped], ['timeout', true]);
    assert.equal(await program.stop(), 0);
  },
);

podmanTest('Podman tells of containers that pause, end, go and come', async (t, engine) => {
  const program = await startProgram(t, engine.host, { env: { RESYNC_INTERVAL: '5s' } });
  const labels = program.labels({ 'long.command': 'sh -c "echo begun; sleep 600"', 'long.interval': '1s' });
  const box = await engine.run(t, { labels });
  const { execution } = await program.record('output', ({ message }) => message === 'begun');
  await engine.change(box, 'pause');
  await program.record('job_suspended');
  await engine.change(box, 'unpause');
  await program.record('job_resumed');
  await engine.change(box, 'kill');
  const ended = await program.record('execution_ended', (line) => line.execution === execution);
  assert.notEqual(ended.exit_code, 0);
  assert.match(String(ended.outcome), /^(?:container gone|exited|unknown)$/);
  await program.record('job_removed');
  await engine.run(t, { labels });
  await program.records('job_added', 2);
});
