/** The program behind a proxy that cuts what is idle (`rights.test.ts`: one that allows only what is needed). */
import assert from 'node:assert/strict';
import { engineTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { startProxy } from '../support/proxy.ts';

engineTest('a proxy that cuts idle connections costs no exit code and no job', async (t, engine) => {
  const proxy = await startProxy(t, engine.socketPath, { idleMs: 1500 });
  const program = await startProgram(t, proxy.host);
  await engine.run(t, {
    labels: program.labels({
      'silent.command': 'sh -c "sleep 5; exit 4"',
      'silent.interval': '1s',
      'brief.command': 'true',
      'brief.cron': '*/3',
    }),
  });
  const { execution } = await program.record('execution_started', ({ job }) => job === 'silent');
  const ended = await program.record('execution_ended', (line) => line.execution === execution);
  // Its code is told by the event or not at all: an inspection after a cut would say 126.
  assert.deepEqual([ended.outcome, ended.exit_code], ['exited', 4], ended.message);
  await program.records('execution_ended', 3, ({ job, exit_code }) => job === 'brief' && exit_code === 0);
  assert.ok(proxy.idleCuts > 0);
  const wrong = program.find('execution_ended', ({ job, exit_code }) => job === 'brief' && exit_code !== 0);
  assert.deepEqual(wrong, []);
});
