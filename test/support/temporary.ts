/** Folders that go away with their test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A fresh folder with a short path (unix sockets allow about 100 bytes), removed after the test. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cw-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
