/** Flags: whether image labels count (`image`), and whether one container per service carries the jobs (`service`). */
import { nearest } from '../near-miss.ts';
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

export interface Flags {
  readonly image: boolean;
  readonly service: boolean;
}

const builtIn: Flags = { image: true, service: true };
const none: Flags = { image: false, service: false };

/** The words of a comma list, without blanks and empty ones. */
export function commaList(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** A list of flags over `base`; `noX` unsets, later ones win. Words that are no flags are given back. */
export function applyFlags(text: string, base: Flags): { flags: Flags; unknown: readonly string[] } {
  if (text === '') return { flags: base, unknown: [] };
  const flags = { ...base };
  const unknown: string[] = [];
  for (const word of commaList(text.slice(0, 1000))) {
    const name = word.startsWith('no') ? word.slice(2) : word;
    if (name === 'image' || name === 'service') flags[name] = name === word;
    else unknown.push(word);
  }
  return { flags, unknown };
}

/** `DEFAULT_FLAGS`: a list of only `noX` subtracts from the built-in default, anything else starts from nothing. */
export function readDefaultFlags(text: string): Reading<Flags> {
  const words = commaList(text);
  const subtracts = words.length > 0 && words.every((word) => word.startsWith('no'));
  const { flags, unknown } = applyFlags(text, subtracts ? builtIn : none);
  return unknown[0] === undefined ? { ok: true, value: flags } : { ok: false, ...unknownFlag(unknown[0]) };
}

export function unknownFlag(word: string): { message: string; hint?: string } {
  const meant = nearest(word.toLowerCase(), ['image', 'service', 'noimage', 'noservice'], 2);
  return {
    message: `${quote(word)} is no flag: image, service, noimage and noservice are`,
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  };
}
