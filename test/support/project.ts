/** Files of the project, wherever the test that asks runs: as a source or compiled. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of a file given from the project's root. */
export function projectFile(path: string): string {
  return join(rootFrom(dirname(fileURLToPath(import.meta.url))), path);
}

function rootFrom(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootFrom(dirname(folder));
}
