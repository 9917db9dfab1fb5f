/** The attributes of a job: what each label's text must be, and what it means. */
import * as v from 'valibot';
import { nearest } from '../near-miss.ts';
import { readDuration } from './duration.ts';
import { type Reading, reading, readWhole, readWord } from './reading.ts';
import { clip, quote } from './text.ts';
import { readTimezone } from './timezone.ts';
import { splitWords } from './words.ts';

const optional = <T>(read: (text: string) => Reading<T>) => v.optional(v.pipe(v.string(), reading(read)));

/** `unlimited` or a duration of more than nothing. */
export const readGrace = readDuration({ least: 1, unlimited: ['unlimited'] });

/** Every attribute, read; what depends on other attributes or on settings is left to `job.ts`. */
export const attributesSchema = v.object({
  command: optional(readCommand),
  cron: v.optional(v.string()),
  crontab: v.optional(v.string()),
  date: v.optional(v.string()),
  interval: v.optional(v.string()),
  jitter: optional(readDuration({ least: 0 })),
  max: optional(readWhole(1, Number.MAX_SAFE_INTEGER)),
  overlap: optional(readWord(['skip', 'queue'])),
  grace: optional(readGrace),
  timeout: optional(readDuration({ least: 1, unlimited: ['unlimited'] })),
  'catch-up': optional(readWord(['skip', 'once', 'all'])),
  timezone: optional(readTimezone),
  user: optional(readUser),
  workdir: optional(readWorkdir),
});

export type Attributes = v.InferOutput<typeof attributesSchema>;
export type AttributeName = keyof Attributes;

export const triggerNames = ['cron', 'crontab', 'date', 'interval'] as const;

const names = Object.keys(attributesSchema.entries) as AttributeName[];
const known: ReadonlySet<string> = new Set(names);

export function isAttribute(name: string): name is AttributeName {
  return known.has(name);
}

function readCommand(text: string): Reading<{ text: string; words: readonly string[] }> {
  const split = splitWords(text);
  return split.ok ? { ok: true, value: { text, words: split.value } } : split;
}

/** A user's name or id, optionally with a group; empty stands for the engine's own default. */
export function readUser(text: string): Reading<string> {
  if (/^(?!-)[^\s\p{C}:]{1,256}(?::(?!-)[^\s\p{C}:]{1,256})?$/u.test(text) || text === '') {
    return { ok: true, value: text };
  }
  return {
    ok: false,
    message: `${quote(text)} is not a user: a name or an id, optionally with :group, is expected`,
  };
}

function readWorkdir(text: string): Reading<string> {
  if (text.startsWith('/') && !text.includes('\0')) return { ok: true, value: text };
  return { ok: false, message: `${quote(text)} is not an absolute path` };
}

/** Words that other programs use, or that come to mind. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['schedule', 'cron, crontab or interval'],
  ['cmd', 'command'],
  ['tz', 'timezone'],
  ['time-zone', 'timezone'],
  ['cwd', 'workdir'],
  ['dir', 'workdir'],
  ['working-dir', 'workdir'],
  ['working_dir', 'workdir'],
  ['max-instances', 'max'],
  ['no-overlap', 'overlap'],
  ['retries', 'none: a failed command is not repeated'],
]);

/** What a label of this attribute should have been; `prefix` is everything before the attribute. */
export function hintForUnknown(attribute: string, prefix: string): string | undefined {
  const lower = attribute.slice(0, 40).toLowerCase();
  if (/^(env|environment|envs|variable)$/.test(lower)) {
    return `Write each variable as a label of its own: ${clip(prefix, 80)}env.NAME`;
  }
  if (lower.startsWith('env') && lower.includes('.'))
    return `Variables are written ${clip(prefix, 80)}env.NAME`;
  const meant = synonyms.get(lower) ?? nearest(lower, names, lower.length < 5 ? 1 : 2);
  return meant === undefined ? undefined : `Did you mean ${meant}?`;
}
