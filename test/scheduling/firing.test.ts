import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, calendar, container, dateAt, interval } from '../support/builders.ts';
import { drive } from '../support/schedule-driver.ts';

const MINUTE = 60_000;
const START = at('2026-01-05 00:00:30');

describe('a firing', () => {
  it('starts at its second, in its container, with no lateness', () => {
    const driver = drive({ start: START, duration: 5 });
    driver.apply({ kind: 'container', container: container('web', { jobs: { tidy: {} } }) });
    driver.run(2 * MINUTE);
    assert.deepEqual(
      driver.started.map((each) => [each.containerName, each.fireTime, each.startedAt, each.latenessMs]),
      [
        ['web', at('2026-01-05 00:01:00'), at('2026-01-05 00:01:00'), 0],
        ['web', at('2026-01-05 00:02:00'), at('2026-01-05 00:02:00'), 0],
      ],
    );
    assert.equal(driver.of('execution ended').length, 2);
  });

  it('of an interval comes one period after registration, then on a fixed grid', () => {
    const driver = drive({ start: START + 250, duration: 5 });
    driver.apply({
      kind: 'container',
      container: container('web', { jobs: { poll: { trigger: interval(90_000) } } }),
    });
    driver.run(5 * MINUTE);
    assert.deepEqual(
      driver.started.map((each) => each.fireTime - START - 250),
      [90_000, 180_000, 270_000],
    );
  });

  it('that runs is cancelled on demand; one that ended is not', () => {
    const driver = drive({ start: START });
    driver.apply({ kind: 'container', container: container('web', { jobs: { tidy: {} } }) });
    driver.run(MINUTE);
    const [execution] = driver.started;
    assert.ok(execution);
    const cancel = { kind: 'cancel', execution: execution.id } as const;
    assert.deepEqual(driver.apply(cancel), [cancel]);
    driver.end(execution);
    assert.deepEqual(driver.apply(cancel), []);
  });

  it('of a date happens once, and the job is told finished', () => {
    const driver = drive({ start: START, duration: 5 });
    const trigger = dateAt(START + 10_000);
    driver.apply({ kind: 'container', container: container('web', { jobs: { once: { trigger } } }) });
    driver.run(MINUTE);
    assert.equal(driver.started.length, 1);
    assert.equal(driver.of('job finished').length, 1);
    assert.equal([...driver.schedule.jobs()][0]?.state, 'waiting');
  });

  it('at `max` is skipped, or waits if the job says so, the newest one only', () => {
    const trigger = calendar(MINUTE);
    const driver = drive({ start: START });
    const jobs = { no: { trigger }, yes: { trigger, overlap: 'queue' } } as const;
    driver.apply({ kind: 'container', container: container('web', { jobs }) });
    driver.run(4 * MINUTE);
    assert.equal(driver.started.length, 2);
    const skipped = driver.of('skipped').map((each) => `${each.subject.jobName} ${each.reason}`);
    assert.deepEqual(skipped.sort(), [
      'no overlap',
      'no overlap',
      'no overlap',
      'yes coalesced',
      'yes coalesced',
    ]);
    for (const execution of [...driver.started]) driver.end(execution);
    const last = driver.started.at(-1);
    assert.equal(driver.started.length, 3);
    assert.equal(last?.definition.name, 'yes');
    assert.equal(last?.fireTime, at('2026-01-05 00:04:00'));
    assert.equal(last?.latenessMs, 30_000);
  });
});
