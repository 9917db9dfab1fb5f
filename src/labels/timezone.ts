/**
 * Names of the tz database, as people must write them: links count, and so does the case of letters, since a
 * name in another case works in some programs and fails in others.
 */
import { nearest } from './near-miss.ts';
import type { Reading } from './reading.ts';
import { quote } from './text.ts';
import { timezoneLinks } from './timezone-links.ts';

/** Lower-case spelling -> the right one; filled on first use, since it costs a millisecond. */
let spellings: Map<string, string> | undefined;

function knownSpellings(): Map<string, string> {
  spellings ??= new Map(
    [...Intl.supportedValuesOf('timeZone'), ...timezoneLinks].map((name) => [name.toLowerCase(), name]),
  );
  return spellings;
}

/** Names this long are no zone; the longest of the tz database has 32 characters. */
const longestName = 64;

/** A zone's name, exactly as the tz database spells it. */
export function readTimezone(text: string): Reading<string> {
  const known = text.length <= longestName ? knownSpellings().get(text.toLowerCase()) : undefined;
  if (known === text && isSupported(text)) return { ok: true, value: text };
  return {
    ok: false,
    message: `${quote(text)} is no name of the tz database`,
    hint: hintFor(text) ?? 'Names look like Europe/Berlin or UTC; capitals matter',
  };
}

/** This Node's data may lack a link of ours. */
function isSupported(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function hintFor(text: string): string | undefined {
  if (text.length > longestName) return undefined;
  const known = knownSpellings();
  const wanted = text.trim().toLowerCase().replaceAll(' ', '_');
  const found = known.get(wanted) ?? known.get(nearest(wanted, known.keys(), 2) ?? '');
  return found === undefined ? undefined : `Did you mean ${found}?`;
}
