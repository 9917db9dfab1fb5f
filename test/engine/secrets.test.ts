/** Values of environment variables stay between the labels and the command. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineTest } from '../support/engine.ts';
import { call, readAll } from '../support/http.ts';
import { programFile, startProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const CANARY = 'canary-5b1f7c2e';

engineTest('no value of an environment variable is in log, API, history or check', async (t, engine) => {
  const stateDir = temporaryFolder(t);
  const env = { DEBUG: '1', STATE_DIR: stateDir, TIMEZONE: 'Europe/Berlin' };
  const program = await startProgram(t, engine.host, { env });
  const secret = (job: string, attributes: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries({ ...attributes, 'env.TOKEN': CANARY, 'env.dotted.name': `x${CANARY}` }).map(
      ([key, value]) => [`${job}.${key}`, value],
    );
  const labels = Object.fromEntries([
    ...secret('works', {
      command: `sh -c 'test -n "$TOKEN"'`,
      interval: '1s',
    }),
    ...secret('fails', { command: 'false', interval: '1s' }),
    ...secret('missing', { command: 'no-such-command', interval: '1s' }),
    ...secret('overdue', { command: 'sleep 600', interval: '1s', timeout: '1s' }),
    ...secret('rejected', { command: 'true', cron: 'nonsense' }),
    ...secret('unclear', { comand: 'true', interval: '1s' }),
    ...secret('odd', { command: 'true', interval: '1s', 'env.': CANARY, 'env.A=B': CANARY }),
    // The slip of leaving out the job.
    ['env.TOKEN', CANARY],
  ]);
  const box = await engine.run(t, { labels: program.labels(labels), env: [`SECRET=${CANARY}`] });
  await program.record('execution_ended', ({ job, exit_code }) => job === 'works' && exit_code === 0);
  await program.record('execution_ended', ({ job, exit_code }) => job === 'fails' && exit_code === 1);
  await program.record(
    'execution_ended',
    ({ job, outcome }) => job === 'missing' && outcome === 'failed to start',
  );
  await program.record('execution_ended', ({ job, outcome }) => job === 'overdue' && outcome === 'timeout');
  program.process.kill('SIGUSR1');
  await program.record('job', ({ job }) => job === 'works');
  const told: Record<string, string> = {};
  for (const path of ['/api/jobs', '/api/problems', '/api/executions', '/api/statistics', '/metrics']) {
    const answer = await call(program.controlSocket, 'GET', path);
    assert.equal(answer.status, 200, path);
    told[path] = answer.body;
  }
  told.check = await check(engine.host, program.namespace, box.name);
  assert.match(told.check, /works/);
  await engine.remove(box);
  await program.record('job_removed', ({ job }) => job === 'works');
  assert.equal(await program.stop(), 0);
  told.log = `${program.text()}\n${JSON.stringify(program.lines)}`;
  for (const name of readdirSync(stateDir)) told[name] = readFileSync(join(stateDir, name), 'latin1');
  for (const [where, text] of Object.entries(told))
    assert.ok(!text.includes(CANARY), `a value is in ${where}`);
});

async function check(host: string, namespace: string, container: string): Promise<string> {
  const child = spawn(process.execPath, [programFile(), 'check', '--container', container], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, DOCKER_HOST: host, LABEL_NAMESPACE: namespace },
  });
  return String(await readAll(child.stdout));
}
