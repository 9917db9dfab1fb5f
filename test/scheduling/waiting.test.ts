import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExecutionId } from '../../src/ids.ts';
import type { Execution } from '../../src/scheduling/events.ts';
import { at, calendar, container, idOf, job } from '../support/builders.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const MINUTE = 60_000;
const START = at('2026-01-05 00:00:30');
const EACH_MINUTE = calendar(MINUTE);

function many(prefix: string, count: number): ReturnType<typeof job>[] {
  return Array.from({ length: count }, (_, number) => job(`${prefix}${number}`, { trigger: EACH_MINUTE }));
}

function add(driver: Driver, name: string, parts: Parameters<typeof container>[1]): void {
  driver.apply({ kind: 'container', container: container(name, parts) });
}

describe('the pool', () => {
  it('is never exceeded, and a full one loses nothing', () => {
    let most = 0;
    let running = 0;
    const driver = drive({
      start: START,
      poolSize: 10,
      duration: 20,
      watch: (command) => {
        if (command.kind === 'execute') running += 1;
        if (command.kind === 'report' && command.report.kind === 'execution ended') running -= 1;
        most = Math.max(most, running);
      },
    });
    const containers = Array.from({ length: 1_000 }, (_, number) =>
      container(`c${number}`, { jobs: many('j', 10) }),
    );
    driver.apply({ kind: 'listed', containers });
    driver.run(55_000);
    assert.equal(driver.started.length, 10_000);
    assert.equal(most, 10);
    const lateness = driver.started.map((each) => each.latenessMs);
    assert.deepEqual(
      lateness.toSorted((a, b) => a - b),
      lateness,
      'all in the order in which they were due',
    );
    assert.equal(driver.of('execution ended').length, 10_000);
    assert.equal(driver.of('skipped').length, 0);
  });

  it('is shared fairly: a container with a thousand jobs delays the one job of another by one place', () => {
    const driver = drive({ start: START, poolSize: 1 });
    add(driver, 'crowd', { jobs: many('j', 1_000) });
    add(driver, 'single', { jobs: many('s', 1) });
    driver.run(30_000);
    for (let turn = 0; turn < 2; turn += 1) driver.end(driver.started.at(-1) as Execution);
    assert.deepEqual(
      driver.started.map((each) => each.containerName),
      ['crowd', 'crowd', 'single'],
    );
  });

  it('counts adopted executions, for its size and for their job', () => {
    const driver = drive({ start: START, poolSize: 2 });
    add(driver, 'web', { jobs: { tidy: {}, other: {} } });
    const [tidy] = driver.schedule.jobs();
    const execution: Execution = {
      id: 'old' as ExecutionId,
      job: tidy?.id ?? assert.fail(),
      definition: job('tidy'),
      container: idOf('web'),
      containerName: 'web',
      service: undefined,
      fireTime: START,
      latenessMs: 0,
      startedAt: START,
      cause: 'schedule',
    };
    for (const id of ['old', 'older', 'oldest', 'old'] as ExecutionId[]) {
      driver.apply({ kind: 'adopted', execution: { ...execution, id } });
    }
    assert.equal(driver.schedule.counts().running, 3);
    driver.run(30_000);
    assert.equal(driver.started.length, 0);
    assert.deepEqual(
      driver.of('skipped').map((each) => each.subject.jobName),
      ['tidy'],
    );
    driver.end(execution);
    assert.equal(driver.started.length, 0);
    driver.end({ ...execution, id: 'older' as ExecutionId });
    assert.deepEqual(
      driver.started.map((each) => each.definition.name),
      ['other'],
    );
  });

  it('keeps a job at its `max` while its container is replaced', () => {
    const driver = drive({ start: START });
    const parts = { service: ['s'], jobs: { tidy: {} } };
    add(driver, 'old', parts);
    driver.run(MINUTE);
    driver.apply({ kind: 'container gone', container: idOf('old') });
    driver.run(1_000);
    add(driver, 'new', parts);
    driver.run(MINUTE);
    assert.equal(driver.started.length, 1);
    assert.equal(driver.of('skipped')[0]?.reason, 'overlap');
    assert.equal([...driver.schedule.jobs()][0]?.running, 1);
  });

  it('ignores the end of an execution that it does not know, and a second end', () => {
    const driver = drive({ start: START });
    add(driver, 'web', { jobs: { tidy: {} } });
    driver.run(30_000);
    const [execution] = driver.started;
    assert.ok(execution);
    for (const id of [execution.id, execution.id, 'nobody' as ExecutionId]) driver.end({ ...execution, id });
    assert.equal(driver.of('execution ended').length, 1);
    assert.equal(driver.schedule.counts().running, 0);
  });
});

describe('a waiting firing', () => {
  function full(parts: Parameters<typeof job>[1] = {}): Driver {
    const driver = drive({ start: START, poolSize: 1 });
    add(driver, 'a', { jobs: [job('block', { trigger: calendar(60 * MINUTE, MINUTE), max: 1 })] });
    driver.run(30_000);
    add(driver, 'b', { jobs: [job('tidy', { trigger: EACH_MINUTE, ...parts })] });
    return driver;
  }

  const release = (driver: Driver): void => driver.end(driver.started[0] as Execution);

  it('is replaced by a newer one of its job, and the older one is told as coalesced', () => {
    const driver = full();
    driver.run(3 * MINUTE);
    release(driver);
    assert.deepEqual(
      driver.of('skipped').map((each) => [each.reason, each.fireTime]),
      [
        ['coalesced', at('2026-01-05 00:02:00')],
        ['coalesced', at('2026-01-05 00:03:00')],
      ],
    );
    assert.equal(driver.started[1]?.fireTime, at('2026-01-05 00:04:00'));
    assert.equal(driver.started[1]?.latenessMs, 0);
  });

  it('misfires when its grace has passed before a place is free', () => {
    const driver = full({ graceMs: 20_000 });
    driver.run(80_500);
    release(driver);
    assert.equal(driver.started.length, 1);
    assert.deepEqual(
      driver.of('misfired').map((each) => [each.fireTime, each.latenessMs, each.graceMs]),
      [[at('2026-01-05 00:02:00'), 20_500, 20_000]],
    );
  });

  it('starts at the very end of its grace', () => {
    const driver = full({ graceMs: 20_000 });
    driver.run(80_000);
    release(driver);
    assert.equal(driver.started[1]?.latenessMs, 20_000);
  });

  it('is abandoned with its container, or goes with its job to another member', () => {
    for (const other of [false, true]) {
      const driver = full();
      add(driver, 'b', { state: 'other' });
      add(driver, 'c', { service: ['s'], jobs: { tidy: { trigger: EACH_MINUTE } } });
      if (other) add(driver, 'd', { service: ['s'], jobs: { tidy: { trigger: EACH_MINUTE } } });
      driver.run(61_000);
      driver.apply({ kind: 'container gone', container: idOf('c') });
      release(driver);
      assert.equal(driver.of('abandoned').length, other ? 0 : 1);
      assert.equal(driver.started[1]?.containerName, other ? 'd' : undefined);
      assert.equal(driver.schedule.counts().waiting, 0);
    }
  });

  it('is skipped when its container is paused at its turn', () => {
    const driver = full();
    driver.run(61_000);
    add(driver, 'b', { state: 'paused', jobs: [job('tidy', { trigger: EACH_MINUTE })] });
    release(driver);
    assert.deepEqual(
      driver.of('skipped').map((each) => each.reason),
      ['paused'],
    );
  });

  it('is abandoned by a drain, and nothing starts after it', () => {
    const driver = full();
    driver.run(61_000);
    driver.apply({ kind: 'drain' }, { kind: 'drain' });
    driver.run(2 * MINUTE);
    release(driver);
    assert.equal(driver.started.length, 1);
    assert.equal(driver.of('abandoned').length, 1);
    assert.deepEqual(
      driver.of('skipped').map((each) => each.reason),
      ['draining', 'draining'],
    );
    assert.equal(driver.of('execution ended').length, 1);
  });
});

describe('a person', () => {
  it('runs a job now, beside its schedule, within its `max`', () => {
    const driver = drive({ start: START, poolSize: 1 });
    add(driver, 'web', { jobs: { tidy: {} } });
    const [tidy] = driver.schedule.jobs();
    const run = { kind: 'run now', job: tidy?.id ?? assert.fail() } as const;
    driver.apply(run, run);
    assert.deepEqual(
      driver.started.map((each) => [each.cause, each.fireTime]),
      [['run now', START]],
    );
    assert.equal(driver.of('skipped')[0]?.reason, 'overlap');
  });

  it('pauses a job and resumes it: its fire times are told as held, and `run now` still runs', () => {
    const driver = drive({ start: START, duration: 1, memories: new Map() });
    add(driver, 'web', { jobs: { tidy: {} } });
    const id = [...driver.schedule.jobs()][0]?.id ?? assert.fail();
    driver.apply({ kind: 'pause job', job: id }, { kind: 'pause job', job: id });
    assert.equal(driver.schedule.job(id)?.state, 'held');
    driver.run(61_000);
    driver.apply({ kind: 'run now', job: id });
    assert.equal(driver.memories.get(id)?.paused, true);
    driver.apply({ kind: 'resume job', job: id });
    driver.run(MINUTE);
    assert.deepEqual(
      driver.started.map((each) => each.cause),
      ['run now', 'schedule'],
    );
    assert.equal(driver.of('skipped')[0]?.reason, 'held');
    assert.deepEqual([driver.of('job suspended').length, driver.of('job resumed').length], [1, 1]);
    assert.equal(driver.memories.get(id)?.paused, false);
  });

  it('and a paused container are two pauses: the job is resumed when both have ended', () => {
    const driver = drive({ start: START, duration: 1 });
    const paused = { state: 'paused', jobs: { tidy: {} } } as const;
    add(driver, 'web', paused);
    const id = [...driver.schedule.jobs()][0]?.id ?? assert.fail();
    driver.apply({ kind: 'pause job', job: id });
    add(driver, 'web', { jobs: { tidy: {} } });
    assert.equal(driver.schedule.job(id)?.state, 'held');
    assert.equal(driver.of('job resumed').length, 0);
    add(driver, 'web', paused);
    driver.apply({ kind: 'resume job', job: id });
    assert.equal(driver.schedule.job(id)?.state, 'suspended');
    assert.equal(driver.of('job resumed').length, 0);
    add(driver, 'web', { jobs: { tidy: {} } });
    assert.equal(driver.of('job resumed').length, 1);
  });
});
