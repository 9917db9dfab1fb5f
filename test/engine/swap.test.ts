/** The main job on a real engine: containers with deck-chores' labels, and what becomes of them. */
import assert from 'node:assert/strict';
import { engineTest } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';

engineTest(
  'each kind of trigger fires on time, with output of both streams and the exit code',
  async (t, engine) => {
    const program = await startProgram(t, engine.host, { env: { TIMEZONE: 'Europe/Berlin' } });
    const soon = new Date(Date.now() + 4000).toISOString().slice(0, 19);
    await engine.run(t, {
      name: `${program.namespace}-box`,
      labels: program.labels({
        'by-cron.command': `sh -c 'echo "out: $GREETING"; echo err >&2; exit 3'`,
        'by-cron.cron': '*/2',
        'by-cron.env.GREETING': 'hello  world',
        'by-crontab.command': 'id -un',
        'by-crontab.crontab': '*/2 * * * * *',
        'by-crontab.user': 'nobody',
        'by-interval.command': 'pwd',
        'by-interval.interval': '2 seconds',
        'by-interval.workdir': '/tmp',
        'by-date.command': 'echo once',
        'by-date.date': `${soon}Z`,
      }),
    });
    const cron = await program.record('execution_ended', (line) => line.job === 'by-cron');
    assert.equal(cron.exit_code, 3);
    assert.equal(cron.container, `${program.namespace}-box`);
    assert.notEqual(cron.level, 'INFO');
    const said = program.find('output', (line) => line.job === 'by-cron');
    assert.deepEqual(
      said
        .slice(0, 2)
        .map(({ stream, message }) => [stream, message])
        .sort(),
      [
        ['stderr', 'err'],
        ['stdout', 'out: hello  world'],
      ],
    );
    await program.record('output', (line) => line.job === 'by-crontab' && line.message === 'nobody');
    await program.record('output', (line) => line.job === 'by-interval' && line.message === '/tmp');
    await program.record('output', (line) => line.job === 'by-date' && line.message === 'once');
    for (const { job, fire_time } of program.find('execution_started', ({ job }) => job !== 'by-interval')) {
      assert.match(String(fire_time), /:\d[02468]\.000Z$|:\d\d\.000Z$/, `${job} at ${fire_time}`);
    }
    assert.equal(await program.stop(), 0);
    assert.doesNotMatch(program.text(), /GREETING=/);
  },
);
