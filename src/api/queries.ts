/** What a question may say in its query, checked; a mistake is answered with what was expected. */
import * as v from 'valibot';
import type { HistoryQuery, OutcomeFilter } from '../history/history.ts';
import { failures, parseCursor, results } from '../history/rows.ts';

const filters = ['running', 'exited', ...results] as const satisfies readonly OutcomeFilter[];

/** Values of `outcome`: `failed` stands for every way in which an execution can end but success. */
export const outcomeFilters: readonly string[] = [...filters, 'failed'];

function whole(least: number, most: number) {
  const message = `a whole number from ${least} to ${most} is expected`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, message),
    v.transform(Number),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

const moment = whole(0, Number.MAX_SAFE_INTEGER);
const outcomes = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').flatMap((name) => (name === 'failed' ? failures : [name]))),
  v.array(v.picklist(filters, `a comma list of ${outcomeFilters.join(', ')} is expected`)),
);

const executionsQuery = v.object({
  job: v.optional(v.string()),
  outcome: v.optional(outcomes),
  from: v.optional(moment),
  to: v.optional(moment),
  limit: v.optional(whole(1, 1000), '100'),
  before: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => parseCursor(text) !== undefined, 'the `next` of an earlier answer is expected'),
    ),
  ),
});

const jobsQuery = v.object({
  search: v.optional(v.string(), ''),
  state: v.optional(
    v.picklist(['armed', 'suspended', 'waiting', 'held'], 'armed, suspended, waiting or held is expected'),
  ),
  limit: v.optional(whole(1, 1000), '100'),
  offset: v.optional(whole(0, Number.MAX_SAFE_INTEGER), '0'),
});

const timelineQuery = v.object({ from: moment, to: moment });

export type JobsQuery = v.InferOutput<typeof jobsQuery>;
export type TimelineQuery = v.InferOutput<typeof timelineQuery>;

/** A query that was not understood; the message names the parameter and what it may be. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery';
  readonly code = 'BAD_QUERY';
}

type Query = Readonly<Record<string, string>>;

export function readExecutionsQuery(query: Query): HistoryQuery {
  const { limit, ...narrowing } = read(executionsQuery, query);
  const given = Object.entries(narrowing).filter(([, value]) => value !== undefined);
  return { limit, ...(Object.fromEntries(given) as Omit<HistoryQuery, 'limit'>) };
}

export function readJobsQuery(query: Query): JobsQuery {
  return read(jobsQuery, query);
}

export function readTimelineQuery(query: Query): TimelineQuery {
  const range = read(timelineQuery, query);
  if (range.from >= range.to) throw new BadQuery('from: an earlier moment than `to` is expected');
  return range;
}

/** A form's empty field says nothing. */
function withoutEmpty(query: Query): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

function read<Schema extends v.GenericSchema>(schema: Schema, query: Query): v.InferOutput<Schema> {
  const result = v.safeParse(schema, withoutEmpty(query));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new BadQuery(`${v.getDotPath(issue)?.split('.')[0] ?? 'query'}: ${issue.message}`);
}
