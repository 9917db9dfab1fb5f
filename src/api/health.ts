/** Whether the instance does its work, and if not, why, in words. */
import type { ApiParts } from './parts.ts';
import type { HealthAnswer } from './types.ts';

/** Milliseconds after the last tick of the schedule, which ticks every second while anything is armed. */
const tickPatience = 5000;
/** The engine is asked for a sign of life every ten seconds. */
const eventPatience = 30_000;

export function healthAnswer(parts: ApiParts): HealthAnswer {
  const { jobs, running, waiting, poolSize } = parts.counts();
  const { connected, lastEventProof, lastList } = parts.engine();
  const { kind, degraded } = parts.history.health();
  const reasons = trouble(parts);
  return {
    healthy: reasons.length === 0,
    reasons: degraded === undefined ? reasons : [...reasons, `the history can't be written: ${degraded}`],
    version: parts.version,
    startedAt: parts.startedAt,
    engine: { connected, lastEventProof, lastList },
    history: { kind, ...(degraded === undefined ? {} : { degraded }) },
    jobs,
    running,
    queued: waiting,
    poolSize,
  };
}

function trouble(parts: ApiParts): string[] {
  const { connected, lastEventProof, lastList } = parts.engine();
  const now = parts.now();
  const reasons: string[] = [];
  if (!connected) reasons.push('there is no contact with the engine');
  else if (now - lastEventProof > eventPatience)
    reasons.push(`the engine's events were last proved alive ${ago(now - lastEventProof)} ago`);
  const listPatience = parts.resyncIntervalMs * 2 + eventPatience;
  if (lastList === 0) reasons.push('the containers were not listed yet');
  else if (now - lastList > listPatience)
    reasons.push(`the containers were last listed ${ago(now - lastList)} ago`);
  const lastTick = parts.lastTick();
  if (lastTick !== undefined && now - lastTick > tickPatience)
    reasons.push(`the schedule last ticked ${ago(now - lastTick)} ago`);
  return reasons;
}

function ago(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
