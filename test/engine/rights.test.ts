/** The program needs no more of the engine than docs/security.md says and examples/socket-proxy.cfg allows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { IMAGE } from '../support/daemon.ts';
import { engineTest } from '../support/engine.ts';
import { call } from '../support/http.ts';
import { startProgram } from '../support/program.ts';
import { projectFile } from '../support/project.ts';
import { startProxy } from '../support/proxy.ts';

/** What the rules of the example allow: `read` or `write`, and the path. */
function exampleRules(): readonly {
  readonly name: string;
  readonly method: RegExp;
  readonly path: RegExp;
}[] {
  const text = readFileSync(projectFile('examples/socket-proxy.cfg'), 'utf8');
  const paths = new Map(
    [...text.matchAll(/^ *acl (\w+) +path_reg (\S+)$/gm)].map(([, name, path]) => [name, path]),
  );
  const methods = { read: /^(GET|HEAD)$/, write: /^POST$/ };
  return [...text.matchAll(/\b(read|write) (\w+)/g)].flatMap(([, kind, name]) => {
    const path = paths.get(name);
    return path === undefined || name === undefined
      ? []
      : [{ name, method: methods[kind as keyof typeof methods], path: new RegExp(path) }];
  });
}

engineTest(
  'everything works through a proxy with the rules of the example, and each rule is needed',
  async (t, engine) => {
    const rules = exampleRules();
    assert.equal(rules.length, 9);
    const used = new Set<string>();
    const proxy = await startProxy(t, engine.socketPath, {
      allows(method, path) {
        const rule = rules.find(
          (each) => each.method.test(method) && each.path.test(path.replace(/\?.*/, '')),
        );
        if (rule !== undefined) used.add(rule.name);
        return rule !== undefined;
      },
    });
    const program = await startProgram(t, proxy.host);
    const image = (await call(engine.socketPath, 'GET', `/images/${IMAGE}/json`)).json.Id;
    const attributes = { 'tick.command': 'echo said', 'tick.cron': '*' };
    await engine.run(t, { image, labels: program.labels({ ...attributes, 'options.flags': 'noimage' }) });
    await program.record('output', ({ message }) => message === 'said');
    const box = await engine.run(t, {
      labels: program.labels({ 'long.command': 'sleep 600', 'long.cron': '*', 'long.timeout': '1s' }),
    });
    await program.record(
      'execution_ended',
      ({ outcome, stopped }) => outcome === 'timeout' && stopped === true,
    );
    await engine.remove(box);
    assert.equal(await program.stop(), 0);
    assert.deepEqual(proxy.denied, []);
    // A ping is sent only when the engine has been silent for a while.
    assert.deepEqual(
      [...used, 'ping'].filter((name, at, all) => all.indexOf(name) === at).sort(),
      rules.map(({ name }) => name).sort(),
    );
  },
);
