/** The whole program and an engine that takes calls only over TLS, from those with a certificate. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Certificates, makeCertificates } from '../docker/certificates.ts';
import { daemonTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** A folder as DOCKER_CERT_PATH takes it. */
function certFolder(t: TestContext, ca: string, client: Certificates['client']): string {
  const folder = temporaryFolder(t);
  copyFileSync(ca, join(folder, 'ca.pem'));
  copyFileSync(client.cert, join(folder, 'cert.pem'));
  copyFileSync(client.key, join(folder, 'key.pem'));
  return folder;
}

daemonTest('everything works over TLS, and nothing with other certificates', async (t, start) => {
  const certificates = makeCertificates((work) => t.after(work));
  const port = await freePort();
  const { ca, server, client, stranger, strangersCa } = certificates;
  const files = ['--tlscacert', ca, '--tlscert', server.cert, '--tlskey', server.key];
  const engine = await start({ args: ['-H', `tcp://127.0.0.1:${port}`, '--tlsverify', ...files] });

  const right = certFolder(t, ca, client);
  const host = `tcp://localhost:${port}`;
  const program = await startProgram(t, host, {
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: right, ASSERT_HOSTNAME: 'yes' },
  });
  const box = await engine.run(t, {
    labels: program.labels({
      'said.command': 'sh -c "echo encrypted; exit 3"',
      'said.cron': '*/2',
      'stuck.command': 'sleep 600',
      'stuck.cron': '*/2',
      'stuck.timeout': '1s',
    }),
  });
  await program.record('output', ({ message }) => message === 'encrypted');
  const said = await program.record('execution_ended', ({ job }) => job === 'said');
  assert.equal(said.exit_code, 3);
  const stuck = await program.record('execution_ended', ({ job }) => job === 'stuck');
  assert.deepEqual([stuck.outcome, stuck.stopped], ['timeout', true]);
  await engine.remove(box);
  await program.record('job_removed');
  assert.equal(await program.stop(), 0);

  const wrong: [string, Readonly<Record<string, string>>, RegExp][] = [
    ['a stranger’s authority', { DOCKER_CERT_PATH: certFolder(t, strangersCa, client) }, /certificate/i],
    ['a stranger’s client', { DOCKER_CERT_PATH: certFolder(t, ca, stranger) }, /certificate|alert|TLS|SSL/i],
    [
      'another host name',
      { DOCKER_CERT_PATH: right, ASSERT_HOSTNAME: 'yes', at: '127.0.0.1' },
      /name|altname/i,
    ],
  ];
  for (const [what, { at = 'localhost', ...env }, reason] of wrong) {
    const refused = await startProgram(t, `tcp://${at}:${port}`, {
      env: { DOCKER_TLS_VERIFY: '1', ...env },
      ready: false,
    });
    const { message } = await refused.record('engine_disconnected');
    assert.match(message, reason, what);
    assert.equal(refused.find('engine_connected').length, 0, what);
    assert.equal(await refused.stop(), 0);
  }
});
