/**
 * From the text of a label to a trigger. Triggers are remembered: equal text and zone (and seed, where `H` makes
 * it count) give the very same object, so that thousands of jobs can share one.
 */
import { nextSecond, type Plan, type PlannedTrigger } from './calendar-walk.ts';
import { cautionFor, withCrontabHint } from './caution.ts';
import { planCron } from './cron.ts';
import { planCrontab, usesHash } from './crontab.ts';
import { parseDate } from './date.ts';
import { parseInterval } from './interval.ts';
import { quote, type Rejection, reject } from './problem.ts';
import { Remembered } from './remembered.ts';
import type { DateTrigger, IntervalTrigger, Trigger, TriggerResult } from './trigger.ts';
import { openZone, type Zone } from './zone.ts';
import { suggestTimezone } from './zone-names.ts';

/** Exactly one of the four. */
export interface TriggerInput {
  readonly cron?: string;
  readonly crontab?: string;
  readonly date?: string;
  readonly interval?: string;
}

export interface CompileOptions {
  /** Name of the tz database; checked here. */
  readonly timezone: string;
  /** Decides what `H` in a crontab text stands for; the job's id. */
  readonly seed?: string;
  /** Epoch milliseconds from which an interval's grid is counted; 0 if not given. */
  readonly anchor?: number;
}

const KINDS = ['cron', 'crontab', 'date', 'interval'] as const;
type Kind = (typeof KINDS)[number];

const DAY = 86_400;
/** 1970-01-01 and 9999-12-31 anywhere on earth, in seconds: nothing fires beyond. */
const FIRST_SECOND = -DAY;
const LAST_SECOND = 253_402_300_800 + DAY;
/** As far as instants can be told, in milliseconds. */
const LAST_INSTANT = 8.64e15;
/** 2015-01-01: see `settle`. */
const SETTLED_FROM_MS = 1_420_070_400_000;
const ALL_HOURS = 0xffffff;

const remembered: Readonly<Record<Kind, Remembered<Zone, Trigger>>> = {
  cron: new Remembered(),
  crontab: new Remembered(),
  date: new Remembered(),
  interval: new Remembered(),
};

/** Compiles one trigger; every mistake of its author is a value with a reason. */
export function compileTrigger(input: TriggerInput, options: CompileOptions): TriggerResult {
  const given = KINDS.filter((kind) => input[kind] !== undefined);
  const kind = given[0];
  const text = kind === undefined ? undefined : input[kind];
  if (kind === undefined || given.length > 1 || typeof text !== 'string') {
    return reject(
      `exactly one of ${KINDS.join(', ')} is needed as a text, found ${given.join(', ') || 'none'}`,
    );
  }
  const zone = openZone(options.timezone);
  if (zone === undefined) return rejectTimezone(options.timezone);
  const key = keyOf(kind, text, options);
  const known = remembered[kind].get(zone, key);
  if (known !== undefined) return { ok: true, trigger: known };
  const result = compileNew(kind, text.trim(), zone, options.seed ?? '', options.anchor ?? 0);
  if (result.ok) remembered[kind].set(zone, key, result.trigger);
  return result;
}

/** Beside the text, what decides its meaning. */
function keyOf(kind: Kind, text: string, { seed, anchor }: CompileOptions): string {
  if (kind === 'interval' && anchor !== undefined && anchor !== 0) return `${anchor} from ${text}`;
  if (kind === 'crontab' && usesHash(text)) return `${text} by ${seed ?? ''}`;
  return text;
}

/** What a zone's name that isn't one should be told. */
function rejectTimezone(name: string): Rejection {
  const meant = suggestTimezone(name);
  const hint =
    meant === undefined ? 'expected a name of the tz database such as Europe/Berlin' : `write ${meant}`;
  return reject(`${quote(name)} is no time zone`, hint);
}

function compileNew(kind: Kind, text: string, zone: Zone, seed: string, anchor: number): TriggerResult {
  if (kind === 'interval') return intervalTrigger(text, zone, anchor);
  if (kind === 'date') return dateTrigger(text, zone);
  const result = kind === 'cron' ? planCron(text) : planCrontab(text, seed);
  if (!result.ok) return kind === 'cron' ? withCrontabHint(text, result) : result;
  const caution = kind === 'cron' ? cautionFor(text, result.plan) : undefined;
  return { ok: true, trigger: cronTrigger(kind, text, zone, result.plan, caution) };
}

function cronTrigger(
  kind: 'cron' | 'crontab',
  text: string,
  zone: Zone,
  plan: Plan,
  caution: string | undefined,
): PlannedTrigger {
  // Once nothing is left after an instant, nothing is left after any later one: then there is no need to search.
  let nothingFrom = LAST_SECOND;
  function next(after: number): number | undefined {
    const from = Math.max(FIRST_SECOND, Math.floor(after / 1000) + 1);
    if (!(from < nothingFrom)) return undefined;
    const found = nextSecond(plan, zone, from);
    if (found !== undefined) return found * 1000;
    nothingFrom = from;
    return undefined;
  }
  settle(plan, next);
  const base = { kind, text, timezone: zone.name, plan, next };
  return caution === undefined ? base : { ...base, caution };
}

/**
 * An expression that follows the clock may name only times that the zone skips each year, such as five past two
 * on the last Sunday of March. To learn that takes dozens of years and a question about each; asked once here,
 * from before any instant of interest, it is remembered and costs no later call anything.
 */
function settle(plan: Plan, next: (after: number) => number | undefined): void {
  if (plan.followsClock && !plan.days.daily && plan.times.hours !== ALL_HOURS) next(SETTLED_FROM_MS);
}

function dateTrigger(text: string, zone: Zone): TriggerResult {
  const result = parseDate(text, zone);
  if (!result.ok) return result;
  const { at } = result;
  const trigger: DateTrigger = {
    kind: 'date',
    text,
    timezone: zone.name,
    at,
    next: (after) => (after < at ? at : undefined),
  };
  return { ok: true, trigger };
}

function intervalTrigger(text: string, zone: Zone, anchor: number): TriggerResult {
  if (!Number.isFinite(anchor)) return reject('the anchor of an interval must be a number of milliseconds');
  const result = parseInterval(text);
  if (!result.ok) return result;
  const periodMs = result.ms;
  function next(after: number): number | undefined {
    const periods = Math.max(1, Math.floor((after - anchor) / periodMs) + 1);
    const at = anchor + periods * periodMs;
    return at <= LAST_INSTANT ? at : undefined;
  }
  const trigger: IntervalTrigger = { kind: 'interval', text, timezone: zone.name, periodMs, anchor, next };
  return { ok: true, trigger };
}
