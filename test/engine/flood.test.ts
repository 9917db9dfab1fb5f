/** Short floods; `npm run flood` runs the long ones and prints figures. */
import assert from 'node:assert/strict';
import { FLOODS, figuresText, runFlood } from '../flood/floods.ts';
import { engineTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { stampingCommand, temporaryStamps } from '../support/stamps.ts';
import { eventually } from '../support/waiting.ts';

const BYTES = 60_000_000;
/** The promise is 64 MiB; the rest is for the collector's moods on a small machine. */
const GROWTH_MB = 128;

for (const flood of FLOODS)
  engineTest(
    `a job that writes ${BYTES / 1e6} MB (${flood.name}) takes neither memory nor time`,
    async (t, engine) => {
      const figures = await runFlood(t, engine, flood, BYTES);
      t.diagnostic(figuresText(flood.name, BYTES, figures));
      assert.ok(figures.growthMb < GROWTH_MB, `memory grew by ${figures.growthMb} MiB`);
      assert.ok(
        figures.omittedBytes > BYTES / 2 && figures.omittedBytes <= BYTES,
        String(figures.omittedBytes),
      );
    },
  );

engineTest(
  'a reader of the log that stands still holds up no job, and learns what it lost',
  async (t, engine) => {
    const stamps = temporaryStamps(t);
    const program = await startProgram(t, engine.host, { env: { OUTPUT_LIMIT: '50 MB' } });
    program.process.stdout?.pause();
    await engine.run(t, {
      labels: program.labels({
        'loud.command': 'sh -c "yes | head -c 20000000"',
        'loud.interval': '1s',
        'stamp.command': stampingCommand('stamp', 0.5),
        'stamp.cron': '*',
      }),
      host: stamps.host,
    });
    // Nobody reads, and five executions come to their end all the same.
    await eventually(() => stamps.read().filter(({ ended }) => ended).length >= 5);
    program.process.stdout?.resume();
    await program.records('execution_ended', 5, ({ job, exit_code }) => job === 'stamp' && exit_code === 0);
    await program.record('execution_ended', ({ job, exit_code }) => job === 'loud' && exit_code === 0);
    assert.equal(await program.stop(), 0);
  },
);
