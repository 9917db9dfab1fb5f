import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobId } from '../../src/ids.ts';
import { at, calendar, container, definition, idOf, interval, job } from '../support/builders.ts';
import { drive } from '../support/schedule-driver.ts';

const MINUTE = 60_000;
const START = at('2026-01-05 00:00:30');
const SHOP = { service: ['shop', 'web'], jobs: { tidy: {} } };

function kinds(reports: readonly { readonly kind: string }[]): string[] {
  return reports.map((each) => each.kind);
}

function ownersAndNames({ schedule }: ReturnType<typeof drive>): string[] {
  return [...schedule.jobs()].map((each) => `${each.containerName} ${each.name}`).sort();
}

describe('a service', () => {
  it('hands over to a running member when its carrier pauses, and the waiting grid stays', () => {
    const driver = drive({ start: START, duration: 1 });
    const jobs = { poll: { trigger: interval(MINUTE) } };
    const service = ['shop', 'web'];
    driver.apply(
      { kind: 'container', container: container('one', { service, jobs }) },
      { kind: 'container', container: container('two', { service, jobs }) },
    );
    driver.run(90_000);
    driver.apply({ kind: 'container', container: container('one', { service, jobs, state: 'paused' }) });
    driver.run(MINUTE);
    assert.deepEqual(
      driver.started.map((each) => [each.containerName, each.fireTime - START]),
      [
        ['one', MINUTE],
        ['two', 2 * MINUTE],
      ],
    );
    assert.equal(driver.of('job moved')[0]?.from, 'one');
  });

  it('waits suspended when its last running member pauses, tells each fire time, and resumes on the same grid', () => {
    const driver = drive({ start: START, duration: 1 });
    const jobs = { poll: { trigger: interval(100_000) } };
    driver.apply({ kind: 'container', container: container('one', { jobs, service: ['s'] }) });
    driver.run(150_000);
    driver.apply({
      kind: 'container',
      container: container('one', { jobs, service: ['s'], state: 'paused' }),
    });
    driver.run(200_000);
    assert.equal([...driver.schedule.jobs()][0]?.state, 'suspended');
    driver.apply({ kind: 'container', container: container('one', { jobs, service: ['s'] }) });
    driver.run(100_000);
    assert.deepEqual(
      driver.started.map((each) => each.fireTime - START),
      [100_000, 400_000],
    );
    assert.deepEqual(
      driver.of('skipped').map((each) => [each.fireTime - START, each.reason]),
      [
        [200_000, 'paused'],
        [300_000, 'paused'],
      ],
    );
  });

  it('tells the skipped fire times of a frequent job once a minute, and the rest at the end of the pause', () => {
    const driver = drive({ start: START, duration: 1 });
    const jobs = { beat: { trigger: calendar(1_000) } };
    driver.apply({ kind: 'container', container: container('one', { jobs, state: 'paused' }) });
    driver.run(10 * MINUTE);
    driver.apply({ kind: 'container', container: container('one', { jobs }) });
    const counts = driver.of('skipped').map((each) => each.range?.count ?? 1);
    assert.deepEqual(counts, [1, ...Array.from({ length: 9 }, () => 60), 59]);
  });

  it('without the `service` flag gives each replica jobs of its own, with ids of its own', () => {
    const driver = drive({ start: START });
    for (const name of ['one', 'two']) {
      driver.apply({ kind: 'container', container: container(name, { ...SHOP, flags: { service: false } }) });
    }
    const ids = [...driver.schedule.jobs()].map((each) => each.id);
    assert.deepEqual(ids, [`@${idOf('one').slice(0, 12)}/tidy`, `@${idOf('two').slice(0, 12)}/tidy`]);
  });

  it('never lets an excluded or created container carry its jobs', () => {
    const driver = drive({ start: START });
    driver.apply(
      { kind: 'container', container: container('made', { ...SHOP, state: 'other' }) },
      { kind: 'container', container: container('once', { ...SHOP, excluded: 'a compose one-off' }) },
    );
    assert.equal(driver.schedule.counts().jobs, 0);
    driver.apply({ kind: 'container', container: container('real', SHOP) });
    driver.apply({ kind: 'container gone', container: idOf('real') });
    assert.equal(driver.schedule.counts().jobs, 0);
    assert.equal(driver.schedule.counts().services, 0);
  });

  it('with different labels on its members has each job carried by a member that has it', () => {
    const driver = drive({ start: START });
    driver.apply(
      { kind: 'container', container: container('old', { service: ['s'], jobs: { a: {}, b: {} } }) },
      { kind: 'container', container: container('new', { service: ['s'], jobs: { b: {}, c: {} } }) },
    );
    const owners = (): string[] =>
      [...driver.schedule.jobs()].map((each) => `${each.name} ${each.containerName}`).sort();
    assert.deepEqual(owners(), ['a old', 'b old', 'c new']);
    driver.apply({ kind: 'container gone', container: idOf('old') });
    assert.deepEqual(owners(), ['b new', 'c new']);
  });
});

describe('the registry', () => {
  it('takes a rename over into names, not into ids', () => {
    const driver = drive({ start: START });
    driver.apply({ kind: 'container', container: container('web', { jobs: { tidy: {} } }) });
    const [before] = driver.schedule.jobs();
    driver.apply({ kind: 'container', container: container('www', { id: idOf('web'), jobs: { tidy: {} } }) });
    const [after] = driver.schedule.jobs();
    assert.equal(after?.id, before?.id);
    assert.equal(after?.containerName, 'www');
    assert.deepEqual(kinds(driver.reports), ['job added']);
  });

  it('keeps ids apart that a plain join would make equal', () => {
    const driver = drive({ start: START });
    const services = [
      ['a/b', 'c'],
      ['a', 'b/c'],
      ['a', 'b', 'c'],
      ['@a', 'b'],
      ['a%2Fb', 'c'],
      [' a', 'b'],
    ];
    for (const [number, service] of services.entries()) {
      driver.apply({
        kind: 'container',
        container: container(`c${number}`, { service, jobs: { tidy: {} } }),
      });
    }
    assert.equal(driver.schedule.counts().jobs, services.length);
  });

  it('bounds the id of a hostile service name, still different for different names', () => {
    const driver = drive({ start: START });
    for (const tail of ['x', 'y']) {
      const service = [`${'\u001b'.repeat(100_000)}${tail}`];
      driver.apply({ kind: 'container', container: container(tail, { service, jobs: { tidy: {} } }) });
    }
    const ids = [...driver.schedule.jobs()].map((each) => each.id);
    assert.equal(ids.length, 2);
    for (const id of ids) assert.match(id, /^[\x21-\x7e]{1,250}$/);
  });

  it('tells two containers apart whose ids begin alike', () => {
    const driver = drive({ start: START });
    const ids = ['1', '2'].map((last) => `${'0'.repeat(63)}${last}`);
    for (const id of ids)
      driver.apply({ kind: 'container', container: container(`c${id}`, { id, jobs: { tidy: {} } }) });
    assert.equal(driver.schedule.counts().jobs, 2);
    for (const id of ids) driver.apply({ kind: 'container gone', container: container('', { id }).id });
    assert.equal(driver.schedule.counts().jobs, 0);
  });

  it('tells them apart also when one list brings both, whichever job names they share', () => {
    const driver = drive({ start: START });
    const [one, two] = ['1', '2'].map((last) => `${'0'.repeat(63)}${last}`) as [string, string];
    const lists = [
      [container('one', { id: one, jobs: { dump: {} } }), container('two', { id: two, jobs: { tidy: {} } })],
      [
        container('one', { id: one, jobs: { dump: {} } }),
        container('two', { id: two, jobs: { dump: {}, tidy: {} } }),
      ],
    ];
    driver.apply({ kind: 'listed', containers: lists[1] ?? [] });
    assert.deepEqual(ownersAndNames(driver), ['one dump', 'two dump', 'two tidy']);
    driver.apply({ kind: 'listed', containers: [] });
    assert.equal(driver.schedule.counts().jobs, 0);
    for (const containers of lists) driver.apply({ kind: 'listed', containers });
    assert.deepEqual(ownersAndNames(driver), ['one dump', 'two dump', 'two tidy']);
    driver.apply({ kind: 'listed', containers: [] });
    assert.equal(driver.schedule.counts().jobs, 0);
  });

  it('removes by a list what the list does not name, and repeats change nothing', () => {
    const driver = drive({ start: START });
    const containers = [container('a', { jobs: { tidy: {} } }), container('b', SHOP)];
    driver.apply({ kind: 'listed', containers }, { kind: 'listed', containers: [...containers].reverse() });
    assert.deepEqual(kinds(driver.reports), ['job added', 'job added']);
    driver.apply({ kind: 'listed', containers: containers.slice(1) });
    assert.deepEqual(kinds(driver.reports), ['job added', 'job added', 'job removed']);
    driver.apply({ kind: 'listed', containers: [] }, { kind: 'listed', containers: [] });
    const { jobs, services } = driver.schedule.counts();
    assert.deepEqual([jobs, services], [0, 0]);
  });

  it('sees that another parsing of the same labels is no change', () => {
    const driver = drive({ start: START });
    driver.apply(
      { kind: 'container', container: container('a', { jobs: { tidy: { trigger: calendar(MINUTE) } } }) },
      { kind: 'container', container: container('a', { jobs: { tidy: { trigger: calendar(MINUTE) } } }) },
    );
    assert.deepEqual(kinds(driver.reports), ['job added']);
  });

  it('arms a job anew when its trigger changed, and keeps it otherwise', () => {
    const driver = drive({ start: START, duration: 1 });
    const send = (parts: Parameters<typeof job>[1]): unknown =>
      driver.apply({ kind: 'container', container: container('a', { jobs: { tidy: { ...parts } } }) });
    send({ trigger: interval(50_000) });
    driver.run(20_000);
    send({ trigger: interval(50_000), max: 3 });
    driver.run(40_000);
    send({ trigger: interval(30_000) });
    driver.run(40_000);
    assert.deepEqual(
      driver.started.map((each) => [each.fireTime - START, each.definition.max]),
      [
        [50_000, 3],
        [90_000, 1],
      ],
    );
    assert.deepEqual(kinds(driver.of('job removed')), ['job removed']);
  });

  it('carries 20,000 jobs of one container without harm to the others', () => {
    const driver = drive({ start: START });
    const jobs = Array.from({ length: 20_000 }, (_, number) => job(`j${number}`));
    const crowd = definition({ jobs, service: ['crowd'] });
    for (const name of ['a', 'b'])
      driver.apply({ kind: 'container', container: container(name, { definition: crowd }) });
    driver.apply({ kind: 'container gone', container: idOf('a') });
    assert.equal(driver.of('job moved').length, 20_000);
    driver.apply({ kind: 'container gone', container: idOf('b') });
    assert.equal(driver.schedule.counts().jobs, 0);
  });

  it('tells the problems of a container once, also if it restarts', () => {
    const problem = {
      job: 'x',
      labels: ['deck-chores.x.cron'],
      message: 'no',
      severity: 'rejected',
    } as const;
    const driver = drive({ start: START });
    for (let turn = 0; turn < 3; turn += 1) {
      driver.apply({ kind: 'container', container: container('a', { problems: [problem] }) });
      driver.apply({ kind: 'container gone', container: idOf('a') });
    }
    assert.equal(driver.of('problem').length, 1);
  });

  it('ignores what it does not know', () => {
    const driver = drive({ start: START });
    const nobody = 'nobody' as JobId;
    driver.apply(
      { kind: 'run now', job: nobody },
      { kind: 'pause job', job: nobody },
      { kind: 'resume job', job: nobody },
      { kind: 'container gone', container: idOf('nobody') },
      { kind: 'tick' },
    );
    assert.deepEqual(driver.reports, []);
    assert.equal(driver.schedule.nextWake(driver.clock.now()), undefined);
  });
});
