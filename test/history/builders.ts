/** Executions and fire times in one line, for the tests of the history. */
import type { NotRun } from '../../src/history/history.ts';
import type { ContainerId, ExecutionId, JobId, ServiceId, WallMs } from '../../src/ids.ts';
import type { JobDefinition } from '../../src/labels/definition.ts';
import type { Execution, JobMemory } from '../../src/scheduling/events.ts';

/** 2026-03-01T00:00:00Z */
export const start = 1_772_323_200_000;

const definition: JobDefinition = {
  name: 'backup',
  command: 'true',
  words: ['true'],
  trigger: {
    kind: 'date',
    text: '2026-03-01',
    timezone: 'UTC',
    at: start,
    next: () => undefined,
  },
  jitterMs: 0,
  max: 1,
  overlap: 'skip',
  graceMs: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  catchUp: 'skip',
  user: 'www-data',
  workdir: '',
  environment: [],
};

export interface Wanted {
  readonly job?: string;
  readonly fireTime?: number;
  readonly latenessMs?: number;
}

export function execution(
  id: string,
  { job = 'shop/backup', fireTime = start, latenessMs = 3 }: Wanted = {},
) {
  const built: Execution = {
    id: id as ExecutionId,
    job: job as JobId,
    definition,
    container: 'c'.repeat(64) as ContainerId,
    containerName: 'shop-db-1',
    service: 'shop/db' as ServiceId,
    fireTime: fireTime as WallMs,
    latenessMs,
    startedAt: (fireTime + latenessMs) as WallMs,
    cause: 'schedule',
  };
  return built;
}

export function notRun(
  outcome: NotRun['outcome'],
  { job = 'shop/backup', fireTime = start }: Wanted = {},
): NotRun {
  return {
    job: job as JobId,
    jobName: 'backup',
    container: 'c'.repeat(64),
    containerName: 'shop-db-1',
    service: undefined,
    fireTime: fireTime as WallMs,
    outcome,
    reason: 'because of the test',
  };
}

export function memory(changes: Partial<JobMemory> = {}): JobMemory {
  return {
    anchor: start as WallMs,
    handledUntil: undefined,
    paused: false,
    triggerText: 'every minute',
    ...changes,
  };
}

export const wall = (ms: number): WallMs => ms as WallMs;
export const executionId = (id: string): ExecutionId => id as ExecutionId;
export const jobId = (id: string): JobId => id as JobId;
