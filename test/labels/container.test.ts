import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/config.ts';
import type { LabelSettings } from '../../src/configuration.ts';
import { parseContainerLabels } from '../../src/labels/container.ts';
import type { JobDefinition } from '../../src/labels/definition.ts';

function settings(env: Readonly<Record<string, string>> = {}): LabelSettings {
  const result = readConfig(env, { cores: 1, fileExists: () => false });
  return result.ok ? result.config.labels : assert.fail(result.mistakes.join());
}

const defaults = settings();
const hourly = { 'deck-chores.j.command': 'run', 'deck-chores.j.interval': '1h' };
const names = (jobs: readonly JobDefinition[]): string[] => jobs.map(({ name }) => name);

test('a definition is complete', () => {
  const labels = {
    'deck-chores.j.command': 'sh -c "a b" c',
    'deck-chores.j.cron': '3 0 0',
    'deck-chores.j.jitter': '1.5',
    'deck-chores.j.max': '2',
    'deck-chores.j.overlap': 'queue',
    'deck-chores.j.grace': '10m',
    'deck-chores.j.timeout': '2h',
    'deck-chores.j.catch-up': 'once',
    'deck-chores.j.timezone': 'Europe/Berlin',
    'deck-chores.j.user': 'www-data:33',
    'deck-chores.j.workdir': '/srv',
    'deck-chores.j.env.B.C': 'x=y\n"z"',
    'deck-chores.j.env.A': '',
  };
  const [job, ...others] = parseContainerLabels(labels, undefined, defaults).jobs;
  assert.deepEqual(others, []);
  assert.ok(job !== undefined);
  const { trigger, ...rest } = job;
  assert.deepEqual([trigger.kind, trigger.text, trigger.timezone], ['cron', '3 0 0', 'Europe/Berlin']);
  assert.deepEqual(rest, {
    name: 'j',
    command: 'sh -c "a b" c',
    words: ['sh', '-c', 'a b', 'c'],
    jitterMs: 1500,
    max: 2,
    overlap: 'queue',
    graceMs: 600_000,
    timeoutMs: 7_200_000,
    catchUp: 'once',
    user: 'www-data:33',
    workdir: '/srv',
    environment: ['B.C=x=y\n"z"', 'A='],
  });
});

test('what is not said takes its default, and settings change defaults', () => {
  const [job] = parseContainerLabels(
    hourly,
    undefined,
    settings({ DEFAULT_MAX: '3', MISFIRE_GRACE: '5m' }),
  ).jobs;
  assert.ok(job !== undefined);
  const { jitterMs, max, overlap, graceMs, timeoutMs, catchUp, user, workdir, environment } = job;
  assert.deepEqual(
    { jitterMs, max, overlap, graceMs, timeoutMs, catchUp, user, workdir, environment },
    {
      jitterMs: 0,
      max: 3,
      overlap: 'skip',
      graceMs: 300_000,
      timeoutMs: Number.POSITIVE_INFINITY,
      catchUp: 'skip',
      user: '',
      workdir: '',
      environment: [],
    },
  );
});

test('equal label sets give the same definition, and equal jobs the same job', () => {
  const one = parseContainerLabels({ ...hourly, other: '1' }, undefined, defaults);
  const same = parseContainerLabels({ ...hourly, other: '2' }, undefined, defaults);
  assert.equal(one, same);
  const service = { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 's' };
  const elsewhere = parseContainerLabels({ ...hourly, ...service }, undefined, defaults);
  assert.notEqual(elsewhere, one);
  assert.deepEqual(elsewhere.serviceId, ['p', 's']);
  assert.equal(elsewhere.jobs[0], one.jobs[0]);
});

test('a missing service label is told from every value that it could have', () => {
  const half = { ...hourly, 'com.docker.compose.project': 'p' };
  const parse = (value: string | undefined): readonly string[] =>
    parseContainerLabels(
      value === undefined ? half : { ...half, 'com.docker.compose.service': value },
      undefined,
      defaults,
    ).serviceId;
  for (const value of ['', '-', '\0missing', 'undefined', undefined, '', '\0missing']) {
    assert.deepEqual(parse(value), value === undefined ? [] : ['p', value]);
  }
});

test('however many different label sets were seen, an answer is right', () => {
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 20_000; index++) {
      const labels = { 'deck-chores.j.command': `run ${index}`, 'deck-chores.j.interval': '1h' };
      const [job] = parseContainerLabels(labels, undefined, defaults).jobs;
      if (job?.words[1] !== String(index)) assert.fail(`${index}: ${JSON.stringify(job?.words)}`);
    }
  }
});

test('jobs with the same text and zone share one trigger', () => {
  const labels = { ...hourly, 'deck-chores.k.command': 'other', 'deck-chores.k.interval': '1h' };
  const { jobs } = parseContainerLabels(labels, undefined, defaults);
  assert.equal(jobs[0]?.trigger, jobs[1]?.trigger);
});

test('noimage drops what the image gave, and an image can not turn itself on against the default', () => {
  const image = {
    'deck-chores.i.command': 'c',
    'deck-chores.i.interval': '1h',
    'deck-chores.options.flags': 'image',
  };
  const merged = { ...image, ...hourly };
  const strict = settings({ DEFAULT_FLAGS: 'noimage' });
  assert.deepEqual(names(parseContainerLabels(merged, image, strict).jobs), ['j']);
  assert.equal(parseContainerLabels(merged, undefined, strict).flags.image, false);
  const own = { ...merged, 'deck-chores.options.flags': 'image,service' };
  assert.deepEqual(names(parseContainerLabels(own, image, strict).jobs), ['i', 'j']);
});

test('the value of H depends on the service, else on the container', () => {
  const labels = { 'deck-chores.j.command': 'c', 'deck-chores.j.crontab': 'H H * * *' };
  const service = { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 's' };
  const first = (more: Readonly<Record<string, string>>, identity: string): number | undefined =>
    parseContainerLabels({ ...labels, ...more }, undefined, defaults, identity).jobs[0]?.trigger.next(0);
  const spread = new Set(Array.from({ length: 20 }, (_, index) => first({}, `web-${index}`)));
  assert.ok(spread.size > 10, `${spread.size}`);
  assert.equal(first({}, 'web-1'), first({}, 'web-1'));
  assert.equal(first(service, 'web-1'), first(service, 'web-2'));
});

test('names of the object prototype are names like others', () => {
  const labels = JSON.parse(
    '{"__proto__":"x","deck-chores.__proto__.command":"c","deck-chores.__proto__.interval":"1h",' +
      '"deck-chores.constructor.command":"c","deck-chores.constructor.interval":"1h",' +
      '"deck-chores.j.command":"c","deck-chores.j.interval":"1h","deck-chores.j.env.__proto__":"v",' +
      '"deck-chores.options.__proto__":"x"}',
  ) as Record<string, string>;
  const { jobs, problems } = parseContainerLabels(labels, undefined, settings({ JOB_NAME_REGEX: '\\w+' }));
  assert.deepEqual(names(jobs), ['__proto__', 'constructor', 'j']);
  assert.deepEqual(jobs[2]?.environment, ['__proto__=v']);
  assert.deepEqual(problems[0]?.labels, ['deck-chores.options.__proto__']);
  assert.deepEqual(Object.keys(Object.prototype), []);
});

test('a namespace is taken literally', () => {
  const own = settings({ LABEL_NAMESPACE: 'a.*+([.b' });
  const labels = { 'a.*+([.b.j.command': 'c', 'a.*+([.b.j.interval': '1h', 'axx.b.k.command': 'c' };
  const { jobs, problems } = parseContainerLabels(labels, undefined, own);
  assert.deepEqual(names(jobs), ['j']);
  assert.deepEqual(problems, []);
});
