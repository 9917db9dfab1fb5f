/**
 * The engine is killed and stopped under the whole program, without live-restore. Each story has a daemon of its own; what ran
 * when is told by the jobs themselves (`support/stamps.ts`).
 */
import assert from 'node:assert/strict';
import { daemonTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { mostAtOnce, stampingCommand, temporaryStamps } from '../support/stamps.ts';
import { eventually } from '../support/waiting.ts';

/** The engine's own word is 5 s after its return; a loaded machine starts it slowly. */
const SOON_MS = 30_000;

const restarting = { RestartPolicy: { Name: 'always' } };

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  daemonTest(
    `an engine ended by ${signal} takes its commands along: none is told as successful`,
    async (t, start) => {
      const engine = await start();
      const stamps = temporaryStamps(t);
      const program = await startProgram(t, engine.host);
      await engine.run(t, {
        labels: program.labels({
          'long.command': stampingCommand('long', 600),
          'long.interval': 'every second',
          'brief.command': 'true',
          'brief.cron': '*',
        }),
        host: { ...stamps.host, ...restarting },
      });
      const { execution } = await program.record('execution_started', ({ job }) => job === 'long');
      await eventually(() => stamps.read().some(({ job }) => job === 'long'));
      await engine.stop(signal);
      await engine.start();
      const back = Date.now();
      const ended = await program.record('execution_ended', (line) => line.execution === execution);
      // 137 where the engine still told of the kill, but not any more of its container.
      if (ended.outcome === 'exited') assert.equal(ended.exit_code, 137);
      else assert.match(String(ended.outcome), /^(?:unknown|container gone)$/, JSON.stringify(ended));
      assert.notEqual(ended.exit_code, 0);
      assert.ok(
        Date.parse(ended.time) - back < SOON_MS,
        `told ${Date.parse(ended.time) - back} ms after the return`,
      );
      const lines = program.lines.length;
      await program.record(
        'execution_ended',
        ({ job, exit_code }) => job === 'brief' && exit_code === 0,
        lines,
      );
      await program.record('execution_started', ({ job }) => job === 'long', lines);
      assert.ok(mostAtOnce(stamps.read()) <= 1);
      await engine.stop('SIGKILL');
      assert.equal(program.process.exitCode, null);
    },
  );
}

daemonTest(
  'a command that ends while its engine stops is never told as more than is known',
  async (t, start) => {
    const engine = await start();
    const stamps = temporaryStamps(t);
    const program = await startProgram(t, engine.host);
    // The container ignores TERM: the engine waits ten seconds for it, and takes no new connection meanwhile.
    await engine.run(t, {
      labels: program.labels({ 'short.command': stampingCommand('short', 2, 7), 'short.cron': '*' }),
      host: stamps.host,
    });
    const { execution } = await program.record('execution_started', ({ job }) => job === 'short');
    await eventually(() => stamps.read().length === 1);
    await engine.stop('SIGTERM');
    await engine.start();
    const ended = await program.record('execution_ended', (line) => line.execution === execution);
    if (ended.outcome === 'exited') {
      assert.equal(ended.exit_code, 7);
      assert.equal(stamps.read()[0]?.ended, true);
    } else assert.match(String(ended.outcome), /^(?:unknown|container gone)$/);
  },
);
