/**
 * Names of the tz database, as people must write them: links count, and so does the case of letters, since a
 * name in another case works in some programs and fails in others.
 */
import { isTimezone, suggestTimezone } from '../triggers/zone.ts';
import { nearest } from './near-miss.ts';
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

/** Names this long are no zone; the longest of the tz database has 32 characters. */
const longestName = 64;

/** A zone's name, exactly as the tz database spells it. */
export function readTimezone(text: string): Reading<string> {
  if (text.length <= longestName && isTimezone(text)) return { ok: true, value: text };
  const meant = text.length <= longestName ? meantBy(text) : undefined;
  return {
    ok: false,
    message: `${quote(text)} is no name of the tz database`,
    hint:
      meant === undefined
        ? 'Names look like Europe/Berlin or UTC; capitals matter'
        : `Did you mean ${meant}?`,
  };
}

function meantBy(text: string): string | undefined {
  return suggestTimezone(text) ?? fixedOffset(text.trim()) ?? similar(text);
}

/** `UTC+2` is written `Etc/GMT-2`: the names of fixed offsets count to the west. */
function fixedOffset(text: string): string | undefined {
  const [, sign, hours] = /^(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?$/i.exec(text) ?? [];
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${hours}`;
  return isTimezone(name) ? name : undefined;
}

/** The name with at most two slips, if it is long enough to tell. */
function similar(text: string): string | undefined {
  return nearest(text, Intl.supportedValuesOf('timeZone'), text.length < 6 ? 1 : 2);
}
