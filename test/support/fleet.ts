/** A simulated engine for one test. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Fleet, type FleetOptions, startFleet } from '../../bench/fleet/fleet.ts';
import { temporaryFolder } from './temporary.ts';

export type TestFleet = Fleet & { readonly socketPath: string };

/** Started in this process on a socket of its own, closed after the test. */
export async function testFleet(
  t: Pick<TestContext, 'after'>,
  options: FleetOptions = {},
): Promise<TestFleet> {
  const fleet = await startFleet({ socketPath: join(temporaryFolder(t), 'fleet.sock'), ...options });
  t.after(() => fleet.close());
  return fleet as TestFleet;
}
