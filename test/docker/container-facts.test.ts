import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerFacts, createContainerFacts, type Facts } from '../../src/docker/container-facts.ts';
import type { EngineFailure, EngineResult } from '../../src/docker/failure.ts';
import type { ContainerId, ImageId } from '../../src/ids.ts';
import { jobNames, listed, parseForTests } from './watching.ts';

interface Answers {
  readonly logType?: string;
  readonly image?: string;
  readonly imageLabels?: Readonly<Record<string, string>>;
  readonly failure?: EngineFailure;
  readonly imageFailure?: EngineFailure;
}

function factsFor(
  cacheSize: number,
  answers: Answers = {},
): { facts: ContainerFacts; calls: string[]; warnings: string[]; parsed: () => number; peak: () => number } {
  const calls: string[] = [];
  const warnings: string[] = [];
  let parsed = 0;
  let flying = 0;
  let peak = 0;
  async function answer<T>(
    call: string,
    value: T,
    failure: EngineFailure | undefined,
  ): Promise<EngineResult<T>> {
    calls.push(call);
    flying += 1;
    peak = Math.max(peak, flying);
    await new Promise((resolve) => setImmediate(resolve));
    flying -= 1;
    return failure === undefined ? { ok: true, value } : { ok: false, failure };
  }
  const facts = createContainerFacts({
    engine: {
      inspect: (id) => {
        const { image = 'sha256:9', logType = 'json-file', failure } = answers;
        return answer(`inspect ${id}`, { image, logType, imageId: 'sha256:9' as ImageId }, failure);
      },
      imageLabels: (id) => answer(`image ${id}`, answers.imageLabels ?? {}, answers.imageFailure),
    },
    parse: (labels, imageLabels) => {
      parsed += 1;
      return parseForTests(labels, imageLabels);
    },
    cacheSize,
    warn: (message) => warnings.push(message),
  });
  return { facts, calls, warnings, parsed: () => parsed, peak: () => peak };
}

const gone: EngineFailure = { kind: 'refused', status: 404, message: 'No such thing' };
const hung: EngineFailure = { kind: 'deadline', ms: 10_000 };

test('an ordinary container costs no request, with or without jobs', () => {
  const { facts, calls } = factsFor(128);
  for (const labels of [{}, { job: 'a' }]) {
    const found = facts.of(listed(`c${Object.keys(labels).length}`, { labels }));
    assert.ok(!(found instanceof Promise));
    assert.deepEqual(found.excluded, undefined);
  }
  assert.deepEqual(calls, []);
});

test('the results are the same with any size of the cache, a smaller one only costs time', async () => {
  const labels = [{}, { job: 'a' }, { job: 'inherited', noimage: '1' }, { job: 'own', noimage: '1' }];
  const expected = labels.map(({ job }) => (job === undefined || job === 'inherited' ? [] : [job]));
  for (const size of [0, 1, 2, 128]) {
    const { facts, parsed, calls } = factsFor(size, { imageLabels: { job: 'inherited' } });
    for (let round = 0; round < 3; round += 1) {
      const found = await Promise.all(
        labels.map((own, index) => facts.of(listed(`c${index}`, { labels: own }))),
      );
      assert.deepEqual(
        found.map(({ definition }) => jobNames(definition)),
        expected,
        `size ${size}, round ${round}`,
      );
    }
    if (size === 128) assert.deepEqual([parsed(), calls.length], [6, 1]);
  }
});

test('an event about a container that leaves image labels out costs one inspection and one request for the image', async () => {
  const { facts, calls } = factsFor(128, { imageLabels: { job: 'a' } });
  const source = listed('c1', { labels: { job: 'a', noimage: '1' } });
  const found = await facts.of({ ...source, imageId: undefined });
  assert.deepEqual(jobNames(found.definition), []);
  assert.deepEqual(calls, ['inspect c1', 'image sha256:9']);
});

test('a step of an image build carries no jobs, and that is told once', async () => {
  const labels = { job: 'a' };
  for (const size of [0, 128]) {
    const { facts, warnings } = factsFor(size, { logType: 'none' });
    for (let round = 0; round < 3; round += 1) {
      const found = await facts.of(listed('c1', { image: 'sha256:9', labels }));
      assert.match(found.excluded ?? '', /image build/);
    }
    assert.deepEqual(warnings, ['container name-c1: it belongs to an image build and carries no jobs']);
  }
});

test('a bare image id alone, or log type none alone, is no image build', async () => {
  const labels = { job: 'a' };
  const retagged = factsFor(128, { logType: 'json-file', image: 'sha256:9' });
  const quiet = factsFor(128, { logType: 'none', image: 'busybox' });
  for (const { facts } of [retagged, quiet]) {
    const found = await facts.of(listed('c1', { image: 'sha256:9', labels }));
    assert.equal(found.excluded, undefined);
  }
  const idle = factsFor(128);
  assert.ok(!(idle.facts.of(listed('c1', { image: 'sha256:9' })) instanceof Promise), 'asked without jobs');
});

test('a one-off container of compose carries no jobs', () => {
  const { facts } = factsFor(128);
  const labels = { job: 'a', 'com.docker.compose.oneoff': 'True' };
  const found = facts.of(listed('c1', { labels })) as Facts;
  assert.match(found.excluded ?? '', /one-off/);
  const other = { job: 'a', 'com.docker.compose.oneoff': 'False' };
  assert.equal((facts.of(listed('c2', { labels: other })) as Facts).excluded, undefined);
});

test('a container that is gone before it could be inspected is excluded without noise', async () => {
  const { facts, warnings } = factsFor(128, { failure: gone });
  const found = await facts.of(listed('c1', { image: 'sha256:9', labels: { job: 'a' } }));
  assert.match(found.excluded ?? '', /can't be inspected/);
  assert.deepEqual(warnings, []);
});

test('a container that can not be inspected carries no jobs for now, is told once and asked for again', async () => {
  const { facts, warnings, calls } = factsFor(128, { failure: hung });
  for (let round = 0; round < 2; round += 1) {
    const found = await facts.of(listed('c1', { image: 'sha256:9', labels: { job: 'a' } }));
    assert.equal(found.settled, false);
  }
  assert.equal(calls.length, 2);
  assert.deepEqual(warnings, ["container name-c1: it can't be inspected: no answer within 10 s"]);
});

test('labels of an image that is gone count as the own ones of the container', async () => {
  const { facts, warnings } = factsFor(128, { imageFailure: gone });
  const found = await facts.of(listed('c1', { labels: { job: 'a', noimage: '1' } }));
  assert.deepEqual(jobNames(found.definition), ['a']);
  assert.equal(found.excluded, undefined);
  assert.equal(warnings.length, 1);
});

test('labels of an image that can not be read keep the jobs back: they might not be wanted', async () => {
  const { facts } = factsFor(128, { imageFailure: hung });
  const found = await facts.of(listed('c1', { labels: { job: 'a', noimage: '1' } }));
  assert.match(found.excluded ?? '', /its image can't be inspected/);
});

test('many containers at once make few requests at once, and one per image', async () => {
  const { facts, calls, peak } = factsFor(0, { imageLabels: { job: 'a' } });
  const sources = Array.from({ length: 100 }, (_, index) =>
    listed(`c${index}`, { image: 'sha256:9', labels: { job: 'a', noimage: '1' } }),
  );
  await Promise.all(sources.map((source) => facts.of(source)));
  assert.ok(peak() <= 8, `${peak()} at once`);
  assert.equal(calls.filter((call) => call.startsWith('inspect')).length, 100);
});

test('the same container asked for twice at once is asked for once', async () => {
  const { facts, calls } = factsFor(128);
  const source = listed('c1', { image: 'sha256:9', labels: { job: 'a' } });
  const [one, two] = await Promise.all([facts.of(source), facts.of(source)]);
  assert.equal(one, two);
  assert.deepEqual(calls, [`inspect ${'c1' as ContainerId}`]);
});
