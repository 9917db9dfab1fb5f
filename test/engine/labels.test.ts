/** What labels ask for, and what becomes of mistakes in them. Told by the whole program. */
import assert from 'node:assert/strict';
import { engineTest, type TestEngine } from '../support/engine.ts';
import { call } from '../support/http.ts';
import { type LogLine, type Program, startProgram } from '../support/program.ts';

const inContainer =
  (name: string) =>
  ({ container }: LogLine): boolean =>
    container === name;

/** The lines that the first execution of a job wrote to its standard output. */
async function said(program: Program, job: string, container: string): Promise<string[]> {
  const ended = await program.record(
    'execution_ended',
    (line) => line.job === job && line.container === container,
  );
  return program
    .find('output', (line) => line.execution === ended.execution && line.stream === 'stdout')
    .map(({ message }) => message);
}

const jobsOf = (program: Program, container: string): unknown[] =>
  program
    .find('job_added', inContainer(container))
    .map(({ job }) => job)
    .sort();

engineTest('labels of an image count, and its user; with noimage neither does', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  const image = await imageWith(engine, program, {
    'inherited.command': 'id -un',
    'inherited.interval': '1s',
    'options.user': 'nobody',
  });
  const own = { 'own.command': 'id -un', 'own.interval': '1s' };
  const plain = await engine.run(t, { image, labels: program.labels(own) });
  const without = await engine.run(t, {
    image,
    labels: program.labels({ ...own, 'options.flags': 'noimage' }),
  });
  const overriding = await engine.run(t, {
    image,
    labels: program.labels({ ...own, 'options.user': 'www-data', 'own.user': '0:0' }),
  });
  assert.deepEqual(await said(program, 'own', plain.name), ['nobody']);
  assert.deepEqual(await said(program, 'inherited', plain.name), ['nobody']);
  assert.deepEqual(await said(program, 'own', without.name), ['root']);
  assert.deepEqual(await said(program, 'inherited', overriding.name), ['www-data']);
  assert.deepEqual(await said(program, 'own', overriding.name), ['root']);
  assert.deepEqual(jobsOf(program, plain.name), ['inherited', 'own']);
  assert.deepEqual(jobsOf(program, without.name), ['own']);
  assert.deepEqual(program.find('job_rejected'), [], 'options.user is no job');
  assert.equal(await program.stop(), 0);
});

engineTest('a default of noimage is turned by a label of the container alone', async (t, engine) => {
  const program = await startProgram(t, engine.host, { env: { DEFAULT_FLAGS: 'noimage' } });
  const image = await imageWith(engine, program, {
    'inherited.command': 'true',
    'inherited.interval': '1s',
    'options.flags': 'image',
  });
  const own = { 'own.command': 'true', 'own.interval': '1s' };
  const plain = await engine.run(t, { image, labels: program.labels(own) });
  // The engine merges labels: one that says the same as the image's is not to be told from it.
  const turned = await engine.run(t, {
    image,
    labels: program.labels({ ...own, 'options.flags': 'image,service' }),
  });
  await program.record('execution_ended', inContainer(plain.name));
  await program.record('execution_ended', inContainer(turned.name));
  assert.deepEqual(jobsOf(program, plain.name), ['own']);
  assert.deepEqual(jobsOf(program, turned.name), ['inherited', 'own']);
  assert.equal(await program.stop(), 0);
});

engineTest('an image that is gone takes no job with it', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  const labels = { 'inherited.command': 'true', 'inherited.interval': '1s', 'options.flags': 'noimage' };
  const image = await imageWith(engine, program, labels);
  const own = program.labels({ 'own.command': 'true', 'own.interval': '1s' });
  const box = await engine.run(t, { image, labels: own, start: false });
  const removed = await call(engine.socketPath, 'DELETE', `/images/${image}?force=1`);
  assert.equal(removed.status, 200, removed.body);
  await engine.change(box, 'start');
  await program.record('execution_ended', ({ job, exit_code }) => job === 'own' && exit_code === 0);
  await program.record('engine_warning', ({ message }) => /its image is gone/.test(message));
  assert.equal(await program.stop(), 0);
});

engineTest('quotes keep words together, nothing is expanded, and odd bytes are shown', async (t, engine) => {
  const program = await startProgram(t, engine.host);
  const box = await engine.run(t, {
    labels: program.labels({
      'quoting.command': String.raw`printf '%s\n' 'a b' "c \"d\" \$e" f\ g $HOME * '' ü`,
      'quoting.interval': '1s',
      'variables.command': 'env',
      'variables.interval': '1s',
      'variables.env.A': ` 'quoted' "twice" $HOME `,
      'variables.env.B': '',
      'variables.env.dotted.name': 'a=b=c',
      'bytes.command': `printf 'a\\377b\\033[31mc\\nlast without an end'`,
      'bytes.interval': '1s',
    }),
  });
  assert.deepEqual(await said(program, 'quoting', box.name), [
    'a b',
    'c "d" $e',
    'f g',
    '$HOME',
    '*',
    '',
    'ü',
  ]);
  const variables = await said(program, 'variables', box.name);
  for (const line of [`A= 'quoted' "twice" $HOME `, 'B=', 'dotted.name=a=b=c']) {
    assert.ok(variables.includes(line), `${line} in ${variables.join('\n')}`);
  }
  assert.deepEqual(await said(program, 'bytes', box.name), ['a\ufffdb\u001b[31mc', 'last without an end']);
  const [ended] = program.find('execution_ended', ({ job }) => job === 'bytes');
  assert.equal(ended?.exit_code, 0);
  assert.equal(await program.stop(), 0);
});

engineTest(
  'each mistake is told with its label, rejects its own job, and ends nothing',
  async (t, engine) => {
    const program = await startProgram(t, engine.host);
    const box = await engine.run(t, {
      labels: program.labels({
        'good.command': 'true',
        'good.interval': '1s',
        'never.command': 'true',
        'never.interval': '-5',
        'none.command': 'true',
        'none.cron': '*',
        'none.max': '0',
        'slip.comand': 'true',
        'slip.interval': '1s',
        'open.command': `echo "unbalanced`,
        'open.interval': '1s',
        'trailing.command': 'true',
        'trailing.cron': '0 0 0 nonsense',
        'both.command': 'true',
        'both.cron': '*',
        'both.interval': '1s',
        command: 'true',
        'classic.command': 'true',
        'classic.cron': '5 3 * * *',
      }),
    });
    await program.record('execution_ended', ({ job, exit_code }) => job === 'good' && exit_code === 0);
    const rejected = program.find('job_rejected', inContainer(box.name));
    assert.deepEqual(rejected.map(({ job }) => job).sort(), [
      'both',
      'never',
      'none',
      'open',
      'slip',
      'trailing',
    ]);
    const about = (job: string): string => rejected.find((line) => line.job === job)?.message ?? '';
    for (const [job, words] of [
      ['slip', 'command'],
      ['none', `${program.namespace}.none.max`],
      ['never', `${program.namespace}.never.interval`],
    ] as const) {
      assert.ok(about(job).includes(words), about(job));
    }
    const warnings = program.find('label_warning', inContainer(box.name));
    assert.ok(warnings.some(({ message }) => message.includes(`${program.namespace}.command`)));
    assert.ok(warnings.some(({ job }) => job === 'classic'));
    assert.deepEqual(jobsOf(program, box.name), ['classic', 'good']);
    assert.equal(await program.stop(), 0);
  },
);

let images = 0;

/** An image with labels of the program's namespace; its name. */
async function imageWith(
  engine: TestEngine,
  program: Program,
  attributes: Readonly<Record<string, string>>,
): Promise<string> {
  images += 1;
  const tag = `labels-${process.pid}-${images}:latest`;
  await engine.image(tag, program.labels(attributes));
  return tag;
}
