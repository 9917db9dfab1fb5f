/** An instance as the API sees it, made of plain values that a test may change. */
import { createLive } from '../../src/api/live.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import type { ApiParts, ContainerProblem } from '../../src/api/parts.ts';
import { createMemoryHistory } from '../../src/history/memory.ts';
import type { ContainerId, JobId, ServiceId, WallMs } from '../../src/ids.ts';
import type { JobView, ScheduleEvent } from '../../src/scheduling/events.ts';
import type { Trigger } from '../../src/triggers/trigger.ts';
import { execution, start } from '../history/builders.ts';

export const now = start;

export interface Instance extends ApiParts {
  readonly jobsById: Map<JobId, JobView>;
  readonly applied: ScheduleEvent[];
  readonly warnings: string[];
  readonly found: ContainerProblem[];
  readonly health: {
    connected: boolean;
    lastEventProof: number;
    lastList: number;
    reconnects: number;
    resyncs: number;
  };
  readonly tick: { last: number | undefined };
}

/** The first fire time is a minute from now. */
export function minutely(text = 'every minute'): Trigger {
  const periodMs = 60_000;
  return {
    kind: 'interval',
    text,
    timezone: 'UTC',
    periodMs,
    anchor: start,
    next: (after) => start + (Math.floor((after - start) / periodMs) + 1) * periodMs,
  };
}

export function jobView(id: string, changes: Partial<JobView> = {}): JobView {
  const trigger = changes.trigger ?? minutely();
  return {
    id: id as JobId,
    name: id.split('/').at(-1) ?? id,
    container: 'c'.repeat(64) as ContainerId,
    containerName: 'shop-db-1',
    service: 'shop/db' as ServiceId,
    trigger,
    definition: { ...execution('any').definition, trigger },
    nextFireTime: (start + 60_000) as WallMs,
    running: 0,
    waiting: 0,
    state: 'armed',
    ...changes,
  };
}

export function instance(jobs: readonly JobView[] = []): Instance {
  const jobsById = new Map(jobs.map((job) => [job.id, job]));
  const applied: ScheduleEvent[] = [];
  const warnings: string[] = [];
  const found: ContainerProblem[] = [];
  const health = { connected: true, lastEventProof: now, lastList: now, reconnects: 2, resyncs: 5 };
  const tick: Instance['tick'] = { last: now };
  return {
    version: '1.2.3',
    startedAt: now - 1000,
    now: () => now,
    jobs: () => jobsById.values(),
    job: (id) => jobsById.get(id),
    counts: () => ({ jobs: jobsById.size, running: 1, waiting: 2, poolSize: 10 }),
    describe: (trigger) => `in words: ${trigger.text}`,
    engine: () => health,
    resyncIntervalMs: 60_000,
    lastTick: () => tick.last,
    history: createMemoryHistory(),
    problems: () => found,
    apply: (event) => applied.push(event),
    live: createLive(() => now),
    metrics: createMetrics(),
    warn: (message) => warnings.push(message),
    jobsById,
    applied,
    warnings,
    found,
    health,
    tick,
  };
}
