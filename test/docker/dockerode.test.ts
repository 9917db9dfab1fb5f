import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The compiled or the plain module, whichever these tests run from. */
function moduleUrl(): string {
  const compiled = new URL('../../src/docker/dockerode.js', import.meta.url);
  return existsSync(fileURLToPath(compiled)) ? compiled.href : compiled.href.replace(/js$/, 'ts');
}

test('dockerode is loaded without gRPC, protobuf and ssh, and whoever needs those gets them later', async () => {
  const program = `
    import { createRequire } from 'node:module';
    const { loadDockerode } = await import(${JSON.stringify(moduleUrl())});
    const require = createRequire(${JSON.stringify(moduleUrl())});
    const Client = loadDockerode();
    const heavy = Object.keys(require.cache).filter((path) => /grpc|protobuf|ssh2/.test(path));
    const real = require('dockerode/lib/session');
    console.log(JSON.stringify({
      heavy,
      same: loadDockerode() === Client,
      calls: typeof new Client({ socketPath: '/nowhere' }).listContainers,
      later: Object.keys(require.cache).some((path) => /grpc/.test(path)),
    }));`;
  const { stdout } = await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', program]);
  assert.deepEqual(JSON.parse(stdout), { heavy: [], same: true, calls: 'function', later: true });
});
