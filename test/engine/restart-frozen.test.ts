/** An engine that is stopped (SIGSTOP) keeps its connections and answers nothing. */
import assert from 'node:assert/strict';
import { daemonTest } from '../support/engine.ts';
import { checkLedger } from '../support/log-ledger.ts';
import { startProgram } from '../support/program.ts';
import { mostAtOnce, stampingCommand, temporaryStamps } from '../support/stamps.ts';
import { eventually } from '../support/waiting.ts';

/** Longer by hand: `CHOREWHEEL_FREEZE_SECONDS=60`. */
const FREEZE_MS = Number(process.env.CHOREWHEEL_FREEZE_SECONDS ?? 4) * 1000;

daemonTest(
  'a frozen engine holds up what needs it, and every fire time has its record when it thaws',
  async (t, start) => {
    const engine = await start();
    const stamps = temporaryStamps(t);
    const program = await startProgram(t, engine.host);
    await engine.run(t, {
      labels: program.labels({
        'long.command': stampingCommand('long', 2, 3),
        'long.cron': '*',
        'brief.command': 'true',
        'brief.cron': '*',
        'brief.max': '2',
      }),
      host: stamps.host,
    });
    const { execution } = await program.record('execution_started', ({ job }) => job === 'long');
    await eventually(() => stamps.read().length === 1);
    engine.signal('SIGSTOP');
    t.after(() => engine.signal('SIGCONT'));
    // What runs in a frozen engine's container goes on; its stamps tell the time that passes.
    await eventually(() => (stamps.read()[0]?.ended === true ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, FREEZE_MS));
    const frozen = program.lines.length;
    engine.signal('SIGCONT');
    const ended = await program.record('execution_ended', (line) => line.execution === execution);
    assert.deepEqual([ended.outcome, ended.exit_code], ['exited', 3]);
    await program.record(
      'execution_ended',
      ({ job, exit_code }) => job === 'brief' && exit_code === 0,
      frozen,
    );
    await program.record('execution_started', ({ job }) => job === 'long', frozen);
    const until = Date.now() - 1500;
    assert.equal(await program.stop(), 0);
    const faults = checkLedger(program.lines, () => 1, until);
    assert.deepEqual([faults.lost, faults.doubled, faults.open], [[], [], []]);
    assert.equal(mostAtOnce(stamps.read()), 1);
  },
);
