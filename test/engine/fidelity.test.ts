/** The simulated engine answers as the real one does: every story is told the same on both. */
import assert from 'node:assert/strict';
import { STORIES } from '../fleet/stories.ts';
import { IMAGE } from '../support/daemon.ts';
import { engineTest } from '../support/engine.ts';
import { testFleet } from '../support/fleet.ts';

for (const [name, story] of Object.entries(STORIES)) {
  engineTest(`the simulated engine and the real one tell the same of ${name}`, async (t, engine) => {
    const fleet = await testFleet(t);
    const simulated = await story({ socketPath: fleet.socketPath, image: IMAGE });
    assert.deepEqual(simulated, await story({ socketPath: engine.socketPath, image: IMAGE }));
  });
}
