/** With live-restore commands outlive their engine, and no call of its API knows them any more. */
import assert from 'node:assert/strict';
import { daemonTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { mostAtOnce, stampingCommand, temporaryStamps } from '../support/stamps.ts';
import { eventually } from '../support/waiting.ts';

/** A place is to be free 5 s after the real end; the rest is for a loaded machine. */
const FREED_MS = 20_000;

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  daemonTest(
    `a command that outlives its engine (${signal}, live-restore) keeps its place until it has ended`,
    async (t, start) => {
      const engine = await start({ args: ['--live-restore'] });
      const stamps = temporaryStamps(t);
      const program = await startProgram(t, engine.host);
      await engine.run(t, {
        labels: program.labels({ 'once.command': stampingCommand('once', 12, 5), 'once.cron': '*' }),
        host: stamps.host,
      });
      const { execution } = await program.record('execution_started', ({ job }) => job === 'once');
      await eventually(() => stamps.read().length === 1);
      await engine.stop(signal);
      await engine.start();
      const ended = await program.record('execution_ended', (line) => line.execution === execution);
      assert.equal(ended.outcome, 'unknown', JSON.stringify(ended));
      await program.record('execution_started', (line) => line.execution !== execution);
      await eventually(() => stamps.read().length === 2);
      const [first, second] = stamps.read();
      assert.equal(first?.ended, true);
      assert.equal(mostAtOnce(stamps.read()), 1);
      const freed = ((second?.start ?? 0) - (first?.last ?? 0)) * 1000;
      t.diagnostic(`the next one began ${freed.toFixed(0)} ms after the end`);
      assert.ok(freed < FREED_MS, `the next one began ${freed} ms after the end`);
    },
  );
}
