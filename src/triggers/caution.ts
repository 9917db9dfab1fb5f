/**
 * The field's most repeated trap: a `cron` label with five fields, written as for crontab. Where all fields happen
 * to be valid it is scheduled as written, and a caution says in words what that means; where not, a hint does.
 */
import type { Plan } from './calendar-walk.ts';
import { fillCronFields } from './cron.ts';
import { planCrontab } from './crontab.ts';
import { describePlan } from './describe.ts';
import { quote, type Rejection, reject } from './problem.ts';

/** What to tell the author of a valid cron text that reads like crontab; undefined for any other text. */
export function cautionFor(text: string, plan: Plan): string | undefined {
  if (!text.includes('*')) return undefined; // cheap, and true of most
  const words = text.trim().split(/ +/);
  if (words.length !== 5 || !readsLikeCrontab(words)) return undefined;
  const classic = planCrontab(text, '');
  if (!classic.ok) return undefined;
  return (
    `${quote(words.join(' '))} has five fields as in crontab, but here they are week day_of_week hour minute second ` +
    `and mean: ${describePlan(plan)}; in crontab they would mean: ${describePlan(classic.plan)}. ` +
    `For that, use the label crontab with the same value; to keep it as it is and silence this, write all eight ` +
    `fields: ${fillCronFields(text)}`
  );
}

/** Adds to a rejected cron text what it would mean as crontab, if it would mean something. */
export function withCrontabHint(text: string, rejection: Rejection): Rejection {
  const words = text.trim().split(/ +/);
  const looksLikeIt = words.length === 5 || words.length === 6 || (words.length === 1 && text.includes('@'));
  if (!looksLikeIt) return rejection;
  const classic = planCrontab(text, '');
  if (!classic.ok) return rejection;
  const meaning = describePlan(classic.plan);
  return reject(
    rejection.problem.message,
    `in crontab it means: ${meaning}; if that is meant, use the label crontab with the same value`,
  );
}

/** A last field with `*` would be every second; else the last two before the end are seldom `*` in a cron text. */
function readsLikeCrontab(words: readonly string[]): boolean {
  const [minute, , day, month, weekday] = words;
  if (weekday?.startsWith('*')) return true;
  return minute !== '*' && (day ?? '').startsWith('*') && (month ?? '').startsWith('*');
}
