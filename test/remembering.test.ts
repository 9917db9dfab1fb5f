/** What the history keeps of fire times that did not run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerId, JobId, WallMs } from '../src/ids.ts';
import { notRun } from '../src/remembering.ts';
import type { Report } from '../src/scheduling/reports.ts';

const subject = {
  job: 'shop/db/backup' as JobId,
  jobName: 'backup',
  container: 'c'.repeat(64) as ContainerId,
  containerName: 'shop-db-1',
  service: undefined,
};
const fireTime = Date.UTC(2026, 10, 26, 3) as WallMs;
const until = Date.UTC(2026, 10, 26, 5) as WallMs;
const missed = { kind: 'missed', subject, from: fireTime, to: until, policy: 'once' } as const;

const rows: readonly (readonly [string, Report, string | undefined])[] = [
  ['one that was skipped', { kind: 'skipped', subject, fireTime, reason: 'overlap' }, 'overlap'],
  [
    'several that were skipped',
    { kind: 'skipped', subject, fireTime, reason: 'paused', range: { until, count: 3, exact: true } },
    'paused: 3 fire times until 2026-11-26T05:00:00.000Z',
  ],
  [
    'more than were counted',
    { kind: 'skipped', subject, fireTime, reason: 'coalesced', range: { until, count: 21, exact: false } },
    'coalesced: at least 21 fire times until 2026-11-26T05:00:00.000Z',
  ],
  [
    'several that were missed, of which one runs now',
    { ...missed, count: 3, exact: true, running: 1 },
    '3 fire times until 2026-11-26T05:00:00.000Z passed while nothing could run them; 1 of them runs now',
  ],
  [
    'several that were missed for good',
    { ...missed, count: 3, exact: true, running: 0 },
    '3 fire times until 2026-11-26T05:00:00.000Z passed while nothing could run them',
  ],
  ['missed ones that all run now', { ...missed, count: 1, exact: true, running: 1 }, undefined],
];

for (const [name, report, reason] of rows) {
  test(`the row of ${name} says ${reason ?? 'nothing, as there is none'}`, () =>
    assert.equal(notRun(report)?.reason, reason));
}
