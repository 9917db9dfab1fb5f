/**
 * chorewheel for other programs: the functions with which the daemon reads labels and triggers. Importing this has
 * no side effect, and nothing here does I/O or asks for the time.
 *
 * ```ts
 * import { parseLabels, parseTrigger } from 'chorewheel';
 *
 * const { jobs, problems } = parseLabels({
 *   'deck-chores.backup.command': 'backup --all',
 *   'deck-chores.backup.cron': '3 0 0',
 * });
 * jobs[0]?.trigger.next(Date.now()); // epoch milliseconds of the next 03:00:00 UTC
 * parseTrigger({ crontab: '0 3 * * sun' }, { timezone: 'Europe/Berlin' }).next(Date.now());
 * ```
 */
export type { JobDefinition, Problem } from './labels/definition.ts';
export {
  ConfigurationError,
  type ParsedLabels,
  type ParseLabelsOptions,
  parseLabels,
} from './parse-labels.ts';
export { type ParseTriggerOptions, parseTrigger, TriggerError } from './triggers/parse-trigger.ts';
export type {
  CronTrigger,
  DateTrigger,
  IntervalTrigger,
  Trigger,
  TriggerProblem,
} from './triggers/trigger.ts';
