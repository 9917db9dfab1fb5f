/** What a program leaves to the next one, told to stop or killed. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { engineTest } from '../support/engine.ts';
import { runExec } from '../support/http.ts';
import { startProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Runs until it is let go, then ends with 5. */
const GATED = {
  'gated.command': `sh -c 'echo begun; while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 5'`,
  'gated.cron': '*',
  'gated.catch-up': 'once',
};

for (const [how, signal, status] of [
  ['is told to stop', 'SIGTERM', 2],
  ['is killed', 'SIGKILL', null],
] as const) {
  engineTest(
    `a job that still ran when the program ${how} is found again by the next one`,
    async (t, engine) => {
      const env = { STATE_DIR: temporaryFolder(t), STOP_TIMEOUT: '0' };
      const first = await startProgram(t, engine.host, { env });
      const { namespace } = first;
      const box = await engine.run(t, { labels: first.labels(GATED) });
      const { execution } = await first.record('output', ({ message }) => message === 'begun');
      first.process.kill(signal);
      assert.equal(await first.ended(), status);
      const next = await startProgram(t, engine.host, { env, namespace });
      await next.record('execution_skipped', ({ reason }) => reason === 'overlap');
      assert.deepEqual(next.find('execution_started'), []);
      await runExec(engine.socketPath, box.id, ['touch', '/tmp/go']);
      const ended = await next.record('execution_ended', (line) => line.execution === execution);
      assert.equal(ended.exit_code, 5);
      const again = await next.record('execution_ended', (line) => line.execution !== execution);
      assert.equal(again.exit_code, 5);
      await engine.remove(box);
      await next.record('job_removed');
      assert.equal(await next.stop(), 0);
    },
  );
}

engineTest(
  'fire times that pass while no program runs are made up for once, and none is run twice',
  async (t, engine) => {
    const env = { STATE_DIR: temporaryFolder(t) };
    const first = await startProgram(t, engine.host, { env });
    const { namespace } = first;
    await engine.run(t, {
      labels: first.labels({ 'often.command': 'true', 'often.cron': '*', 'often.catch-up': 'once' }),
    });
    const { time } = await first.record('execution_ended');
    first.process.kill('SIGKILL');
    await first.ended();
    // At least two fire times lie between the last one that ran and the next program.
    await delay(Math.max(0, Date.parse(time) + 3500 - Date.now()));
    const next = await startProgram(t, engine.host, { env, namespace });
    const missed = await next.record('executions_missed');
    assert.equal(missed.policy, 'once');
    await next.record('execution_started', ({ cause }) => cause === 'catch-up');
    await next.record('execution_started', ({ cause }) => cause === 'schedule');
    assert.equal(await next.stop(), 0);
    assert.equal(next.find('execution_started', ({ cause }) => cause === 'catch-up').length, 1);
    // An execution that the second program only followed to its end is the same one.
    const ends = [...first.lines, ...next.lines].filter(({ event }) => event === 'execution_ended');
    const ran = new Map(ends.map((line) => [line.execution, line.fire_time]));
    assert.equal(new Set(ran.values()).size, ran.size, JSON.stringify([...ran]));
  },
);
