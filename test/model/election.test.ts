/** Walks every state of a service of five members, by every event, and checks what must always hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState } from '../../src/scheduling/events.ts';
import { container, definition, job } from '../support/builders.ts';
import { type Driver, drive } from '../support/schedule-driver.ts';

const MEMBERS = ['a', 'b', 'c', 'd', 'e'] as const;
const STATES: readonly ContainerState[] = ['running', 'paused', 'other'];
const LABELS = definition({ jobs: [job('tidy')], service: ['shop', 'web'] });
const BARE = definition({ service: ['shop', 'web'] });

/** The member of this name never has the job's labels. */
const UNLABELLED = 'e';

type Member = (typeof MEMBERS)[number];
type States = Readonly<Record<Member, ContainerState>>;

const NOBODY: States = { a: 'other', b: 'other', c: 'other', d: 'other', e: 'other' };

function reach(driver: Driver, name: Member, state: ContainerState, gone = false): void {
  const parts = { state, definition: name === UNLABELLED ? BARE : LABELS };
  const member = container(name, parts);
  driver.apply(
    gone ? { kind: 'container gone', container: member.id } : { kind: 'container', container: member },
  );
}

interface Seen {
  readonly owner: string | undefined;
  readonly state: string | undefined;
}

function look(driver: Driver): Seen {
  const jobs = [...driver.schedule.jobs()];
  assert.ok(jobs.length <= 1, 'one job');
  return { owner: jobs[0]?.containerName, state: jobs[0]?.state };
}

function check(seen: Seen, states: States, previous: Seen, way: string): void {
  const able = MEMBERS.filter((name) => name !== UNLABELLED);
  const running = able.filter((name) => states[name] === 'running');
  const paused = able.filter((name) => states[name] === 'paused');
  if (running.length > 0) {
    assert.equal(seen.state, 'armed', way);
    assert.ok(
      running.some((name) => name === seen.owner),
      `${way}: the owner runs`,
    );
    if (running.some((name) => name === previous.owner))
      assert.equal(seen.owner, previous.owner, `${way}: no needless move`);
  } else if (paused.length > 0) {
    assert.equal(seen.state, 'suspended', way);
    assert.ok(
      paused.some((name) => name === seen.owner),
      `${way}: the owner is paused`,
    );
  } else assert.equal(seen.owner, undefined, way);
}

describe('the election of a service of five members', () => {
  it('holds its invariants in every reachable state, by every event, also repeated ones', () => {
    // A state of the core is the members' states and the owner; the way to it is replayed to go on from it.
    const open: {
      readonly way: readonly [Member, ContainerState][];
      readonly states: States;
      readonly seen: Seen;
    }[] = [{ way: [], states: NOBODY, seen: { owner: undefined, state: undefined } }];
    const known = new Set<string>();
    let steps = 0;
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      for (const name of MEMBERS) {
        for (const state of STATES) {
          const driver = drive();
          for (const [member, reached] of from.way) reach(driver, member, reached);
          reach(driver, name, state, state === 'other' && steps % 2 === 0);
          const states = { ...from.states, [name]: state };
          const way: string = JSON.stringify([...from.way, [name, state]]);
          const seen = look(driver);
          check(seen, states, from.seen, way);
          const told = driver.reports.length;
          reach(driver, name, state);
          assert.deepEqual(look(driver), seen, `${way}: a repeat changes nothing`);
          assert.equal(driver.reports.length, told, `${way}: a repeat tells nothing`);
          steps += 1;
          const key = JSON.stringify([states, seen]);
          if (known.has(key)) continue;
          known.add(key);
          open.unshift({ way: [...from.way, [name, state]], states, seen });
        }
      }
    }
    // Four able members with r running: r possible owners, or else one of the paused; times three states of the fifth.
    assert.equal(known.size, (108 + 32 + 1) * 3);
  });

  it('ends in the same registry from a list as from single events', () => {
    for (let number = 0; number < 3 ** 5; number += 1) {
      const states = MEMBERS.map(
        (name, place) => [name, STATES[Math.floor(number / 3 ** place) % 3] ?? 'other'] as const,
      );
      const single = drive();
      for (const [name, state] of states) reach(single, name, state);
      const listed = drive();
      listed.apply({
        kind: 'listed',
        containers: states.map(([name, state]) =>
          container(name, { state, definition: name === UNLABELLED ? BARE : LABELS }),
        ),
      });
      assert.equal(look(listed).state, look(single).state, JSON.stringify(states));
      assert.deepEqual(listed.schedule.counts(), single.schedule.counts());
      assert.equal(listed.of('job moved').length, 0, 'a list is taken in as a whole');
    }
  });
});
