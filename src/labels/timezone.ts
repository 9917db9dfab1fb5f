/**
 * Names of the tz database, as people must write them: links count, and so does the case of letters, since a
 * name in another case works in some programs and fails in others.
 */
import { isTimezone } from '../triggers/zone.ts';
import { ZONE_LINKS } from '../triggers/zone-links.ts';
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
  const wanted = text.trim().toLowerCase().replaceAll(' ', '_');
  return spellings().get(wanted) ?? fixedOffset(text.trim()) ?? similar(wanted);
}

let known: ReadonlyMap<string, string> | undefined;

/** Names in lower case -> names; made on first use, since it costs a millisecond. */
function spellings(): ReadonlyMap<string, string> {
  known ??= new Map(
    [...Intl.supportedValuesOf('timeZone'), ...ZONE_LINKS].map((name) => [name.toLowerCase(), name]),
  );
  return known;
}

/** `UTC+2` is written `Etc/GMT-2`: the names of fixed offsets count to the west. */
function fixedOffset(text: string): string | undefined {
  const [, sign, hours] = /^(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?$/i.exec(text) ?? [];
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${hours}`;
  return isTimezone(name) ? name : undefined;
}

let byLength: ReadonlyMap<number, readonly string[]> | undefined;

/** Names in lower case that have so many characters. */
function namesOfLength(length: number): readonly string[] {
  if (byLength === undefined) {
    const lists = new Map<number, string[]>();
    for (const name of spellings().keys()) {
      const list = lists.get(name.length);
      if (list === undefined) lists.set(name.length, [name]);
      else list.push(name);
    }
    byLength = lists;
  }
  return byLength.get(length) ?? [];
}

/** The name with at most two slips, none in its first three letters or none in its last three: others cost too much. */
function similar(wanted: string): string | undefined {
  const most = wanted.length < 6 ? 1 : 2;
  const start = wanted.slice(0, 3);
  const end = wanted.slice(-3);
  const candidates: string[] = [];
  for (let length = wanted.length - most; length <= wanted.length + most; length++) {
    for (const name of namesOfLength(length)) {
      const sameStart = name.startsWith(start) && name.at(-1) === wanted.at(-1);
      if (sameStart || name.endsWith(end)) candidates.push(name);
    }
  }
  return spellings().get(nearest(wanted, candidates, most) ?? '');
}
