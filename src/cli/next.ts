/** `chorewheel next EXPRESSION`: what an expression means and when it fires. */
import { nextFireTimes } from '../checking/check.ts';
import { escapeText } from '../escape.ts';
import { compileTrigger } from '../triggers/compile.ts';
import { describeTrigger } from '../triggers/describe.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { durationWords, isoTime, zonedTime } from '../words.ts';
import { type CliContext, CliError, status } from './context.ts';
import { type Column, table } from './table.ts';

const kinds = ['cron', 'crontab', 'interval', 'date'] as const;
type Kind = (typeof kinds)[number];

export interface NextOptions extends Partial<Readonly<Record<Kind, boolean>>> {
  readonly timezone?: string;
  readonly number: number;
  /** Epoch milliseconds. */
  readonly after?: number;
  readonly json?: boolean;
}

export function showNext(context: CliContext, text: string, options: NextOptions): void {
  const after = options.after ?? context.now();
  const timezone = options.timezone ?? context.env.TIMEZONE?.replaceAll(' ', '_') ?? 'UTC';
  const { trigger, others } = understand(text, timezone, after, options);
  const times = nextFireTimes(trigger, after, options.number);
  const words = describeTrigger(trigger);
  const caution = trigger.kind === 'cron' || trigger.kind === 'crontab' ? trigger.caution : undefined;
  if (options.json === true) {
    const { kind, timezone: zone } = trigger;
    const next = times.map((at) => isoTime(at));
    context.out(`${JSON.stringify({ kind, text, timezone: zone, words, caution, next }, undefined, 2)}\n`);
    return;
  }
  context.out(`${escapeText(`${trigger.kind}: ${words}`)}\n`);
  if (caution !== undefined) context.err(`caution: ${escapeText(caution)}\n`);
  if (others.length > 0) context.err(`also understood with --${others.join(' or --')}\n`);
  context.out(
    times.length === 0 ? 'never fires\n' : table(times, columns(trigger.timezone, after), context.colour),
  );
}

function columns(timezone: string, after: number): readonly Column<number>[] {
  const utc: Column<number> = { title: 'UTC', cell: (at) => zonedTime(at, 'UTC') };
  const zone: Column<number> = { title: timezone, cell: (at) => zonedTime(at, timezone) };
  const later: Column<number> = { title: 'IN', cell: (at) => durationWords(at - after), right: true };
  return timezone === 'UTC' ? [utc, later] : [zone, utc, later];
}

interface Understood {
  readonly trigger: Trigger;
  /** Other kinds that would accept it, if none was asked for. */
  readonly others: readonly Kind[];
}

function understand(text: string, timezone: string, anchor: number, options: NextOptions): Understood {
  const asked = kinds.filter((kind) => options[kind] === true);
  if (asked.length > 1) throw new CliError(`only one of --${asked.join(', --')} can be meant`, status.usage);
  const [only] = asked;
  const tried = (only === undefined ? kinds : [only]).map((kind) => ({
    kind,
    result: compileTrigger({ [kind]: text }, { timezone, anchor }),
  }));
  const accepted = tried.flatMap(({ kind, result }) =>
    result.ok ? [{ kind, trigger: result.trigger }] : [],
  );
  const [first, ...rest] = accepted;
  if (first !== undefined) return { trigger: first.trigger, others: rest.map(({ kind }) => kind) };
  const reasons = tried.flatMap(({ kind, result }) => {
    if (result.ok) return [];
    const hint = result.problem.hint === undefined ? '' : ` (${result.problem.hint})`;
    return [`  as ${kind}: ${result.problem.message}${hint}`];
  });
  throw new CliError(
    `"${escapeText(text.slice(0, 200))}" is not understood\n${reasons.map(escapeText).join('\n')}`,
    status.failed,
  );
}
