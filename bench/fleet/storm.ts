/** An event storm: containers die and start again at random, at a steady rate. */

import { type FleetContainer, isUp } from './container.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export interface Storm {
  /** Changes made so far. */
  readonly changes: number;
  stop(): void;
}

const BEAT_MS = 10;

/** `perSecond` changes (each one `start` or `die` event), spread evenly over beats of 10 ms. */
export function startStorm(world: World, random: Random, perSecond: number): Storm {
  const containers = [...world.containers.values()];
  const startedAt = performance.now();
  let changes = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
    // After a stall only a second's worth is made up for.
    if (due - changes > perSecond) changes = due - perSecond;
    for (; changes < due; changes += 1) flip(world, random.pick(containers));
  }, BEAT_MS);
  return {
    get changes() {
      return changes;
    },
    stop: () => clearInterval(timer),
  };
}

function flip(world: World, container: FleetContainer): void {
  if (!world.containers.has(container.id)) return;
  if (isUp(container)) world.exit(container, 0);
  else world.start(container);
}
