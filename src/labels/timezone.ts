/** Time zones as labels and variables name them. */
import { isTimezone } from '../triggers/zone.ts';
import { suggestTimezone } from '../triggers/zone-names.ts';
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

/** A zone's name, exactly as the tz database spells it. */
export function readTimezone(text: string): Reading<string> {
  if (isTimezone(text)) return { ok: true, value: text };
  const meant = suggestTimezone(text);
  return {
    ok: false,
    message: `${quote(text)} is no name of the tz database`,
    hint:
      meant === undefined
        ? 'Names look like Europe/Berlin or UTC; capitals matter'
        : `Did you mean ${meant}?`,
  };
}
