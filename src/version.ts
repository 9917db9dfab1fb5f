/** The version of this program, as package.json says it. */
import { readFileSync } from 'node:fs';

/** From the sources one folder up, from the compiled files two. */
function readVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (found.name === 'chorewheel') return String(found.version);
    } catch {
      // Not here; the other place has it.
    }
  }
  return 'unknown';
}

export const version: string = readVersion();
