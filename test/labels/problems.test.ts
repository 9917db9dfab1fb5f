/** Every class of mistake with the message that it gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../src/labels/definition.ts';
import { parseLabels } from '../../src/parse-labels.ts';

type Labels = Readonly<Record<string, string>>;

/** Labels of job `j`, with a command and an interval unless other ones are given. */
function job(attributes: Labels): Labels {
  const trigger = ['cron', 'crontab', 'date', 'interval'].some((name) => name in attributes);
  const all = { command: 'c', ...(trigger ? {} : { interval: '1h' }), ...attributes };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`deck-chores.j.${name}`, value]));
}

function only(problems: readonly Problem[]): Problem {
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return problems[0] ?? assert.fail();
}

interface Case {
  readonly given: Labels;
  readonly label: string;
  readonly message: string | RegExp;
  readonly hint?: string;
}

const tooLongName = 'n'.repeat(65);
const rejected: readonly Case[] = [
  { given: { 'deck-chores.j.interval': '1h' }, label: 'deck-chores.j.command', message: 'it is missing' },
  {
    given: { 'deck-chores.j.command': 'c' },
    label: 'deck-chores.j',
    message: 'one of cron, crontab, date, interval is missing',
  },
  { given: job({ command: ' ' }), label: 'deck-chores.j.command', message: 'is empty' },
  {
    given: job({ command: "sh -c 'x" }),
    label: 'deck-chores.j.command',
    message: 'has a single quote at character 7 that is never closed',
    hint: "Close it, or write \\' for the character itself",
  },
  {
    given: job({ command: 'x "' }),
    label: 'deck-chores.j.command',
    message: 'has a double quote at character 3 that is never closed',
    hint: 'Close it, or write \\" for the character itself',
  },
  {
    given: job({ command: 'x \\' }),
    label: 'deck-chores.j.command',
    message: 'ends with a lone backslash',
    hint: 'Write \\\\ for a backslash',
  },
  {
    given: job({ command: 'x\0' }),
    label: 'deck-chores.j.command',
    message: 'holds a NUL character, which no argument can hold',
  },
  { given: job({ cron: '60' }), label: 'deck-chores.j.cron', message: /^second: 60 is above/ },
  { given: job({ crontab: '61 * * * *' }), label: 'deck-chores.j.crontab', message: /61/ },
  { given: job({ date: '2031-02-30' }), label: 'deck-chores.j.date', message: /./ },
  { given: job({ interval: '0' }), label: 'deck-chores.j.interval', message: /./ },
  {
    given: job({ date: '2031-02-03', jitter: '5' }),
    label: 'deck-chores.j.jitter',
    message: 'a date can have no jitter',
  },
  {
    given: job({ jitter: '-5' }),
    label: 'deck-chores.j.jitter',
    message: '"-5" is not a duration: seconds, or numbers with units such as 90s, 5m, 1.5h, 2 days',
  },
  {
    given: job({ jitter: '5 ms' }),
    label: 'deck-chores.j.jitter',
    message: '"5 ms" is not a duration: seconds, or numbers with units such as 90s, 5m, 1.5h, 2 days',
    hint: 'Write 0.5s for half a second: there are no smaller units',
  },
  {
    given: job({ jitter: '9'.repeat(30) }),
    label: 'deck-chores.j.jitter',
    message: /is longer than 100 years$/,
  },
  {
    given: job({ max: '0' }),
    label: 'deck-chores.j.max',
    message: '"0" is not a whole number of at least 1',
  },
  {
    given: job({ max: '0x10' }),
    label: 'deck-chores.j.max',
    message: '"0x10" is not a whole number of at least 1',
  },
  {
    given: job({ max: '1e999' }),
    label: 'deck-chores.j.max',
    message: '"1e999" is not a whole number of at least 1',
  },
  {
    given: job({ max: 'NaN' }),
    label: 'deck-chores.j.max',
    message: '"NaN" is not a whole number of at least 1',
  },
  {
    given: job({ overlap: 'queu' }),
    label: 'deck-chores.j.overlap',
    message: '"queu" is not one of skip, queue',
    hint: 'Did you mean queue?',
  },
  {
    given: job({ 'catch-up': 'never' }),
    label: 'deck-chores.j.catch-up',
    message: '"never" is not one of skip, once, all',
  },
  {
    given: job({ grace: 'soon' }),
    label: 'deck-chores.j.grace',
    message:
      '"soon" is not a duration: seconds, or numbers with units such as 90s, 5m, 1.5h, 2 days, or unlimited',
  },
  {
    given: job({ timeout: '0' }),
    label: 'deck-chores.j.timeout',
    message: '"0" is too short: more than 0 is expected',
  },
  {
    given: job({ timezone: 'europe/berlin' }),
    label: 'deck-chores.j.timezone',
    message: '"europe/berlin" is no name of the tz database',
    hint: 'Did you mean Europe/Berlin?',
  },
  {
    given: job({ timezone: 'Europe/Berln' }),
    label: 'deck-chores.j.timezone',
    message: '"Europe/Berln" is no name of the tz database',
    hint: 'Did you mean Europe/Berlin?',
  },
  {
    given: job({ timezone: 'us/pacific' }),
    label: 'deck-chores.j.timezone',
    message: '"us/pacific" is no name of the tz database',
    hint: 'Did you mean US/Pacific?',
  },
  {
    given: job({ timezone: 'here' }),
    label: 'deck-chores.j.timezone',
    message: '"here" is no name of the tz database',
    hint: 'Names look like Europe/Berlin or UTC; capitals matter',
  },
  {
    given: job({ user: 'www data' }),
    label: 'deck-chores.j.user',
    message: '"www data" is not a user: a name or an id, optionally with :group, is expected',
  },
  {
    given: job({ workdir: 'srv' }),
    label: 'deck-chores.j.workdir',
    message: '"srv" is not an absolute path',
  },
  {
    given: job({ comand: 'x' }),
    label: 'deck-chores.j.comand',
    message: 'there is no such attribute',
    hint: 'Did you mean command?',
  },
  {
    given: job({ Interval: '1h' }),
    label: 'deck-chores.j.Interval',
    message: 'there is no such attribute',
    hint: 'Did you mean interval?',
  },
  {
    given: job({ schedule: '@daily' }),
    label: 'deck-chores.j.schedule',
    message: 'there is no such attribute',
    hint: 'Did you mean cron, crontab or interval?',
  },
  {
    given: job({ environment: 'A=canary' }),
    label: 'deck-chores.j.environment',
    message: 'there is no such attribute',
    hint: 'Write each variable as a label of its own: deck-chores.j.env.NAME',
  },
  {
    given: job({ 'envs.A': 'canary' }),
    label: 'deck-chores.j.envs.A',
    message: 'there is no such attribute',
    hint: 'Variables are written deck-chores.j.env.NAME',
  },
  {
    given: job({ 'env.': 'canary' }),
    label: 'deck-chores.j.env.',
    message: 'the name of the variable is missing',
  },
  {
    given: job({ 'env.A=B': 'canary' }),
    label: 'deck-chores.j.env.A=B',
    message: `"A=B" holds "=", which no variable's name can`,
  },
  {
    given: job({ 'env.A': 'canary\0' }),
    label: 'deck-chores.j.env.A',
    message: 'it holds a NUL character, which no variable can',
  },
  {
    given: job({ 'env.CHOREWHEEL_EXECUTION': 'x' }),
    label: 'deck-chores.j.env.CHOREWHEEL_EXECUTION',
    message: 'chorewheel sets this variable itself',
  },
  {
    given: job({ command: 'c'.repeat(32_769) }),
    label: 'deck-chores.j.command',
    message: 'the value is longer than 32768 characters',
  },
  {
    given: { 'deck-chores.My Job.command': 'c', 'deck-chores.My Job.interval': '1h' },
    label: 'deck-chores.My Job',
    message: '"My Job" is no job name: all of it must match "[a-z0-9-]+"',
    hint: 'Call it my-job, or set JOB_NAME_REGEX',
  },
  {
    given: { 'deck-chores..command': 'c', 'deck-chores..interval': '1h' },
    label: 'deck-chores.',
    message: 'the name of the job is missing between the two dots',
  },
];

for (const { given, label, message, hint } of rejected) {
  const last = Object.entries(given).at(-1)?.join('=').slice(0, 60);
  test(`a job is rejected for ${JSON.stringify(last)}, and its neighbour runs`, () => {
    const neighbour = { 'deck-chores.n.command': 'c', 'deck-chores.n.interval': '1h' };
    const { jobs, problems } = parseLabels({ ...given, ...neighbour });
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ['n'],
    );
    const problem = only(problems);
    assert.equal(problem.severity, 'rejected');
    assert.deepEqual(problem.labels, [label]);
    const start = `${label}: `;
    assert.equal(problem.message.slice(0, start.length), start);
    const said = problem.message.slice(start.length);
    if (typeof message === 'string') assert.equal(said, message);
    else assert.match(said, message);
    if (typeof message === 'string') assert.equal(problem.hint, hint);
  });
}

const long: readonly (readonly [string, Labels, RegExp])[] = [
  ['a name of 65 characters', { [`deck-chores.${tooLongName}.command`]: 'c' }, /longer than 64 characters/],
  [
    'a key of 257 characters',
    job({ [`env.${'V'.repeat(257)}`]: 'canary' }),
    /label is longer than 256 characters/,
  ],
  [
    'a key of a million characters',
    job({ ['x'.repeat(1e6)]: 'canary' }),
    /label is longer than 256 characters/,
  ],
];

for (const [what, given, message] of long) {
  test(`${what} is rejected in a bounded message`, () => {
    const problem = only(parseLabels(given).problems);
    assert.match(problem.message, message);
    assert.ok(JSON.stringify(problem).length < 2000);
  });
}

test('one warning names all labels of a job at fault', () => {
  const problem = only(parseLabels(job({ cron: '0 0 0', interval: '1h', max: 'x', comand: 'y' })).problems);
  const attributes = ['comand', 'max', 'cron', 'interval'];
  assert.deepEqual(
    problem.labels,
    attributes.map((attribute) => `deck-chores.j.${attribute}`),
  );
  assert.match(problem.message, /"x" is not a whole number.*only one of cron, interval may be given/);
});

test('of many labels at fault the first are told and the others counted', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`nope${index}`, 'x']));
  const problem = only(parseLabels(job(many)).problems);
  assert.equal(problem.labels.length, 8);
  assert.match(problem.message, /; and 92 more$/);
});

test('a bad user of the options rejects the jobs that inherit it, and no other', () => {
  const given = {
    ...job({}),
    'deck-chores.k.command': 'c',
    'deck-chores.k.interval': '1h',
    'deck-chores.k.user': 'u',
  };
  const { jobs, problems } = parseLabels({ ...given, 'deck-chores.options.user': 'a b' });
  assert.deepEqual(
    jobs.map(({ name }) => name),
    ['k'],
  );
  assert.deepEqual(only(problems).labels, ['deck-chores.options.user']);
});

const warned: readonly (Case & { readonly labels?: readonly string[] })[] = [
  {
    given: { 'deck-chores.command': 'x' },
    label: 'deck-chores.command',
    message: 'a label must name its job: deck-chores.JOB.ATTRIBUTE',
    hint: 'Write deck-chores.JOB.command, with a name of your choice for JOB',
  },
  {
    given: { 'deck-chores': 'x' },
    label: 'deck-chores',
    message: 'a label must name its job: deck-chores.JOB.ATTRIBUTE',
  },
  {
    given: { 'deck-chores.options.command': 'x' },
    label: 'deck-chores.options.command',
    message:
      'only deck-chores.options.user and deck-chores.options.flags are options, and options is no name for a job',
    hint: 'Give the job another name: deck-chores.JOB.command',
  },
  {
    given: { 'deck-chores.options.flag': 'noservice' },
    label: 'deck-chores.options.flag',
    message:
      'only deck-chores.options.user and deck-chores.options.flags are options, and options is no name for a job',
    hint: 'Did you mean deck-chores.options.flags?',
  },
  {
    given: { 'deck-chores.options.flags': 'noservce' },
    label: 'deck-chores.options.flags',
    message: '"noservce" is no flag: image, service, noimage and noservice are',
    hint: 'Did you mean noservice?',
  },
  ...['deck-chore.x.command', 'deck_chores.x.env.A', 'DECK-CHORES.x.cron', 'chorewheel.x.interval'].map(
    (key) => ({
      given: { [key]: 'canary' },
      label: key,
      message: 'these labels are ignored: their namespace is almost deck-chores',
      hint: 'Write deck-chores.JOB.ATTRIBUTE, or set LABEL_NAMESPACE',
    }),
  ),
];

for (const { given, label, message, hint } of warned) {
  test(`${label} is explained`, () => {
    const problem = only(parseLabels(given).problems);
    assert.deepEqual(problem, {
      job: undefined,
      labels: [label],
      message,
      ...(hint === undefined ? {} : { hint }),
      severity: 'warning',
    });
  });
}

test('labels of others and of other namespaces are not mentioned', () => {
  const given = {
    maintainer: 'x',
    'com.docker.compose.project': 'p',
    'ofelia.job-exec.x.command': 'x',
    'org.example.deck.command': 'x',
    'deck-chore.x.other': 'x',
    'chores.x.command': 'x',
  };
  assert.deepEqual(parseLabels(given).problems, []);
});

test('a part of the service labels is a warning that names the missing ones', () => {
  const { problems, serviceId } = parseLabels({ ...job({}), 'com.docker.compose.project': 'p' });
  assert.deepEqual(serviceId, []);
  const problem = only(problems);
  assert.deepEqual(problem.labels, ['com.docker.compose.service']);
  assert.match(problem.message, /belongs to none: com\.docker\.compose\.service missing$/);
});

test('a cron text that reads like crontab runs as written, with a warning', () => {
  const { jobs, problems } = parseLabels(job({ cron: '5 3 * * *' }));
  assert.equal(jobs.length, 1);
  const problem = only(problems);
  assert.equal(problem.severity, 'warning');
  assert.equal(problem.job, 'j');
  assert.match(problem.message, /crontab/);
});

test('more than 1,000 jobs of a container are refused in one message', () => {
  const labels: Record<string, string> = {};
  for (let index = 0; index < 1500; index++) {
    labels[`deck-chores.j${String(index).padStart(4, '0')}.command`] = 'c';
    labels[`deck-chores.j${String(index).padStart(4, '0')}.interval`] = '1h';
  }
  const { jobs, problems } = parseLabels(labels);
  assert.equal(jobs.length, 1000);
  const problem = only(problems);
  assert.equal(problem.severity, 'rejected');
  assert.match(problem.message, /may have 1,000 jobs: 500 more are not run, from j1000 on/);
});
