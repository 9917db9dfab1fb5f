import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobId, WallMs } from '../../src/ids.ts';
import type { JobDefinition } from '../../src/labels/definition.ts';
import type { JobMemory } from '../../src/scheduling/events.ts';
import type { Trigger } from '../../src/triggers/trigger.ts';
import { at, calendar, container, dateAt, idOf, interval } from '../support/builders.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = at('2026-01-05 12:00:00') + 250;

function web(
  parts: Partial<JobDefinition> = {},
  state: 'running' | 'paused' = 'running',
): ReturnType<typeof container> {
  return container('web', { state, service: ['s'], jobs: { tidy: parts } });
}

/** A process runs for `lifeMs`, dies, and another begins `awayMs` later with its memories and another monotonic clock. */
function restart(
  parts: Partial<JobDefinition>,
  lifeMs: number,
  awayMs: number,
  then: Partial<JobDefinition> = parts,
): Driver {
  const before = drive({ start: START, duration: 1, memories: new Map() });
  before.apply({ kind: 'container', container: web(parts) });
  before.run(lifeMs);
  const start = before.clock.now().wall + awayMs;
  const after = drive({ start, duration: 1, memories: before.memories, seed: 2 });
  after.apply({ kind: 'container', container: web(then) });
  return after;
}

describe('the grid of an interval', () => {
  it('goes on after a restart', () => {
    const driver = restart({ trigger: interval(7 * DAY) }, 3 * DAY, HOUR);
    driver.run(5 * DAY);
    assert.deepEqual(
      driver.started.map((each) => each.startedAt - START),
      [7 * DAY],
    );
    assert.equal(driver.of('missed').length, 0);
  });

  it('goes on when the service is redeployed, though the wall clock was set meanwhile', () => {
    const driver = drive({ start: START, duration: 1 });
    const parts = { trigger: interval(7 * DAY) };
    driver.apply({ kind: 'container', container: web(parts) });
    driver.run(3 * DAY);
    driver.apply({ kind: 'container gone', container: idOf('web') });
    driver.clock.setWall(driver.clock.now().wall + 5 * HOUR);
    driver.run(DAY);
    driver.apply({
      kind: 'container',
      container: container('next', { service: ['s'], jobs: { tidy: parts } }),
    });
    driver.run(4 * DAY);
    assert.deepEqual(
      driver.started.map((each) => [each.containerName, each.startedAt - START]),
      [['next', 7 * DAY + 5 * HOUR]],
    );
  });

  it('begins anew when its text changed', () => {
    const driver = restart({ trigger: interval(7 * DAY) }, 3 * DAY, HOUR, { trigger: interval(DAY) });
    driver.run(2 * DAY - SECOND);
    assert.deepEqual(
      driver.started.map((each) => each.startedAt - START),
      [4 * DAY + HOUR],
    );
  });

  it('is remembered anew after a jump of the wall clock', () => {
    const driver = drive({ start: START, memories: new Map() });
    driver.apply({ kind: 'container', container: web({ trigger: interval(7 * DAY) }) });
    driver.clock.setWall(START + HOUR);
    driver.run(0);
    assert.deepEqual(
      [...driver.memories.values()].map((each) => each.anchor),
      [START + HOUR],
    );
  });
});

interface CatchUpCase {
  readonly trigger: Trigger;
  readonly catchUp: JobDefinition['catchUp'];
  readonly graceMs?: number;
  readonly awayMs: number;
  readonly missed: number | undefined;
  readonly exact?: boolean;
  /** Minutes before the restart. */
  readonly ran: readonly number[];
}

const FIVE = calendar(5 * MINUTE);
const ago = (count: number, step: number, first = 0): number[] =>
  Array.from({ length: count }, (_, number) => first + (count - 1 - number) * step);

/** The first life lasts a minute from 12:00:00.250; the restart is at a whole minute plus 250 ms. */
const CASES: readonly CatchUpCase[] = [
  { trigger: FIVE, catchUp: 'skip', awayMs: 59 * MINUTE, missed: 12, ran: [] },
  { trigger: FIVE, catchUp: 'once', awayMs: 59 * MINUTE, missed: 12, ran: [0] },
  { trigger: FIVE, catchUp: 'all', awayMs: 59 * MINUTE, missed: 12, ran: ago(12, 5) },
  { trigger: FIVE, catchUp: 'once', awayMs: 2 * MINUTE, missed: undefined, ran: [] },
  { trigger: FIVE, catchUp: 'once', awayMs: 61 * MINUTE, graceMs: 2 * MINUTE + 250, missed: 12, ran: [2] },
  { trigger: FIVE, catchUp: 'once', awayMs: 61 * MINUTE, graceMs: 2 * MINUTE, missed: 12, ran: [] },
  { trigger: FIVE, catchUp: 'all', awayMs: 59 * MINUTE, graceMs: 11 * MINUTE, missed: 12, ran: [10, 5, 0] },
  { trigger: FIVE, catchUp: 'all', awayMs: 30 * DAY - MINUTE, missed: 21, exact: false, ran: ago(100, 5) },
  { trigger: FIVE, catchUp: 'once', awayMs: 30 * DAY - MINUTE, missed: 21, exact: false, ran: [0] },
  { trigger: interval(5 * MINUTE), catchUp: 'all', awayMs: 59 * MINUTE, missed: 12, ran: ago(12, 5) },
  { trigger: interval(5 * MINUTE), catchUp: 'once', awayMs: 30 * DAY - MINUTE, missed: 8_640, ran: [0] },
  {
    trigger: interval(5 * MINUTE),
    catchUp: 'all',
    awayMs: 30 * DAY - MINUTE,
    missed: 8_640,
    ran: ago(100, 5),
  },
  { trigger: dateAt(at('2026-01-05 12:30:00')), catchUp: 'once', awayMs: 59 * MINUTE, missed: 1, ran: [30] },
  { trigger: dateAt(at('2026-01-05 12:30:00')), catchUp: 'skip', awayMs: 59 * MINUTE, missed: 1, ran: [] },
];

describe('catch-up after a restart', () => {
  for (const [number, { trigger, catchUp, awayMs, missed, exact = true, ran, graceMs }] of CASES.entries()) {
    const grace = graceMs === undefined ? '' : `, grace ${graceMs} ms`;
    it(`${number}: ${trigger.text}, ${catchUp}, away for ${awayMs / MINUTE} min${grace}`, () => {
      const parts = { trigger, catchUp, ...(graceMs === undefined ? {} : { graceMs }) };
      const driver = restart(parts, MINUTE, awayMs);
      const back = driver.clock.now().wall;
      driver.run(MINUTE);
      const caught = driver.started.filter((each) => each.cause === 'catch-up');
      const due = caught.map((each) => Math.floor((back - each.fireTime) / MINUTE));
      assert.deepEqual(due, ran);
      const [told] = driver.of('missed');
      if (missed === undefined) assert.equal(told, undefined);
      else {
        assert.equal(told?.exact, exact);
        assert.equal(told?.running, ran.length);
        assert.equal(told?.count, Math.max(missed, ran.length));
        assert.equal(told?.policy, catchUp);
      }
      const again = drive({ start: driver.clock.now().wall, memories: driver.memories });
      again.apply({ kind: 'container', container: web(parts) });
      assert.equal(again.of('missed').length, 0, 'nothing is caught up twice');
    });
  }

  it('runs one after the other within the `max` of the job', () => {
    const driver = restart({ trigger: FIVE, catchUp: 'all', max: 2 }, MINUTE, 59 * MINUTE);
    assert.equal(driver.started.length, 2);
    assert.equal(driver.schedule.counts().waiting, 10);
  });

  it('finds those again whose start a second death prevented', () => {
    const parts = { trigger: FIVE, catchUp: 'all' } as const;
    const second = restart(parts, MINUTE, 59 * MINUTE);
    const third = drive({ start: second.clock.now().wall, duration: 1, memories: second.memories });
    third.apply({ kind: 'container', container: web(parts) });
    third.run(MINUTE);
    const all = [...second.started, ...third.started].map((each) => each.fireTime);
    assert.equal(second.started.length, 1);
    assert.deepEqual(
      all,
      Array.from({ length: 12 }, (_, number) => at('2026-01-05 12:05:00') + number * 5 * MINUTE),
    );
  });

  it('finds what a drain left waiting', () => {
    const driver = drive({ start: START, poolSize: 1, memories: new Map() });
    driver.apply({
      kind: 'container',
      container: container('block', { jobs: { block: { trigger: calendar(HOUR, MINUTE) } } }),
    });
    const parts = { trigger: FIVE, catchUp: 'once' } as const;
    driver.apply({ kind: 'container', container: web(parts) });
    driver.run(6 * MINUTE);
    driver.apply({ kind: 'drain' });
    assert.equal(driver.of('abandoned').length, 1);
    const next = drive({ start: driver.clock.now().wall, memories: driver.memories });
    next.apply({ kind: 'container', container: web(parts) });
    assert.deepEqual(
      next.started.map((each) => each.fireTime),
      [at('2026-01-05 12:05:00')],
    );
  });

  it('is told, and done, when no member of the service ran for a while', () => {
    const driver = drive({ start: START, duration: 1 });
    const parts = { trigger: FIVE, catchUp: 'once' } as const;
    driver.apply({ kind: 'container', container: web(parts) });
    driver.apply({ kind: 'container gone', container: idOf('web') });
    driver.run(HOUR);
    driver.apply({ kind: 'container', container: web(parts) });
    assert.equal(driver.of('missed')[0]?.count, 12);
    assert.equal(driver.started.length, 1);
  });

  it('runs nothing while the container is paused', () => {
    const before = restart({ trigger: FIVE, catchUp: 'all' }, MINUTE, 0);
    const driver = drive({ start: START + HOUR, memories: before.memories });
    driver.apply({ kind: 'container', container: web({ trigger: FIVE, catchUp: 'all' }, 'paused') });
    assert.deepEqual([driver.of('missed')[0]?.running, driver.started.length], [0, 0]);
  });
});

describe('while the engine is away', () => {
  for (const trigger of [FIVE, interval(5 * MINUTE)]) {
    it(`a job with catch-up waits for it (${trigger.kind}), one without is tried`, () => {
      const driver = drive({ start: START, duration: 1, memories: new Map() });
      const jobs = {
        none: { trigger },
        once: { trigger, catchUp: 'once' },
        all: { trigger, catchUp: 'all' },
      } as const;
      driver.apply({ kind: 'container', container: container('web', { jobs }) }, { kind: 'engine away' });
      driver.run(21 * MINUTE);
      const names = (): string[] => driver.started.map((each) => each.definition.name);
      assert.deepEqual(names(), ['none', 'none', 'none', 'none']);
      driver.apply({ kind: 'engine back' }, { kind: 'engine back' });
      driver.run(MINUTE);
      assert.deepEqual(names().slice(4).sort(), ['all', 'all', 'all', 'all', 'once']);
      assert.deepEqual(
        driver.of('missed').map((each) => [each.subject.jobName, each.count, each.running]),
        [
          ['once', 4, 1],
          ['all', 4, 4],
        ],
      );
      driver.run(5 * MINUTE);
      assert.equal(driver.started.at(-1)?.cause, 'schedule');
    });
  }

  it('a drain tells what waited, if no next process can find it', () => {
    const driver = drive({ start: START, duration: 1 });
    driver.apply(
      { kind: 'container', container: web({ trigger: FIVE, catchUp: 'once' }) },
      { kind: 'engine away' },
    );
    driver.run(11 * MINUTE);
    driver.apply({ kind: 'drain' });
    assert.deepEqual([driver.of('missed')[0]?.count, driver.of('skipped')[0]?.reason], [2, 'draining']);
  });

  it('a process that dies leaves what it missed to the next one', () => {
    const driver = drive({ start: START, duration: 1, memories: new Map() });
    driver.apply(
      { kind: 'container', container: web({ trigger: FIVE, catchUp: 'once' }) },
      { kind: 'engine away' },
    );
    driver.run(11 * MINUTE);
    const next = drive({ start: driver.clock.now().wall, memories: driver.memories });
    next.apply({ kind: 'container', container: web({ trigger: FIVE, catchUp: 'once' }) });
    assert.equal(next.of('missed')[0]?.count, 2);
    assert.equal(next.started.length, 1);
  });
});

describe('a memory', () => {
  const id = 's/tidy' as JobId;
  const key = `cron ${FIVE.text} UTC`;
  const memory = (parts: Partial<JobMemory>): Map<JobId, JobMemory> =>
    new Map([
      [id, { anchor: undefined, handledUntil: undefined, paused: false, triggerText: key, ...parts }],
    ]);

  it('of a pause by a person holds after a restart', () => {
    const driver = drive({ start: START, memories: memory({ paused: true }) });
    driver.apply({ kind: 'container', container: web({ trigger: FIVE }) });
    assert.equal(driver.schedule.job(id)?.state, 'held');
  });

  it('from under a clock that was an hour ahead fires nothing twice', () => {
    const driver = drive({
      start: START,
      duration: 1,
      memories: memory({ handledUntil: (START + HOUR) as WallMs }),
    });
    driver.apply({ kind: 'container', container: web({ trigger: FIVE }) });
    driver.run(HOUR + 6 * MINUTE);
    assert.deepEqual(
      driver.started.map((each) => each.fireTime),
      [at('2026-01-05 13:05:00')],
    );
  });

  it('from under a clock that was years ahead is not believed', () => {
    const driver = drive({
      start: START,
      duration: 1,
      memories: memory({ handledUntil: (START + 900 * DAY) as WallMs }),
    });
    driver.apply({ kind: 'container', container: web({ trigger: FIVE }) });
    driver.run(6 * MINUTE);
    assert.equal(driver.started.length, 1);
    assert.ok((driver.memories.get(id)?.handledUntil ?? 0) < START + DAY);
  });

  it('of jobs that never come back is forgotten, the oldest first, and bounded', () => {
    const driver = drive({ start: START, memories: new Map() });
    for (let number = 0; number < 25_000; number += 1) {
      const { id: one } = container(`c${number}`);
      driver.apply(
        { kind: 'container', container: container(`c${number}`, { jobs: { tidy: { trigger: FIVE } } }) },
        { kind: 'container gone', container: one },
      );
    }
    assert.ok(driver.memories.size <= 20_000 && driver.memories.size >= 18_000, `${driver.memories.size}`);
    assert.ok([...driver.memories.keys()].at(-1)?.includes(idOf('c24999').slice(0, 12)));
  });
});
