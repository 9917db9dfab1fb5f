/** Moments and numbers as they are written on the command line. */
import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90m`, `12h`, `7d` ago, or a moment in ISO 8601; as epoch milliseconds. Throws commander's error. */
export function parseMoment(text: string, now: number): number {
  const age = /^(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])$/.exec(text.trim());
  if (age !== null) return now - Number(age[1]) * (unitMs[age[2] ?? ''] ?? 0);
  const at = /^\d{4}-\d\d/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'Write an age such as 90m, 12h or 7d, or a moment such as 2026-11-26T03:00Z.',
    );
  }
  return at;
}

/** A whole number within the range; throws commander's error. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
