import assert from 'node:assert/strict';
import { daemonTest, engineTest } from '../support/engine.ts';
import { call, type Listed, runExec } from '../support/http.ts';

engineTest('a container of the test image runs, tells its labels and carries an exec', async (t, engine) => {
  await engine.image('labelled:latest', { 'from.image': 'yes "quoted"' });
  const box = await engine.run(t, { labels: { own: 'label' }, image: 'labelled:latest' });
  const list = (await call<Listed[]>(engine.socketPath, 'GET', '/containers/json')).json;
  const entry = list.find(({ Id }) => Id === box.id);
  assert.deepEqual(entry?.Labels, { own: 'label', 'from.image': 'yes "quoted"' });
  const result = await runExec(engine.socketPath, box.id, ['sh', '-c', 'id -un; exit 7'], { User: 'nobody' });
  assert.equal(result.stdout, 'nobody\n');
  assert.equal(result.inspect.ExitCode, 7);
});

daemonTest(
  'a daemon with live-restore keeps its containers through a kill and a restart',
  async (t, start) => {
    const daemon = await start({ args: ['--live-restore'] });
    const box = await daemon.run(t);
    await daemon.stop('SIGKILL');
    await daemon.start();
    const state = await call<{ State: { Running: boolean; Pid: number } }>(
      daemon.socketPath,
      'GET',
      `/containers/${box.id}/json`,
    );
    assert.equal(state.json.State.Running, true);
  },
);
