import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Report } from '../../src/scheduling/reports.ts';
import { at, calendar, container, dateAt, interval } from '../support/builders.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Not on a second (nor does `begin` end on one), so that no execution of a whole second is still running when a test looks. */
const START = at('2026-01-05 11:50:30') + 500;

function times(driver: Driver, name: string): number[] {
  return driver.started.filter((each) => each.definition.name === name).map((each) => each.fireTime);
}

function noTwice(all: readonly number[]): void {
  assert.equal(new Set(all).size, all.length, 'no fire time runs twice');
}

function begin(): Driver {
  const driver = drive({ start: START, duration: 1 });
  const jobs = {
    quarter: { trigger: calendar(15 * MINUTE) },
    beat: { trigger: calendar(SECOND) },
    poll: { trigger: interval(10 * MINUTE) },
    once: { trigger: dateAt(at('2026-07-01 00:00:00')) },
  };
  driver.apply({ kind: 'container', container: container('web', { jobs }) });
  driver.run(20 * MINUTE + 250);
  return driver;
}

const coalesced = (driver: Driver, name: string): Extract<Report, { kind: 'skipped' }>[] =>
  driver.of('skipped').filter((each) => each.subject.jobName === name && each.reason === 'coalesced');

describe('the wall clock set forward', () => {
  for (const [name, by] of Object.entries({ 'an hour': HOUR, 'a day': DAY, 'a year': 365 * DAY })) {
    it(`by ${name} gives each job one late run, tells the others, and goes on within a tick`, () => {
      const driver = begin();
      const before = { quarter: times(driver, 'quarter').length, beat: times(driver, 'beat').length };
      driver.clock.setWall(driver.clock.now().wall + by);
      driver.run(SECOND);
      assert.equal(times(driver, 'quarter').length, before.quarter + 1);
      assert.equal(times(driver, 'beat').length, before.beat + 2);
      const newest = times(driver, 'quarter').at(-1) ?? 0;
      assert.ok(driver.clock.now().wall - newest < 15 * MINUTE, 'the newest one runs');
      const [rest] = coalesced(driver, 'quarter');
      assert.equal(rest?.range?.exact, by === HOUR);
      if (by === HOUR) assert.equal(rest?.range?.count, 3);
      assert.equal(times(driver, 'once').length, by > 180 * DAY ? 1 : 0);
      driver.run(HOUR);
      assert.equal(times(driver, 'quarter').length, before.quarter + 1 + 4);
      for (const job of ['quarter', 'beat', 'once']) noTwice(times(driver, job));
    });
  }

  it('leaves intervals alone', () => {
    const driver = begin();
    driver.clock.setWall(driver.clock.now().wall + DAY);
    driver.run(25 * MINUTE);
    const started = driver.started.filter((each) => each.definition.name === 'poll');
    assert.deepEqual(
      started.map((each) => each.startedAt - START),
      [10, 20, 30, 40].map((minute) => minute * MINUTE + (minute > 20 ? DAY : 0)),
    );
    assert.equal(coalesced(driver, 'poll').length, 0);
  });
});

describe('the wall clock set back', () => {
  it('by an hour fires no cron time twice, and goes on where it had been', () => {
    const driver = begin();
    driver.run(100 * MINUTE);
    driver.clock.setWall(driver.clock.now().wall - HOUR);
    driver.run(HOUR - SECOND);
    const count = times(driver, 'quarter').length;
    driver.run(HOUR);
    assert.equal(times(driver, 'quarter').length, count + 4);
    for (const job of ['quarter', 'beat']) noTwice(times(driver, job));
    assert.equal(times(driver, 'poll').length, 23);
  });

  for (const [name, by] of Object.entries({ 'a day': DAY, 'a year': 365 * DAY })) {
    it(`by ${name}, behind the moment of registration, fires what was not lived through, and nothing twice`, () => {
      const driver = begin();
      driver.clock.setWall(driver.clock.now().wall - by);
      driver.run(HOUR);
      assert.equal(times(driver, 'quarter').length, 1 + 4);
      assert.ok(driver.of('skipped').length === 0);
      for (const job of ['quarter', 'beat']) noTwice(times(driver, job));
    });
  }

  it('takes some calls for very many jobs, and each has its fire time in the end', () => {
    const driver = drive({ start: START, duration: 1 });
    const count = 2_500;
    const jobs = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `daily${index}`,
        { trigger: calendar(DAY, index * SECOND) },
      ]),
    );
    driver.apply({ kind: 'container', container: container('web', { jobs }) });
    driver.clock.setWall(START - 10 * DAY);
    let calls = 0;
    do {
      driver.apply({ kind: 'tick' });
      calls += 1;
    } while (driver.schedule.nextWake(driver.clock.now())?.inMs === 0);
    assert.ok(calls > 1);
    const midnight = at('2025-12-27 00:00:00');
    const next = [...driver.schedule.jobs()]
      .map(({ nextFireTime }) => nextFireTime ?? 0)
      .sort((a, b) => a - b);
    assert.deepEqual(
      next,
      Array.from({ length: count }, (_, index) => midnight + index * SECOND),
    );
    driver.run(DAY);
    assert.equal(driver.started.length, count);
  });

  it('after a mistaken year ahead fires what the year skipped, but neither the late run nor what was lived', () => {
    const driver = begin();
    const lived = driver.clock.now().wall;
    driver.clock.setWall(lived + 365 * DAY);
    driver.run(MINUTE);
    const late = times(driver, 'quarter').at(-1) ?? 0;
    driver.clock.setWall(lived - 10 * MINUTE);
    driver.run(HOUR);
    const after = times(driver, 'quarter').filter((time) => time > START + 5 * MINUTE && time < late);
    assert.deepEqual(
      after.filter((time) => time > lived).map((time) => (time - at('2026-01-05 12:00:00')) / MINUTE),
      [15, 30, 45, 60],
    );
    for (const job of ['quarter', 'beat']) noTwice(times(driver, job));
    driver.clock.setWall(late - 20 * MINUTE);
    driver.run(HOUR);
    for (const job of ['quarter', 'beat']) noTwice(times(driver, job));
  });

  it('after a mistaken day ahead leaves no job silent whose container is replaced, nor the next process', () => {
    const driver = drive({ start: START, duration: 1, memories: new Map() });
    const parts = { service: ['s'], jobs: { quarter: { trigger: calendar(15 * MINUTE) } } };
    driver.apply({ kind: 'container', container: container('old', parts) });
    driver.run(2 * HOUR);
    driver.clock.setWall(driver.clock.now().wall + 20 * HOUR);
    driver.run(16 * MINUTE);
    driver.clock.setWall(driver.clock.now().wall - 20 * HOUR);
    driver.run(MINUTE);
    const before = times(driver, 'quarter').length;
    const next = drive({ start: driver.clock.now().wall, duration: 1, memories: driver.memories });
    driver.apply({ kind: 'container gone', container: container('old').id });
    driver.apply({ kind: 'container', container: container('new', parts) });
    next.apply({ kind: 'container', container: container('new', parts) });
    for (const each of [driver, next]) each.run(HOUR);
    assert.equal(times(driver, 'quarter').length, before + 4);
    assert.equal(times(next, 'quarter').length, 4);
  });

  it('by half an hour fires nothing twice for a job whose container is replaced meanwhile', () => {
    const driver = drive({ start: START, duration: 1 });
    const parts = { service: ['s'], jobs: { quarter: { trigger: calendar(15 * MINUTE) } } };
    driver.apply({ kind: 'container', container: container('old', parts) });
    driver.run(2 * HOUR);
    driver.clock.setWall(driver.clock.now().wall - 30 * MINUTE);
    driver.apply({ kind: 'container gone', container: container('old').id });
    driver.apply({ kind: 'container', container: container('new', parts) });
    driver.run(HOUR);
    noTwice(times(driver, 'quarter'));
    assert.equal(times(driver, 'quarter').length, 8 + 2);
  });

  it('wakes in time for a job that is registered after it', () => {
    const driver = begin();
    driver.clock.setWall(driver.clock.now().wall - 15 * MINUTE);
    const due = driver.clock.now().wall + 90 * SECOND;
    driver.apply({
      kind: 'container',
      container: container('new', { jobs: { soon: { trigger: dateAt(due) } } }),
    });
    driver.run(2 * MINUTE);
    const [soon] = driver.started.filter((each) => each.definition.name === 'soon');
    assert.equal(soon?.latenessMs, 0);
  });

  it('again and again in small steps, as by a wild time server, fires each cron time once', () => {
    const driver = begin();
    for (let turn = 0; turn < 200; turn += 1) {
      driver.clock.setWall(driver.clock.now().wall + (turn % 2 === 0 ? 700 : -700));
      driver.run(1_300);
    }
    for (const job of ['quarter', 'beat']) noTwice(times(driver, job));
    const beats = times(driver, 'beat');
    assert.equal(beats.length, ((beats.at(-1) ?? 0) - (beats[0] ?? 0)) / SECOND + 1, 'and none is left out');
  });
});

describe('a suspend', () => {
  it('of ten minutes gives each job one late run at once, with the count of the others', () => {
    const driver = begin();
    const before = new Map(['quarter', 'beat', 'poll'].map((name) => [name, times(driver, name).length]));
    driver.suspend(30 * MINUTE);
    driver.apply({ kind: 'tick' });
    for (const [name, count] of before) assert.equal(times(driver, name).length, count + 1, name);
    assert.equal(coalesced(driver, 'poll')[0]?.range?.count, 2);
    assert.equal(coalesced(driver, 'quarter').length, 1);
    const beat = driver.started.filter((each) => each.definition.name === 'beat').at(-1);
    assert.equal(beat?.latenessMs, 750);
    driver.run(10 * MINUTE);
    const polls = times(driver, 'poll').map((time) => (time - START) / MINUTE);
    assert.deepEqual(polls, [10, 20, 50, 60], 'the grid stays');
  });
});

describe('prepare', () => {
  it('takes out what is due soon, and nothing starts before its instant', () => {
    const driver = drive({ start: START, duration: 1 });
    driver.apply({ kind: 'container', container: container('web', { jobs: { tidy: {} } }) });
    driver.clock.pass(29_498);
    driver.schedule.prepare(driver.clock.now(), 2);
    assert.deepEqual(driver.schedule.nextWake(driver.clock.now()), { inMs: 2 });
    driver.apply({ kind: 'tick' });
    assert.equal(driver.started.length, 0);
    driver.apply({ kind: 'container', container: container('late', { jobs: { tidy: {} } }) });
    driver.clock.pass(1.5);
    driver.apply({ kind: 'tick' });
    assert.equal(driver.started.length, 0);
    driver.clock.pass(0.5);
    driver.apply({ kind: 'tick' });
    assert.deepEqual(
      driver.started.map((each) => [each.containerName, each.latenessMs]),
      [
        ['web', 0],
        ['late', 0],
      ],
    );
  });

  it('forgets a prepared job whose container ends before the instant', () => {
    const driver = drive({ start: START, duration: 1 });
    const web = container('web', { jobs: { tidy: {} } });
    driver.apply({ kind: 'container', container: web });
    driver.clock.pass(29_498);
    driver.schedule.prepare(driver.clock.now(), 2);
    driver.apply({ kind: 'container gone', container: web.id });
    driver.run(2 * MINUTE);
    assert.equal(driver.started.length, 0);
  });
});

describe('very many due at once', () => {
  it('are carried out in several calls, each bounded, and the schedule asks to be called at once', () => {
    const driver = drive({ start: START, poolSize: 100_000 });
    const containers = Array.from({ length: 12_000 }, (_, number) => {
      return container(`c${number}`, { jobs: { a: { trigger: calendar(HOUR, number % 1_000) } } });
    });
    driver.apply({ kind: 'listed', containers });
    driver.suspend(HOUR);
    let calls = 0;
    while (driver.started.length < 12_000) {
      const before = driver.started.length;
      driver.apply({ kind: 'tick' });
      calls += 1;
      assert.ok(driver.started.length > before && driver.started.length - before < 5_100);
      if (driver.started.length < 12_000) assert.equal(driver.schedule.nextWake(driver.clock.now())?.inMs, 0);
    }
    assert.ok(calls >= 3);
  });

  it('do not fire for a container that came after their moment', () => {
    const trigger = calendar(HOUR);
    const driver = drive({ start: START, poolSize: 100_000 });
    const containers = Array.from({ length: 6_000 }, (_, number) => {
      return container(`c${number}`, {
        jobs: { a: { trigger: calendar(HOUR, number % 1_000) }, b: { trigger } },
      });
    });
    driver.apply({ kind: 'listed', containers });
    driver.suspend(HOUR);
    driver.apply({ kind: 'container', container: container('late', { jobs: { b: { trigger } } }) });
    while (driver.schedule.nextWake(driver.clock.now())?.inMs === 0) driver.apply({ kind: 'tick' });
    assert.equal(driver.started.length, 12_000);
    assert.ok(driver.started.every((each) => each.containerName !== 'late'));
  });
});
