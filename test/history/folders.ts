/** State folders for tests, and histories in them that end with the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type DeliveryLimits, deliveryLimits } from '../../src/history/delivery.ts';
import type { History } from '../../src/history/history.ts';
import { openStore, type StoreSettings } from '../../src/history/store.ts';

export const day = 86_400_000;

const deferred = new WeakMap<TestContext, (() => unknown)[]>();

/** Does it when the test is over; what was deferred last comes first. */
export function defer(t: TestContext, work: () => unknown): void {
  const works = deferred.get(t) ?? [];
  if (works.length === 0) {
    deferred.set(t, works);
    t.after(async () => {
      for (const next of works.reverse()) await next();
    });
  }
  works.push(work);
}

export function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'chorewheel-history-'));
  defer(t, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Opened {
  readonly history: History;
  readonly warnings: string[];
}

export type OpenOptions = Partial<Omit<StoreSettings, 'folder'> & DeliveryLimits>;

/** The test's end closes it, should the test not have done so. */
export async function openIn(t: TestContext, folder: string, options: OpenOptions = {}): Promise<Opened> {
  const warnings: string[] = [];
  const limits = { ...deliveryLimits, openWithin: 60_000, answerWithin: 60_000, retryAfter: 50, ...options };
  const settings = { folder, maxAgeMs: 36_500 * day, maxBytes: 1e9, ...options };
  const history = await openStore(settings, (message) => warnings.push(message), limits);
  defer(t, () => history.close());
  return { history, warnings };
}

/** Waits until something holds; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
