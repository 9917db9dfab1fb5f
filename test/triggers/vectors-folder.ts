import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `test/vectors` of the sources, also when this runs compiled in a folder next to them. */
export function vectorsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'test', 'vectors');
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) throw new Error('no folder test/vectors above this file');
  }
}
